#include "graph/graph.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace mixgraph {

Node make_node(std::string path, const NodeType& type) {
  Node node{std::move(path), &type, {}};
  for (int i = 0; i < row_count(type); i++) node.values.push_back(initial_value(row(type, i)));
  return node;
}

const Node* Graph::find(std::string_view path) const {
  auto found = index_.find(path);
  return found == index_.end() ? nullptr : &nodes_[found->second];
}

bool Graph::set_value(std::string_view path, int row, Value value) {
  auto found = index_.find(path);
  if (found == index_.end() || row < 0 || size_t(row) >= nodes_[found->second].values.size()) return false;
  nodes_[found->second].values[size_t(row)] = std::move(value);
  return true;
}

bool Graph::has(const Cable& cable) const { return std::binary_search(cables_.begin(), cables_.end(), cable); }

bool Graph::operator==(const Graph& other) const {
  if (nodes_.size() != other.nodes_.size() || cables_ != other.cables_ || groups_ != other.groups_) return false;
  return std::all_of(nodes_.begin(), nodes_.end(), [&](const Node& node) {
    const Node* twin = other.find(node.path);
    return twin && *twin == node;
  });
}

bool is_path(std::string_view path) {
  if (path.empty() || path.size() > 200 || path.front() == '/' || path.back() == '/') return false;
  char previous = '/';
  for (char c : path) {
    bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+' || c == '.';
    if (!word && (c != '/' || previous == '/')) return false;
    previous = c;
  }
  return true;
}

std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& words) {
  std::string_view best;
  size_t best_distance = word.size() / 3 + 1;
  for (std::string_view candidate : words) {
    std::vector<size_t> line(candidate.size() + 1);
    for (size_t j = 0; j < line.size(); j++) line[j] = j;
    for (size_t i = 0; i < word.size(); i++) {
      size_t diagonal = line[0]++;
      for (size_t j = 0; j < candidate.size(); j++) {
        size_t change = diagonal + (word[i] != candidate[j]);
        diagonal = line[j + 1];
        line[j + 1] = std::min({change, line[j] + 1, line[j + 1] + 1});
      }
    }
    if (line.back() <= best_distance && (best.empty() || line.back() < best_distance)) best = candidate, best_distance = line.back();
  }
  return best;
}

/// Carries out edits on a graph of its own. [any]
class GraphEditor {
 public:
  explicit GraphEditor(const Graph& graph) : graph_(graph) {}

  void apply(const Edit& edit) {
    std::visit([this](const auto& e) { apply(e); }, edit);
  }
  Result<Graph> result() && {
    if (!problems_.empty()) return std::move(problems_);
    return std::move(graph_);
  }

 private:
  void apply(const AddNode& e) {
    const Node& node = e.node;
    if (!is_path(node.path))
      return refuse(node.path, "not a path", "use letters, digits, _ - + . between slashes, at most 200 characters");
    if (graph_.find(node.path)) return refuse(node.path, "there is a node here already", "choose another name, or remove it first");
    if (node.values.size() != size_t(row_count(*node.type))) return refuse(node.path, "wrong number of values", "");
    for (size_t i = 0; i < node.values.size(); i++) check_value(node, int(i), node.values[i]);
    graph_.index_[node.path] = graph_.nodes_.size();
    graph_.nodes_.push_back(node);
  }
  void apply(const RemoveNode& e) {
    auto found = graph_.index_.find(e.path);
    if (found == graph_.index_.end()) return refuse(e.path, "no such node", suggestion(e.path));
    std::erase_if(graph_.cables_, [&](const Cable& c) { return c.from == e.path || c.to == e.path; });
    graph_.nodes_.erase(graph_.nodes_.begin() + std::ptrdiff_t(found->second));
    graph_.index_.clear();
    for (size_t i = 0; i < graph_.nodes_.size(); i++) graph_.index_[graph_.nodes_[i].path] = i;
  }
  void apply(const Connect& e) {
    if (!check_end(e.cable.from, e.cable.from_port, false) || !check_end(e.cable.to, e.cable.to_port, true)) return;
    if (graph_.has(e.cable)) return refuse(e.cable.to, "is connected to " + e.cable.from + " already", "");
    graph_.cables_.insert(std::upper_bound(graph_.cables_.begin(), graph_.cables_.end(), e.cable), e.cable);
  }
  void apply(const Disconnect& e) {
    if (!graph_.has(e.cable)) return refuse(e.cable.to, "is not connected to " + e.cable.from, "");
    graph_.cables_.erase(std::lower_bound(graph_.cables_.begin(), graph_.cables_.end(), e.cable));
  }
  void apply(const SetValue& e) {
    auto found = graph_.index_.find(e.path);
    if (found == graph_.index_.end()) return refuse(e.path, "no such node", suggestion(e.path));
    Node& node = graph_.nodes_[found->second];
    if (e.row < 0 || e.row >= row_count(*node.type)) return refuse(e.path, "no such parameter", "");
    if (check_value(node, e.row, e.value)) node.values[size_t(e.row)] = e.value;
  }
  void apply(const SetGroup& e) {
    if (e.type.empty())
      graph_.groups_.erase(e.path);
    else
      graph_.groups_[e.path] = e.type;
  }

  bool check_end(const std::string& path, int port, bool input) {
    const Node* node = graph_.find(path);
    if (!node) return refuse(path, "no such node", suggestion(path)), false;
    auto ports = input ? node->type->inputs : node->type->outputs;
    if (port >= 0 && size_t(port) < ports.size()) return true;
    std::string kind = input ? "input" : "output";
    return refuse(path, "has no " + kind + " " + std::to_string(port + 1), "it has " + std::to_string(ports.size())), false;
  }
  bool check_value(const Node& node, int index, const Value& value) {
    const Parameter& p = row(*node.type, index);
    const double* number = std::get_if<double>(&value);
    bool fits = is_text(p) ? !number : number && std::isfinite(*number) && nearest(p, *number) == *number;
    if (!fits) refuse(node.path + "/" + std::string(p.id), format_value(p, value) + " is out of range", accepted(p));
    return fits;
  }
  std::string suggestion(const std::string& path) const {
    std::vector<std::string_view> words;
    for (const Node& node : graph_.nodes_) words.push_back(node.path);
    std::string_view near = nearest_word(path, words);
    return near.empty() ? "" : "did you mean /" + std::string(near) + "?";
  }
  void refuse(const std::string& path, std::string what, std::string hint) {
    problems_.push_back({"/" + path, std::move(what), std::move(hint)});
  }

  Graph graph_;
  Problems problems_;
};

Result<Graph> apply(const Graph& graph, const std::vector<Edit>& edits) {
  GraphEditor editor(graph);
  for (const Edit& edit : edits) editor.apply(edit);
  return std::move(editor).result();
}

std::vector<Edit> diff(const Graph& from, const Graph& to) {
  std::vector<Edit> edits;
  auto replaced = [](const Node& node, const Graph& other) {
    const Node* twin = other.find(node.path);
    return !twin || twin->type != node.type;
  };
  for (const Cable& c : from.cables())
    if (!to.has(c)) edits.push_back(Disconnect{c});
  std::set<std::string_view> gone;
  for (const Node& node : from.nodes())
    if (replaced(node, to)) gone.insert(node.path);
  for (std::string_view path : gone) {
    std::erase_if(edits, [&](const Edit& e) {
      auto cut = std::get_if<Disconnect>(&e);
      return cut && (cut->cable.from == path || cut->cable.to == path);
    });
    edits.push_back(RemoveNode{std::string(path)});
  }
  for (const Node& node : to.nodes()) {
    const Node* old = from.find(node.path);
    if (!old || gone.count(node.path)) {
      edits.push_back(AddNode{node});
      continue;
    }
    for (size_t i = 0; i < node.values.size(); i++)
      if (node.values[i] != old->values[i]) edits.push_back(SetValue{node.path, int(i), node.values[i]});
  }
  for (const Cable& c : to.cables())
    if (!from.has(c) || gone.count(c.from) || gone.count(c.to)) edits.push_back(Connect{c});
  for (auto& [path, type] : from.groups())
    if (!to.groups().count(path)) edits.push_back(SetGroup{path, ""});
  for (auto& [path, type] : to.groups()) {
    auto old = from.groups().find(path);
    if (old == from.groups().end() || old->second != type) edits.push_back(SetGroup{path, type});
  }
  return edits;
}

}  // namespace mixgraph

#include "graph/graph.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <span>
#include <unordered_set>

#include "graph/followers.h"
#include "graph/links.h"
#include "graph/listen.h"

namespace mixgraph {

Node make_node(std::string path, const NodeType& type) {
  Node node{std::move(path), &type, {}};
  for (int i = 0; i < row_count(type); i++) node.values.push_back(initial_value(row(type, i)));
  return node;
}

size_t Graph::place_of(std::string_view path) const {
  const auto& places = *content_->places;
  if (places.empty()) return kNone;
  for (size_t at = std::hash<std::string_view>{}(path);; at++) {
    const uint32_t place = places[at & (places.size() - 1)];
    if (place == 0) return kNone;
    if (content_->nodes[place - 1].path == path) return place - 1;
  }
}

void Graph::enter(Content& content, size_t node) {
  if (content.nodes.size() * 2 > content.places->size()) return index(content);
  auto& places = content.places.own();
  size_t at = std::hash<std::string_view>{}(content.nodes[node].path);
  while (places[at & (places.size() - 1)]) at++;
  places[at & (places.size() - 1)] = uint32_t(node + 1);
}

void Graph::index(Content& content) {
  size_t slots = 16;
  while (slots < content.nodes.size() * 4) slots *= 2;
  content.places = std::vector<uint32_t>(slots);
  for (size_t i = 0; i < content.nodes.size(); i++) enter(content, i);
}

const Node* Graph::find(std::string_view path) const {
  const size_t place = place_of(path);
  return place == kNone ? nullptr : &nodes()[place];
}

bool Graph::set_value(std::string_view path, int row, Value value) {
  const size_t place = place_of(path);
  if (place == kNone || row < 0 || size_t(row) >= nodes()[place].values.size()) return false;
  set_value(place, row, std::move(value));
  return true;
}

void Graph::set_value(size_t place, int row, Value value) { content_.own().nodes.own(place).values[size_t(row)] = std::move(value); }

bool Graph::has(const Cable& cable) const { return std::binary_search(cables().begin(), cables().end(), cable); }

std::string_view Graph::fact(std::string_view path, std::string_view key) const {
  const auto found = facts().find({std::string(path), std::string(key)});
  return found == facts().end() ? std::string_view() : found->second;
}

std::map<std::string, std::string> Graph::composites() const {
  std::map<std::string, std::string> all;
  for (const auto& [at, value] : facts())
    if (at.second == kTypeFact) all.emplace_hint(all.end(), at.first, value);
  return all;
}

namespace {

/// The same node of another graph, or nullptr; mostly it is in the same place, and shared.
const Node* twin_of(const Graph& graph, size_t place, const Graph& other) {
  const Node& node = graph.nodes()[place];
  if (place < other.nodes().size() && &other.nodes()[place] == &node) return &node;
  return other.find(node.path);
}

}  // namespace

bool Graph::operator==(const Graph& other) const {
  if (content_.shares(other.content_)) return true;
  if (nodes().size() != other.nodes().size() || !(content_->cables == other.content_->cables) || !(content_->facts == other.content_->facts)) return false;
  for (size_t i = 0; i < nodes().size(); i++) {
    const Node* twin = twin_of(*this, i, other);
    if (!twin || (twin != &nodes()[i] && !(*twin == nodes()[i]))) return false;
  }
  return true;
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
  static constexpr size_t kManyCables = 32;

 public:
  explicit GraphEditor(const Graph& graph) : graph_(graph), content_(graph_.content_.own()) {}

  void apply(const Edit& edit) {
    std::visit([this](const auto& e) { apply(e); }, edit);
  }
  /// Cables are sorted in once, at the end of a row of connections: a session has thousands.
  void apply(const std::vector<Edit>& edits) {
    for (size_t i = 0; i < edits.size();) {
      size_t end = i;
      while (end < edits.size() && std::holds_alternative<Connect>(edits[end])) end++;
      if (end - i > kManyCables) {
        connect_many(std::span(edits).subspan(i, end - i));
        i = end;
      } else {
        apply(edits[i++]);
      }
    }
  }
  Result<Graph> result() && {
    const bool comes_or_goes = moved_ || !gone_.empty();
    sweep();
    settle_facts();
    if (comes_or_goes || !new_members_.empty()) settle_groups();
    settle_links();
    if (comes_or_goes) check_listen_nodes();
    if (!problems_.empty()) return std::move(problems_);
    return std::move(graph_);
  }

 private:
  void apply(const AddNode& e) {
    const Node& node = e.node;
    if (!is_path(node.path))
      return refuse(node.path, "not a path", "use letters, digits, _ - + . between slashes, at most 200 characters");
    if (gone_.count(node.path)) sweep();
    if (graph_.find(node.path)) return refuse(node.path, "there is a node here already", "choose another name, or remove it first");
    if (node.values.size() != size_t(row_count(*node.type))) return refuse(node.path, "wrong number of values", "");
    for (size_t i = 0; i < node.values.size(); i++) check_value(node, int(i), node.values[i]);
    moved_ = true;
    content_.nodes.add(node);
    Graph::enter(content_, content_.nodes.size() - 1);
  }
  void apply(const RemoveNode& e) {
    const Node* node = find(e.path);
    if (!node) return refuse(e.path, "no such node", suggestion(e.path));
    if (node->type->is_group()) gone_groups_.insert(e.path);
    gone_.insert(e.path);
    if (!content_.facts->empty()) each_above(e.path, [this](std::string_view path) { doubted_[std::string(path)] = false; });
  }
  void apply(const Connect& e) {
    if (!check_end(e.cable.from, e.cable.from_port, false) || !check_end(e.cable.to, e.cable.to_port, true)) return;
    if (graph_.has(e.cable)) return refuse(e.cable.to, "is connected to " + e.cable.from + " already", "");
    auto& cables = content_.cables.own();
    cables.insert(std::upper_bound(cables.begin(), cables.end(), e.cable), e.cable);
  }
  void apply(const Disconnect& e) {
    if (!graph_.has(e.cable) || !find(e.cable.from) || !find(e.cable.to))
      return refuse(e.cable.to, "is not connected to " + e.cable.from, "");
    auto& cables = content_.cables.own();
    cables.erase(std::lower_bound(cables.begin(), cables.end(), e.cable));
  }
  void apply(const SetValue& e) {
    const Node* node = find(e.path);
    if (!node) return refuse(e.path, "no such node", suggestion(e.path));
    if (e.row < 0 || e.row >= row_count(*node->type)) return refuse(e.path, "no such parameter", "");
    if (check_value(*node, e.row, e.value)) graph_.set_value(e.path, e.row, e.value);
  }
  void apply(const SetFact& e) {
    const FactKey* key = find_fact_key(e.key);
    if (!key) return refuse(e.path, "`" + e.key + "`: no such fact", known_facts());
    if (e.value.empty()) return erase_fact({e.path, e.key});
    if (!key->fits(e.value)) return refuse(e.path, e.key + ": not a value of it", std::string(key->accepted));
    content_.facts.own()[{e.path, e.key}] = e.value;
    if (!find(e.path)) doubted_[e.path] = true;
    if (e.key == kGroupsFact) new_members_.insert(e.path);
    if (e.key == kLinkFact) new_links_.insert(e.path);
  }

  void connect_many(std::span<const Edit> edits) {
    auto& cables = content_.cables.own();
    const size_t sorted = cables.size();
    for (const Edit& edit : edits) {
      const Cable& c = std::get<Connect>(edit).cable;
      if (check_end(c.from, c.from_port, false) && check_end(c.to, c.to_port, true)) cables.push_back(c);
    }
    std::sort(cables.begin() + std::ptrdiff_t(sorted), cables.end());
    std::inplace_merge(cables.begin(), cables.begin() + std::ptrdiff_t(sorted), cables.end());
    auto twice = [&] { return std::adjacent_find(cables.begin(), cables.end()); };
    for (auto at = twice(); at != cables.end(); at = twice()) {
      refuse(at->to, "is connected to " + at->from + " already", "");
      cables.erase(at);
    }
  }

  /// A node that isn't to be taken out.
  const Node* find(const std::string& path) const { return gone_.count(path) ? nullptr : graph_.find(path); }
  void erase_fact(const Facts::key_type& at) {
    if (content_.facts->count(at)) content_.facts.own().erase(at);
  }
  bool check_end(const std::string& path, int port, bool input) {
    const Node* node = find(path);
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
    for (const Node& node : graph_.nodes())
      if (!gone_.count(node.path)) words.push_back(node.path);
    std::string_view near = nearest_word(path, words);
    return near.empty() ? "" : "did you mean /" + std::string(near) + "?";
  }
  static std::string known_facts() {
    std::string list = "one of";
    for (const FactKey& key : fact_keys()) list += (list.size() > 6 ? ", " : " ") + std::string(key.id);
    return list;
  }
  void refuse(const std::string& path, std::string what, std::string hint) {
    problems_.push_back({"/" + path, std::move(what), std::move(hint)});
  }

  /// Takes out the nodes that were removed, all at once.
  void sweep() {
    if (gone_.empty()) return;
    std::erase_if(content_.cables.own(), [&](const Cable& c) { return gone_.count(c.from) || gone_.count(c.to); });
    content_.nodes.erase_if([&](const Node& node) { return gone_.count(node.path) > 0; });
    Graph::index(content_);
    gone_.clear();
  }

  /// Facts whose path has lost its nodes go; those that were to be set of a path without any are refused.
  void settle_facts() {
    for (const Node& node : graph_.nodes()) {
      if (doubted_.empty()) return;
      each_above(node.path, [this](std::string_view path) {
        if (const auto found = doubted_.find(path); found != doubted_.end()) doubted_.erase(found);
      });
    }
    for (const auto& [path, is_new] : doubted_) {
      if (is_new) refuse(path, "no such node", suggestion(path));
      for (const FactKey& key : fact_keys()) erase_fact({path, std::string(key.id)});
    }
  }

  std::string groups_there() const {
    std::string list;
    for (const Node& node : graph_.nodes())
      if (node.type->is_group()) list += (list.empty() ? "there are: " : ", ") + node.path;
    return list.empty() ? "add one: a node of type vca or mute_group" : list;
  }
  /// Memberships of groups that are gone, or of what can't follow any more, go; those that were to be set are refused.
  void settle_groups() {
    const auto is_membership = [](const auto& fact) { return fact.first.second == kGroupsFact; };
    if (std::none_of(graph_.facts().begin(), graph_.facts().end(), is_membership)) return;
    FollowerParts parts;
    for (const Node& node : graph_.nodes()) parts.add(node.path, *node.type);
    std::vector<SetFact> changed;
    for (const auto& [at, value] : graph_.facts()) {
      if (at.second != kGroupsFact) continue;
      const bool is_new = new_members_.count(at.first) > 0;
      std::string kept;
      for (const std::string_view name : groups_in(value)) {
        const Node* group = graph_.find(name);
        const bool was_replaced = !is_new && gone_groups_.count(std::string(name)) > 0;  // by another one of its name
        const bool is_group = group && group->type->is_group() && !was_replaced;
        const std::string_view missing = is_group ? lacking(*group->type, [&](GroupPart part) { return parts.has(at.first, part); }) : std::string_view();
        if (is_group && missing.empty()) {
          add_membership(kept, name);
          continue;
        }
        if (is_new && is_group)
          refuse(at.first, "can't be a member of " + std::string(name) + ": it has no " + std::string(missing), "a member is a strip or a bus with a fader and a mute");
        else if (is_new)
          refuse(at.first, std::string(name) + " is no group", groups_there());
      }
      if (kept != value) changed.push_back({at.first, at.second, kept});
    }
    for (const SetFact& e : changed) e.value.empty() ? erase_fact({e.path, e.key}) : void(content_.facts.own()[{e.path, e.key}] = e.value);
  }

  /// Links to what is gone go; those that were to be set, and chains, are refused. What follows has its leader's values.
  void settle_links() {
    for (auto links = links_in(graph_); !links.empty();) {
      const Links found = found_in(graph_, links);
      bool went = false;
      for (const Links::Wrong& w : found.wrong()) {
        if (w.kind == Links::Wrong::chain || w.kind == Links::Wrong::never || new_links_.count(w.path)) {
          refuse(w.path, w.what, w.hint);
        } else if (w.kind == Links::Wrong::gone) {
          links.erase(w.path), went = true;
          erase_fact({w.path, std::string(kLinkFact)});
        }
      }
      if (went) continue;  // those above them count for their nodes now
      write_links(found);
      return;
    }
  }
  static Links found_in(const Graph& graph, const std::map<std::string, Link>& links) {
    std::vector<Links::TypedPath> nodes;
    nodes.reserve(graph.nodes().size());
    for (const Node& node : graph.nodes()) nodes.push_back({node.path, node.type});
    return Links(nodes, links);
  }
  void write_links(const Links& links) {
    for (const auto& [path, link] : links.written())
      if (const std::string text = text_of(link); text != graph_.fact(path, kLinkFact)) content_.facts.own()[{path, std::string(kLinkFact)}] = text;
    for (const LinkedNode& linked : links.nodes()) {
      const size_t place = graph_.place_of(linked.path), leader = graph_.place_of(linked.leader);
      for (int r = 0; r < row_count(*linked.type); r++) {
        if (!can_follow(*linked.type, r)) continue;
        const double value = linked.value(r, std::get<double>(graph_.nodes()[leader].values[size_t(r)]));
        if (graph_.nodes()[place].values[size_t(r)] != Value(value)) graph_.set_value(place, r, value);
      }
    }
  }

  void check_listen_nodes() {
    const Node* first = nullptr;
    for (const Node& node : graph_.nodes()) {
      if (!listens(*node.type)) continue;
      if (first) refuse(node.path, "there is a " + std::string(node.type->id) + " already: /" + first->path, "a graph has one; remove that first");
      if (!first) first = &node;
    }
  }

  Graph graph_;
  Graph::Content& content_;
  bool moved_ = false;  // a node came
  std::unordered_set<std::string> gone_, gone_groups_, new_members_, new_links_;
  std::map<std::string, bool, std::less<>> doubted_;  // paths that may have no node any more, or (true) never had one
  Problems problems_;
};

Result<Graph> apply(const Graph& graph, const std::vector<Edit>& edits) {
  GraphEditor editor(graph);
  editor.apply(edits);
  return std::move(editor).result();
}

std::vector<Edit> diff(const Graph& from, const Graph& to) {
  std::vector<Edit> edits;
  std::unordered_set<std::string_view> gone;
  for (size_t i = 0; i < from.nodes().size(); i++) {
    const Node& node = from.nodes()[i];
    const Node* twin = twin_of(from, i, to);
    if (!twin || twin->type != node.type) gone.insert(node.path);
  }
  std::vector<Cable> cut;  // both lists are sorted
  if (&from.cables() != &to.cables())
    std::set_difference(from.cables().begin(), from.cables().end(), to.cables().begin(), to.cables().end(), std::back_inserter(cut));
  for (Cable& c : cut)
    if (!gone.count(c.from) && !gone.count(c.to)) edits.push_back(Disconnect{std::move(c)});
  for (const Node& node : from.nodes())
    if (!gone.empty() && gone.count(node.path)) edits.push_back(RemoveNode{node.path});
  for (size_t place = 0; place < to.nodes().size(); place++) {
    const Node& node = to.nodes()[place];
    const Node* old = twin_of(to, place, from);
    if (old == &node) continue;
    if (!old || gone.count(node.path)) {
      edits.push_back(AddNode{node});
      continue;
    }
    for (size_t i = 0; i < node.values.size(); i++)
      if (node.values[i] != old->values[i]) edits.push_back(SetValue{node.path, int(i), node.values[i]});
  }
  const bool is_same = gone.empty() && &from.cables() == &to.cables();
  for (const Cable& c : is_same ? std::span<const Cable>() : std::span(to.cables()))
    if ((!gone.empty() && (gone.count(c.from) || gone.count(c.to))) || !from.has(c)) edits.push_back(Connect{c});
  if (&from.facts() == &to.facts() && gone.empty()) return edits;
  for (const auto& [at, value] : from.facts())
    if (!to.facts().count(at)) edits.push_back(SetFact{at.first, at.second, ""});
  for (const auto& [at, value] : to.facts()) {
    const auto old = from.facts().find(at);
    const auto loses = [&] {  // with a group that is replaced by another one of its name
      const auto groups = groups_in(value);
      return at.second == kGroupsFact && std::any_of(groups.begin(), groups.end(), [&](std::string_view group) { return gone.count(group) > 0; });
    };
    if (old == from.facts().end() || old->second != value || loses()) edits.push_back(SetFact{at.first, at.second, value});
  }
  return edits;
}

}  // namespace mixgraph

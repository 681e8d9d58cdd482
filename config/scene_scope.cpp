#include "config/scene_scope.h"

#include "config/scope.h"

namespace mixgraph {
namespace {

constexpr const char* kForms = "such as [mix/vox, \"mix/{drums,bass}/fader\"], or {mix/gone: fader} for one that isn't there";

/// Paths by their parts, so that those that go on alike are written once.
struct PathTree {
  bool ends = false;
  std::map<std::string, PathTree> below;

  void add(std::string_view path) {
    if (path.empty()) return void(ends = true);
    const size_t slash = path.find('/');
    below[std::string(path.substr(0, slash))].add(slash == path.npos ? "" : path.substr(slash + 1));
  }
  std::vector<std::string> shortened() const {
    std::map<std::string, std::vector<std::string>> alike;
    for (const auto& [name, tree] : below)
      for (const std::string& tail : tree.shortened()) alike[tail].push_back(name);
    std::vector<std::string> all;
    if (ends) all.emplace_back();
    for (const auto& [tail, names] : alike) all.push_back("/" + braced(names) + tail);
    return all;
  }
  static std::string braced(const std::vector<std::string>& names) {
    if (names.size() == 1) return names[0];
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "{" : ",") + name;
    return all + "}";
  }
};

}  // namespace

ScopeReader::ScopeReader(const Graph& graph, NodeTypes types, Report& report) : types_(types), report_(report) {
  for (const Node& node : graph.nodes()) nodes_[node.path] = &node;
}

Scene::Scope ScopeReader::read(const Yaml& yaml) {
  scope_.clear();
  if (yaml.is_sequence())
    for (const Yaml& item : yaml.items) add_item(item);
  else
    add_item(yaml);
  return std::move(scope_);
}

void ScopeReader::add_item(const Yaml& item) {
  place_ = item.place;
  text_ = item.text;
  if (item.is_mapping())
    for (const Yaml::Entry& entry : item.entries) add_exact(entry);
  else if (item.is_scalar())
    add_paths("", text_.substr(text_.starts_with('/') ? 1 : 0));
  else
    report_.add(place_, "`scope`: paths of nodes are expected", kForms);
}

void ScopeReader::add_exact(const Yaml::Entry& entry) {
  place_ = entry.place;
  if (!is_path(entry.key)) return report_.add(place_, "`" + entry.key + "` is not a path", "such as mix/vox/fader");
  const Word word = read_word(entry.value, entry.key, report_);
  std::vector<std::string_view> known;
  for (const NodeType* type : types_) {
    if (type->id == word.text) return void(add(entry.key, *type));
    known.push_back(type->id);
  }
  report_.add(word.place, "`" + word.text + "`: no such node type", suggest(word.text, known, "one of"));
}

bool ScopeReader::add_paths(const std::string& begun, std::string_view rest) {
  const size_t open = rest.find('{'), close = rest.find('}', open);
  if (open == rest.npos || close == rest.npos) return add_path(begun + std::string(rest));
  const std::string before = begun + std::string(rest.substr(0, open));
  const auto there = nodes_.lower_bound(before);
  if (there == nodes_.end() || !there->first.starts_with(before)) return miss(before);
  for (std::string_view names = rest.substr(open + 1, close - open - 1);;) {
    const size_t comma = names.find(',');
    const std::string name(names.substr(0, comma));
    if (name.empty()) return miss(before);
    if (!add_paths(before + name, rest.substr(close + 1))) return false;
    if (comma == names.npos) return true;
    names.remove_prefix(comma + 1);
  }
}

bool ScopeReader::add_path(const std::string& path) {
  if (const auto node = nodes_.find(path); node != nodes_.end()) return add(path, *node->second->type);
  const std::string above = path + "/";
  auto node = nodes_.lower_bound(above);
  if (node == nodes_.end() || !node->first.starts_with(above)) return miss(path);
  for (; node != nodes_.end() && node->first.starts_with(above); ++node)
    if (!add(node->second->path, *node->second->type)) return false;
  return true;
}

bool ScopeReader::add(const std::string& path, const NodeType& type) {
  if (left_ == 0) {
    report_.add(place_, "more than " + std::to_string(kMostScopeNodes) + " nodes in scopes", "fewer scenes");
    return false;
  }
  left_--;
  const auto [part, is_new] = scope_.try_emplace(path, Scene::Part{&type, {}});
  if (part->second.type == &type) return true;
  report_.add(place_, "`" + path + "` is in this scope twice", "remove one");
  return false;
}

bool ScopeReader::miss(const std::string& path) {
  std::string hint = kForms;
  if (suggestions_left_-- > 0) {
    std::vector<std::string_view> known;
    for (const auto& [there, node] : nodes_)
      for (std::string_view at = there; !at.empty(); at = parent_of(at)) known.push_back(at);
    if (const std::string_view near = nearest_word(path, known); !near.empty()) hint = "did you mean `" + std::string(near) + "`?";
  }
  const std::string shown = text_.size() > 200 ? "scope" : std::string(text_);
  report_.add(place_, "`" + shown + "`: there is no node at `" + path.substr(0, 200) + "` or beneath it", hint);
  return false;
}

Yaml ScopeWriter::write(const Scene::Scope& scope) const {
  PathTree there;
  Yaml all, others;
  all.kind = Yaml::Kind::sequence;
  others.kind = Yaml::Kind::mapping;
  for (const auto& [path, part] : scope) {
    const Node* node = graph_.find(path);
    if (node && node->type == part.type && is_in_section(path))
      there.add(path);
    else
      others.entries.push_back({path, {}, write_text(std::string(part.type->id))});
  }
  for (const std::string& path : there.shortened()) all.items.push_back(write_text(path.substr(1)));
  if (!others.entries.empty()) all.items.push_back(std::move(others));
  if (all.items.size() == 1) return std::move(all.items[0]);
  return all.items.empty() ? Yaml() : all;
}

}  // namespace mixgraph

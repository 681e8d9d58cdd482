#include <optional>

#include "config/keys.h"
#include "config/scene_scope.h"

namespace mixgraph {
namespace {

/// What a scene's address means.
struct Target {
  std::string_view path;           ///< the node's
  const NodeType* type = nullptr;  ///< nullptr: no node is there
  int number = -1;                 ///< -1: the node has no such parameter
  const Parameter* parameter() const { return number < 0 ? nullptr : &row(*type, number); }
};

/// The longest path that is a node whose row the rest names; without one, the longest that is a node.
template <class TypeAt>
Target find_address(std::string_view address, const TypeAt& type_at) {
  Target nearest;
  for (size_t end = address.size(); end != address.npos && end > 0; end = address.rfind('/', end - 1)) {
    const std::string_view path = address.substr(0, end);
    const NodeType* type = type_at(path);
    if (!type) continue;
    const int number = end == address.size() ? main_row(*type) : find_row(*type, address.substr(end + 1));
    if (number >= 0) return {path, type, number};
    if (!nearest.type) nearest = {path, type, -1};
  }
  return nearest;
}

Target find_in_graph(const Graph& graph, std::string_view address) {
  return find_address(address, [&](std::string_view path) {
    const Node* node = graph.find(path);
    return node ? node->type : nullptr;
  });
}

bool fits(const Parameter& p, const Value& value) {
  const double* number = std::get_if<double>(&value);
  return is_text(p) ? !number : number && nearest(p, *number) == *number;
}

/// Reads the values of one scene, whose scope is known.
class SceneReader {
 public:
  SceneReader(const Graph& graph, Scene& scene, Report& report) : graph_(graph), scene_(scene), report_(report) {}

  /// Values may be nested as in the rest of a session: {mix: {vox: {fader: -3}}}.
  void read(const std::string& start, const Yaml& yaml) {
    for (const Yaml::Entry& entry : yaml.entries) {
      if (start.empty() && entry.key == "scope") continue;
      std::string key = start.empty() && entry.key.starts_with('/') ? entry.key.substr(1) : entry.key;
      std::string address = start + key;
      if (entry.value.is_mapping())
        read(address + "/", entry.value);
      else
        read_value_at(address, entry);
    }
  }

 private:
  void read_value_at(const std::string& address, const Yaml::Entry& entry) {
    if (!is_path(address))
      return report_.add(entry.place, "`" + address + "` is not an address", "such as mix/vox/fader");
    // What is in scope comes first: a node that has come since may have taken the address of one that has gone.
    const Target scoped = find_address(address, [this](std::string_view path) {
      const auto part = scene_.scope.find(std::string(path));
      return part == scene_.scope.end() ? nullptr : part->second.type;
    });
    Target target = scoped;
    if (!scoped.parameter())
      if (const Target other = find_in_graph(graph_, address); other.parameter() || !scoped.type) target = other;
    const Parameter* p = target.parameter();
    if (target.type && !p) return report_unknown(address, target, entry.place);
    std::optional<Value> value =
        p ? read_value(*p, entry.value, address, report_) : read_value(entry.value, address, report_);
    if (!value) return;
    const bool is_new = scoped.parameter()
                            ? scene_.scope.at(std::string(scoped.path)).values.emplace(scoped.number, *value).second
                            : scene_.values.emplace(address, *value).second;
    if (!is_new) report_.add(entry.place, "`" + address + "` is in this scene twice", "remove one");
  }
  void report_unknown(const std::string& address, const Target& target, const Place& place) {
    std::vector<std::string_view> words;
    for (int i = 0; i < row_count(*target.type); i++) words.push_back(row(*target.type, i).id);
    const std::string_view rest = std::string_view(address).substr(std::min(address.size(), target.path.size() + 1));
    report_.add(place, "`" + address + "`: no such parameter of " + std::string(target.type->id),
                suggest(rest, words, "it has"));
  }

  const Graph& graph_;
  Scene& scene_;
  Report& report_;
};

/// An address that is like the key for the scope has a slash.
void put(Yaml& yaml, const std::string& address, Yaml value) {
  yaml.entries.push_back({address == "scope" ? "/scope" : address, {}, std::move(value)});
}

Yaml write_scene(const Graph& graph, const Scene& scene) {
  Yaml yaml;
  yaml.kind = Yaml::Kind::mapping;
  if (!scene.scope.empty()) yaml.entries.push_back({"scope", {}, ScopeWriter(graph).write(scene.scope)});
  for (const auto& [path, part] : scene.scope)
    for (const auto& [number, value] : part.values) {
      const Parameter& p = row(*part.type, number);
      put(yaml, p.main ? path : path + "/" + std::string(p.id), write_value(p, value));
    }
  for (const auto& [address, value] : scene.values) {
    const Target target = find_in_graph(graph, address);
    const Parameter* p = target.parameter();
    if (target.type && !(p && fits(*p, value))) continue;
    put(yaml, address, p ? write_value(*p, value) : write_value(value));
  }
  return yaml;
}

}  // namespace

size_t bytes_of(const Scene& scene) {
  constexpr size_t kNode = 24, kValue = 16;  // with colon, comma and spaces
  size_t bytes = 0;
  for (const auto& [path, part] : scene.scope) {
    bytes += path.size() + part.type->id.size() + kNode;
    for (const auto& [number, value] : part.values) bytes += path.size() + 1 + row(*part.type, number).id.size() + kValue;
  }
  for (const auto& [address, value] : scene.values) bytes += address.size() + kValue;
  return bytes;
}

void read_scenes(const Yaml& yaml, NodeTypes types, Session& session, Report& report) {
  if (!yaml.is_mapping() && yaml.kind != Yaml::Kind::null)
    return report.add(yaml.place, "`scenes`: a mapping is expected", "such as {verse: {mix/vox/fader: -3}}");
  ScopeReader scopes(session.graph, types, report);
  for (const Yaml::Entry& entry : yaml.entries) {
    Scene scene;
    if (!entry.value.is_mapping())
      report.add(entry.value.place, "`" + entry.key + "`: a scene is a mapping", "such as {mix/vox/fader: -3}");
    if (const Yaml::Entry* scope = entry.value.find("scope")) scene.scope = scopes.read(scope->value);
    SceneReader(session.graph, scene, report).read("", entry.value);
    session.scenes[entry.key] = std::move(scene);
  }
}

Yaml write_scenes(const Session& session) {
  Yaml scenes;
  scenes.kind = Yaml::Kind::mapping;
  for (const auto& [name, scene] : session.scenes) scenes.entries.push_back({name, {}, write_scene(session.graph, *scene)});
  return scenes;
}

}  // namespace mixgraph

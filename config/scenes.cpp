#include <optional>

#include "config/keys.h"

namespace mixgraph {
namespace {

/// What a scene's address means in a graph.
struct Target {
  const Node* node = nullptr;      ///< nullptr: no node of the graph is there
  const Parameter* row = nullptr;  ///< nullptr: the node has no such parameter
};

Target find_address(const Graph& graph, std::string_view address) {
  if (const Node* node = graph.find(address)) {
    int main = main_row(*node->type);
    return {node, main < 0 ? nullptr : &row(*node->type, main)};
  }
  for (size_t slash = address.rfind('/'); slash != address.npos && slash > 0;
       slash = address.rfind('/', slash - 1)) {
    const Node* node = graph.find(address.substr(0, slash));
    if (!node) continue;
    int number = find_row(*node->type, address.substr(slash + 1));
    return {node, number < 0 ? nullptr : &row(*node->type, number)};
  }
  return {};
}

bool fits(const Parameter& p, const Value& value) {
  const double* number = std::get_if<double>(&value);
  return is_text(p) ? !number : number && nearest(p, *number) == *number;
}

void read_value_at(const std::string& address, const Yaml::Entry& entry, const Graph& graph, Scene& scene,
                   Report& report) {
  if (!is_path(address))
    return report.add(entry.place, "`" + address + "` is not an address", "such as mix/vox/fader");
  Target target = find_address(graph, address);
  if (target.node && !target.row) {
    std::vector<std::string_view> words;
    for (int i = 0; i < row_count(*target.node->type); i++) words.push_back(row(*target.node->type, i).id);
    std::string_view rest =
        std::string_view(address).substr(std::min(address.size(), target.node->path.size() + 1));
    return report.add(entry.place,
                      "`" + address + "`: no such parameter of " + std::string(target.node->type->id),
                      suggest(rest, words, "it has"));
  }
  std::optional<Value> value = target.row ? read_value(*target.row, entry.value, address, report)
                                          : read_value(entry.value, address, report);
  if (value && !scene.emplace(address, *value).second)
    report.add(entry.place, "`" + address + "` is in this scene twice", "remove one");
}

/// Values may be nested as in the rest of a session: {mix: {vox: {fader: -3}}}.
void read_scene(const std::string& start, const Yaml& yaml, const Graph& graph, Scene& scene,
                Report& report) {
  for (const Yaml::Entry& entry : yaml.entries) {
    std::string key = start.empty() && entry.key.starts_with('/') ? entry.key.substr(1) : entry.key;
    std::string address = start + key;
    if (entry.value.is_mapping())
      read_scene(address + "/", entry.value, graph, scene, report);
    else
      read_value_at(address, entry, graph, scene, report);
  }
}

}  // namespace

void read_scenes(const Yaml& yaml, Session& session, Report& report) {
  if (!yaml.is_mapping() && yaml.kind != Yaml::Kind::null)
    return report.add(yaml.place, "`scenes`: a mapping is expected", "such as {verse: {mix/vox/fader: -3}}");
  for (const Yaml::Entry& entry : yaml.entries) {
    Scene scene;
    if (entry.value.is_mapping())
      read_scene("", entry.value, session.graph, scene, report);
    else
      report.add(entry.value.place, "`" + entry.key + "`: a scene is a mapping",
                 "such as {mix/vox/fader: -3}");
    session.scenes[entry.key] = std::move(scene);
  }
}

Yaml write_scenes(const Session& session) {
  Yaml scenes;
  scenes.kind = Yaml::Kind::mapping;
  for (const auto& [name, scene] : session.scenes) {
    Yaml values;
    values.kind = Yaml::Kind::mapping;
    for (const auto& [address, value] : *scene) {
      Target target = find_address(session.graph, address);
      if (target.node && !(target.row && fits(*target.row, value))) continue;
      values.entries.push_back(
          {address, {}, target.row ? write_value(*target.row, value) : write_value(value)});
    }
    scenes.entries.push_back({name, {}, std::move(values)});
  }
  return scenes;
}

}  // namespace mixgraph

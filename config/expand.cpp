#include "config/expand.h"

#include "config/expander.h"

namespace mixgraph {
namespace {

Place address(const std::string& text) {
  return {std::make_shared<const std::string>("/" + text), 0, 0};
}

Yaml empty_mapping(const Place& place) {
  Yaml yaml;
  yaml.kind = Yaml::Kind::mapping;
  yaml.place = place;
  return yaml;
}

Yaml scalar(const std::string& text, const Place& place) {
  Yaml yaml = write_text(text);
  yaml.place = place;
  return yaml;
}

/// "mix/vox" of "/mix/vox".
std::string without_slash(const std::string& path) {
  return path.starts_with('/') ? path.substr(1) : path;
}

Yaml settings_of(const NewNode& node, const std::string& path) {
  Place place = address(path);
  Yaml settings = empty_mapping(place);
  settings.entries.push_back({"type", place, scalar(node.type, place)});
  const auto add_list = [&](const char* key, const std::vector<std::string>& names) {
    if (names.empty()) return;
    Yaml list;
    list.kind = Yaml::Kind::sequence;
    for (const std::string& name : names) list.items.push_back(scalar(name, place));
    settings.entries.push_back({key, place, std::move(list)});
  };
  add_list("from", node.from);
  add_list("groups", node.groups);
  for (const auto& [key, value] : node.settings) {
    Place at = address(join(path, key));
    settings.entries.push_back({key, at, scalar(value, at)});
  }
  return settings;
}

bool is_below(const std::string& path, const std::string& base) {
  return path == base || path.starts_with(base + "/");
}

std::vector<Cable> cables_between(const std::string& from, const std::string& to, Expander& expander) {
  std::string source_name = without_slash(from), target_name = without_slash(to);
  std::optional<End> source = expander.source({source_name, address(source_name)}, "", "");
  std::vector<Cable> cables;
  for (const End& target : expander.targets({target_name, address(target_name)}, "", ""))
    if (source) cables.push_back({source->path, source->port, target.path, target.port});
  return cables;
}

}  // namespace

Result<std::vector<Edit>> expand(const NewNode& node, const Graph& graph, const Composites& composites,
                                 NodeTypes types) {
  std::string path = without_slash(node.path);
  if (!is_in_section(path))
    return Problem{"/" + path, "no place for a node", "a path begins with mix/, master/ or in/"};
  Report report;
  Expander expander(types, composites, report);
  expander.join_graph(graph);
  expander.declare(path, {path, address(path)}, settings_of(node, path));
  expander.connect();
  if (!report.empty()) return report.problems();
  return expander.edits();
}

Result<std::vector<Edit>> connection(const std::string& from, const std::string& to, const Graph& graph,
                                     const Composites& composites, NodeTypes types) {
  Report report;
  Expander expander(types, composites, report);
  expander.join_graph(graph);
  std::vector<Cable> cables = cables_between(from, to, expander);
  if (!report.empty()) return report.problems();
  std::vector<Edit> edits = expander.edits();
  for (const Cable& cable : cables) edits.push_back(Connect{cable});
  return edits;
}

Result<std::vector<Edit>> disconnection(const std::string& from, const std::string& to, const Graph& graph,
                                        const Composites& composites) {
  Report report;
  Expander expander(NodeTypes::List(), composites, report);
  expander.join_graph(graph);
  std::vector<Cable> cables = cables_between(from, to, expander);
  if (!report.empty()) return report.problems();
  std::vector<Edit> edits;
  for (const Cable& cable : cables) edits.push_back(Disconnect{cable});
  return edits;
}

Result<std::vector<Edit>> removal(const std::string& path, const Graph& graph) {
  std::string base = without_slash(path);
  std::vector<Edit> edits;
  std::vector<std::string_view> words;
  for (const Node& node : graph.nodes()) {
    words.push_back(node.path);
    if (is_below(node.path, base)) edits.push_back(RemoveNode{node.path});
  }
  for (const auto& [at, value] : graph.facts()) {
    words.push_back(at.first);
    if (is_below(at.first, base)) edits.push_back(SetFact{at.first, at.second, ""});
  }
  if (edits.empty()) return Problem{"/" + base, "no such node", suggest(base, words, "there are")};
  return edits;
}

}  // namespace mixgraph

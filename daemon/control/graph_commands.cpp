#include <fmt/format.h>

#include <algorithm>

#include "config/expand.h"
#include "daemon/control/edits.h"
#include "daemon/control/values.h"
#include "graph/followers.h"
#include "graph/links.h"
#include "graph/listen.h"

namespace mixgraph {
namespace {

std::string path_of(const std::string& text) {
  return text.starts_with('/') ? text.substr(1) : text;
}

/// "vox:key" of "vox" and "key".
std::string with_port(const std::string& path, const std::string& port) {
  return port.empty() ? path : path + ":" + port;
}

Answer edit(Workspace& workspace, const Call& call, const Result<std::vector<Edit>>& edits, std::string detail) {
  if (!edits) return edits.problems();
  return edit(workspace, call, *edits, std::move(detail));
}

/// A value of `key value` as it would stand in a session file.
std::string written(const osc::Argument& argument) {
  if (const auto text = text_of(argument)) return *text;
  if (const auto* single = std::get_if<float>(&argument)) return fmt::format("{}", *single);
  return fmt::format("{}", *osc::number(argument));
}

Answer add(Workspace& workspace, const Call& call) {
  NewNode node{path_of(call.text(0)), call.text(1), {}, {}, {}};
  if (call.count() % 2 != 0) return Problem{"", "the last key has no value", "path type [key value ...]"};
  for (size_t i = 2; i < call.count(); i += 2) {
    const std::string key = call.text(i);
    const std::string value = written(call.message.arguments[i + 1]);
    if (key == "from")
      node.from.push_back(value);
    else if (key == kGroupsFact)
      node.groups.push_back(value);
    else
      node.settings.emplace_back(key, value);
  }
  const Graph& graph = graph_for(workspace, call.client);
  return edit(workspace, call, expand(node, graph, workspace.document.session().composites, workspace.types), node.path);
}

Answer remove(Workspace& workspace, const Call& call) {
  const std::string path = path_of(call.text(0));
  return edit(workspace, call, removal(path, graph_for(workspace, call.client)), path);
}

Answer connect(Workspace& workspace, const Call& call) {
  const std::string to = with_port(call.text(1), call.text(2));
  const Graph& graph = graph_for(workspace, call.client);
  return edit(workspace, call, connection(call.text(0), to, graph, workspace.document.session().composites, workspace.types),
              "");
}

Answer disconnect(Workspace& workspace, const Call& call) {
  const std::string to = with_port(call.text(1), call.text(2));
  const Graph& graph = graph_for(workspace, call.client);
  return edit(workspace, call, disconnection(call.text(0), to, graph, workspace.document.session().composites), "");
}

std::string joined(const std::vector<std::string_view>& groups) {
  std::string list;
  for (const std::string_view group : groups) add_membership(list, group);
  return list;
}

/// The groups that a path itself is a member of.
std::vector<std::string_view> memberships(const Graph& graph, const std::string& path) { return groups_in(graph.fact(path, kGroupsFact)); }

Answer join_group(Workspace& workspace, const Call& call) {
  const std::string path = path_of(call.text(0)), group = path_of(call.text(1));
  const Graph& graph = graph_for(workspace, call.client);
  auto groups = memberships(graph, path);
  if (std::find(groups.begin(), groups.end(), group) != groups.end()) return Problem{"/" + path, "is a member of /" + group + " already", ""};
  if (groups.size() == kMostGroups) return Problem{"/" + path, "is a member of 8 groups already", "/graph/leave one of them"};
  groups.push_back(group);
  return edit(workspace, call, std::vector<Edit>{SetFact{path, std::string(kGroupsFact), joined(groups)}}, path);
}

Answer leave_group(Workspace& workspace, const Call& call) {
  const std::string path = path_of(call.text(0)), group = path_of(call.text(1));
  const Graph& graph = graph_for(workspace, call.client);
  auto groups = memberships(graph, path);
  const auto found = std::find(groups.begin(), groups.end(), group);
  if (found == groups.end()) {
    if (auto unknown = unknown_path(graph, path)) return *unknown;
    return Problem{"/" + path, "is no member of /" + group, groups.empty() ? "it is a member of no group" : "it is one of " + joined(groups)};
  }
  groups.erase(found);
  return edit(workspace, call, std::vector<Edit>{SetFact{path, std::string(kGroupsFact), joined(groups)}}, path);
}

/// Takes back every solo at once.
Answer clear_solo(Workspace& workspace, const Call& call) {
  Change change{.author = call.client, .timing = {call.frame, 0, Course::position}};
  const Graph then = workspace.document.graph_at(call.frame);
  for (const Entry& entry : workspace.document.names().entries())
    if (entry.parameter().group == GroupPart::solo && value_in(then, entry) == Value(1.0)) change.values.push_back({&entry, Value(0.0)});
  const std::string count = std::to_string(change.values.size());
  if (change.values.empty()) return Done{count};
  if (Problems problems = workspace.move(change); !problems.empty()) return problems;
  return Done{count};
}

/// Takes back every PFL and AFL at once.
Answer clear_listening(Workspace& workspace, const Call& call) {
  Change change{.author = call.client, .timing = {call.frame, 0, Course::position}};
  for (const Entry& entry : workspace.document.names().entries())
    if (is_heard_by(entry.parameter()) && value_in(workspace.document.graph(), entry) == Value(1.0)) change.values.push_back({&entry, Value(0.0)});
  const std::string count = std::to_string(change.values.size());
  if (change.values.empty()) return Done{count};
  return workspace.make(std::move(change), Done{count});
}

osc::Message described(const Graph& graph, const Cable& cable) {
  const auto output = graph.find(cable.from)->type->outputs[size_t(cable.from_port)].id;
  const auto input = graph.find(cable.to)->type->inputs[size_t(cable.to_port)].id;
  return {"/graph/cable", {cable.from, std::string(output), cable.to, std::string(input)}};
}

osc::Message described(const std::string& path, const Link& link) {
  osc::Message message{"/graph/linked", {path, link.leader}};
  for (const auto& [row, offset] : link.offsets) message.arguments.insert(message.arguments.end(), {row, float(offset)});
  return message;
}

Answer list(Workspace& workspace, const Call& call) {
  const std::string prefix = path_of(call.text(0));
  const auto wanted = [&](const std::string& path) { return prefix.empty() || is_beneath(path, prefix); };
  const Graph& graph = workspace.document.graph();
  std::vector<osc::Message> list;
  for (const Node& node : graph.nodes())
    if (wanted(node.path)) list.push_back({"/graph/node", {node.path, std::string(node.type->id)}});
  for (const Cable& cable : graph.cables())
    if (wanted(cable.from) || wanted(cable.to)) list.push_back(described(graph, cable));
  for (const auto& [at, value] : graph.facts())
    if (at.second == kGroupsFact && wanted(at.first))
      for (const std::string_view group : groups_in(value)) list.push_back({"/graph/member", {at.first, std::string(group)}});
  for (const auto& [path, link] : links_in(graph))
    if (wanted(path)) list.push_back(described(path, link));
  return workspace.answer_list(call, std::move(list));
}

constexpr Command kCommands[] = {
    {"/graph/add", "path type [key value ...]", "ss*sv",
     "Adds a node, strip or bus; keys as in a session file: from, fader, eq/2/gain.", add, Right::edit},
    {"/graph/remove", "path", "s", "Removes a node, or a strip with all that is in it, and its cables.",
     remove, Right::edit},
    {"/graph/connect", "from to [input]", "ss|s", "Connects an output to an input, by default to the first.",
     connect, Right::edit},
    {"/graph/disconnect", "from to [input]", "ss|s", "Takes a connection away.", disconnect, Right::edit},
    {"/graph/join", "path group", "ss", "Makes a strip, a bus, or a fader a member of a group.", join_group, Right::edit},
    {"/graph/leave", "path group", "ss", "Takes a member out of a group.", leave_group, Right::edit},
    {"/graph/list", "[prefix]", "|s",
     "Sends /graph/node PATH TYPE, /graph/cable FROM OUTPUT TO INPUT, /graph/member PATH GROUP and /graph/linked PATH LEADER [PARAMETER OFFSET ...], then /done.", list, Right::view},
    {"/listen/clear", "", "", "Takes back every PFL and AFL, all at once.", clear_listening, Right::mix},
    {"/solo/clear", "", "", "Takes back every solo, all at once.", clear_solo, Right::mix},
};

}  // namespace

std::span<const Command> graph_commands() {
  return kCommands;
}

}  // namespace mixgraph

#include "daemon/control/guard.h"

namespace mixgraph {
namespace {

bool names_file(const NodeType& type, int number, const Value& value) {
  const Parameter& p = row(type, number);
  return mixgraph::names_file(type, p) && value != initial_value(p);
}

bool names_file(const Graph& graph, const Edit& edit) {
  if (const auto* set = std::get_if<SetValue>(&edit)) {
    const Node* node = graph.find(set->path);
    return node && set->row >= 0 && set->row < row_count(*node->type) &&
           names_file(*node->type, set->row, set->value);
  }
  const auto* add = std::get_if<AddNode>(&edit);
  if (!add) return false;
  for (size_t i = 0; i < add->node.values.size(); i++)
    if (names_file(*add->node.type, int(i), add->node.values[i])) return true;
  return false;
}

/// The node that is another afterwards: of a cable the one that hears it.
const std::string& path_of(const Edit& edit) {
  if (const auto* add = std::get_if<AddNode>(&edit)) return add->node.path;
  if (const auto* connect = std::get_if<Connect>(&edit)) return connect->cable.to;
  if (const auto* disconnect = std::get_if<Disconnect>(&edit)) return disconnect->cable.to;
  if (const auto* remove = std::get_if<RemoveNode>(&edit)) return remove->path;
  if (const auto* set = std::get_if<SetValue>(&edit)) return set->path;
  return std::get<SetFact>(edit).path;
}

/// A value has its row's.
std::string address_of(const Edit& edit, const Graph& graph) {
  const auto* set = std::get_if<SetValue>(&edit);
  const Node* node = set ? graph.find(set->path) : nullptr;
  return node ? address_of(set->path, row(*node->type, set->row)) : "/" + path_of(edit);
}

}  // namespace

bool names_file(const NodeType& type, const Parameter& p) {
  return is_text(p) && type.category == "file";
}

std::optional<Problem> refusal(const Workspace& workspace, const Client& client, Right right, std::string_view address) {
  if (client.may(right, address)) return {};
  if (right != Right::files)
    return Problem{std::string(address), "your role \"" + client->role->name() + "\" has no right to " + std::string(kRightNames[size_t(right)]) + " here", ""};
  if (workspace.settings.files == FileAccess::none)
    return Problem{"", "nobody may load, save, or name files",
                   "`osc: {files: loopback}` in the session allows it"};
  return Problem{"", "files are for clients on the daemon's own machine",
                 "`osc: {files: all}` in the session allows it"};
}

std::optional<Problem> refusal(const Workspace& workspace, const Client& client, std::span<const Edit> edits, const Graph& next, Right right) {
  for (const Edit& edit : edits) {
    const std::string address = address_of(edit, next);
    if (auto problem = refusal(workspace, client, right, address)) return problem;
    if (!names_file(next, edit)) continue;
    if (auto problem = refusal(workspace, client, Right::files, address)) return problem;
  }
  return {};
}

std::optional<Problem> guard(const Workspace& workspace, const Change& change, const Graph& next) {
  if (!change.author) return {};
  const Client& author = *change.author;
  for (const NewValue& said : change.values) {
    const std::string& address = said.entry->address;
    if (workspace.document.links().find(said.entry->path, said.entry->row)) continue;  // its leader is asked for; who names it has asked for it
    if (change.why == Change::Why::set && !author.may(Right::mix, address)) return refusal(workspace, author, Right::mix, address);
    const bool needs_files = std::holds_alternative<std::string>(said.value) && names_file(*said.entry->type, said.entry->parameter());
    if (needs_files && !author.may(Right::files, address)) return refusal(workspace, author, Right::files, address);
  }
  // A step back takes scenes and settings with it, which another command has let in.
  const bool steps = change.why == Change::Why::undo || change.why == Change::Why::redo;
  if (steps && !change.session.scenes.empty() && !author.may(Right::scenes, "/scene/store")) return refusal(workspace, author, Right::scenes, "/scene/store");
  if (steps && change.session.settings && !author.may(Right::files, "/graph/load")) return refusal(workspace, author, Right::files, "/graph/load");
  if (change.edits.empty()) return {};
  return refusal(workspace, author, change.edits, next, change.why == Change::Why::set ? Right::mix : Right::edit);
}

}  // namespace mixgraph

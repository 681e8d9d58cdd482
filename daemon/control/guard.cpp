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

}  // namespace

bool names_file(const NodeType& type, const Parameter& p) {
  return is_text(p) && type.category == "file";
}

std::optional<Problem> file_refusal(const Console& console, const ClientId& client) {
  const FileAccess access = console.settings.files;
  const bool is_local = client.kind == ClientId::Kind::local;
  if (is_local || access == FileAccess::all || (access == FileAccess::loopback && !client.remote)) return {};
  if (access == FileAccess::none)
    return Problem{"", "nobody may load, save, or name files",
                   "`osc: {files: loopback}` in the session allows it"};
  return Problem{"", "files are for clients on the daemon's own machine",
                 "`osc: {files: all}` in the session allows it"};
}

std::optional<Problem> file_refusal(const Console& console, const ClientId& client,
                                    std::span<const Edit> edits, const Graph& next) {
  auto problem = file_refusal(console, client);
  if (!problem) return {};
  for (const Edit& edit : edits)
    if (names_file(next, edit)) return problem;
  return {};
}

std::optional<Problem> guard(const Console& console, const ChangeX& change, const Graph& next) {
  if (!change.author) return {};
  for (const NewValue& said : change.values)
    if (names_file(*said.entry->type, said.entry->parameter()))
      if (auto problem = file_refusal(console, *change.author)) return problem;
  if (change.edits.empty()) return {};
  return file_refusal(console, *change.author, change.edits, next);
}

}  // namespace mixgraph

#include "daemon/control/edits.h"
#include "graph/links.h"

namespace mixgraph {
namespace {

std::string path_of(const std::string& text) { return text.starts_with('/') ? text.substr(1) : text; }

Answer write(Workspace& workspace, const Call& call, const std::string& path, const std::string& fact) {
  return edit(workspace, call, std::vector<Edit>{SetFact{path, std::string(kLinkFact), fact}}, path);
}

/// The link that a path has itself; a problem if it has none, which names the one above it that has.
Result<Link> link_of(const Graph& graph, const std::string& path) {
  if (auto link = link_in(graph.fact(path, kLinkFact))) return std::move(*link);
  if (auto unknown = unknown_path(graph, path)) return *unknown;
  std::string above;
  each_above(path, [&](std::string_view at) {
    if (above.empty() && !graph.fact(at, kLinkFact).empty()) above = at;
  });
  if (above.empty()) return Problem{"/" + path, "follows nothing", "/graph/link it first"};
  return Problem{"/" + path, "follows by the link of /" + above, "name that"};
}

Answer link(Workspace& workspace, const Call& call) {
  const std::string path = path_of(call.text(0)), leader = path_of(call.text(1));
  const auto old = link_in(graph_for(workspace, call.client).fact(path, kLinkFact));
  if (old && old->leader == leader) return Problem{"/" + path, "follows /" + leader + " already", ""};
  return write(workspace, call, path, leader);
}

Answer unlink(Workspace& workspace, const Call& call) {
  const std::string path = path_of(call.text(0));
  const auto old = link_of(graph_for(workspace, call.client), path);
  if (!old) return old.problems();
  return write(workspace, call, path, "");
}

/// The name that a link has for a row: that of a main row is its node's.
std::string name_in(const Namespace& names, const std::string& path, const std::string& row) {
  const Entry* entry = names.find("/" + path + "/" + row);
  if (!entry) return row;
  return name_of_row(entry->path.size() > path.size() ? std::string_view(entry->path).substr(path.size() + 1) : std::string_view(), entry->parameter());
}

Answer set_offset(Workspace& workspace, const Call& call) {
  const std::string path = path_of(call.text(0));
  auto link = link_of(graph_for(workspace, call.client), path);
  if (!link) return link.problems();
  link->offsets[name_in(workspace.document.names(), path, path_of(call.text(1)))] = call.number(2);
  return write(workspace, call, path, text_of(*link));
}

constexpr Command kCommands[] = {
    {"/graph/link", "path leader", "ss", "Has all parameters of a node, or of a strip, follow those of another one.", link, Right::edit},
    {"/graph/unlink", "path", "s", "Has them follow nothing any more; they stay as they are.", unlink, Right::edit},
    {"/graph/link/offset", "path parameter value", "ssn", "By how much a parameter is more than the one that it follows, in its unit; fader, eq/2/gain.", set_offset,
     Right::edit},
};

}  // namespace

std::span<const Command> link_commands() { return kCommands; }

}  // namespace mixgraph

#include <algorithm>
#include <set>

#include "daemon/control/edits.h"
#include "daemon/control/guard.h"

namespace mixgraph {

const Graph& graph_for(const Workspace& workspace, const Client& client) {
  const auto state = workspace.clients.find(client);
  const bool gathers = state != workspace.clients.end() && state->second.transaction;
  return gathers ? state->second.transaction->draft : workspace.document.graph();
}

Answer edit(Workspace& workspace, const Call& call, std::vector<Edit> edits, std::string detail) {
  auto& transaction = workspace.clients[call.client].transaction;
  if (!transaction) {
    return workspace.make({.why = Change::Why::edit, .author = call.client, .edits = std::move(edits)}, Done{std::move(detail)});
  }
  auto next = mixgraph::apply(transaction->draft, edits);
  if (!next) return next.problems();
  if (const auto problem = refusal(workspace, call.client, edits, *next)) return *problem;
  if (transaction->edits.size() + edits.size() > Transaction::kMostEdits)
    return Problem{"", "this transaction is full", "/graph/commit it"};
  transaction->draft = std::move(*next);
  transaction->edits.insert(transaction->edits.end(), edits.begin(), edits.end());
  transaction->touched_ns = workspace.now.monotonic_ns;
  return Done{std::move(detail)};
}

std::optional<Problem> unknown_path(const Graph& graph, const std::string& path) {
  std::set<std::string_view> paths;
  for (const Node& node : graph.nodes()) each_above(node.path, [&](std::string_view above) { paths.insert(above); });
  if (paths.count(path)) return {};
  const std::string_view near = nearest_word(path, {paths.begin(), paths.end()});
  return Problem{"/" + path, "no such node", near.empty() ? "/graph/list lists the nodes" : "did you mean /" + std::string(near) + "?"};
}

namespace {

constexpr std::string_view kNone = "no transaction of yours is open";

Answer begin(Workspace& workspace, const Call& call) {
  auto& transaction = workspace.clients[call.client].transaction;
  if (transaction) return Problem{"", "a transaction of yours is open", "/graph/commit or /graph/cancel it"};
  const auto is_open = [](const auto& item) { return item.second.transaction.has_value(); };
  if (size_t(std::count_if(workspace.clients.begin(), workspace.clients.end(), is_open)) >=
      Transaction::kMostOpen)
    return Problem{"", "too many transactions of other clients are open", "try later"};
  transaction = Transaction{{}, workspace.document.graph(), workspace.now.monotonic_ns};
  return Done{};
}

Answer commit(Workspace& workspace, const Call& call) {
  auto transaction = std::exchange(workspace.clients[call.client].transaction, {});
  if (!transaction) return Problem{"", std::string(kNone), "/graph/begin"};
  const size_t count = transaction->edits.size();
  return workspace.make({.why = Change::Why::edit, .author = call.client, .edits = std::move(transaction->edits)},
                      Done{std::to_string(count) + " edits"});
}

Answer cancel(Workspace& workspace, const Call& call) {
  if (!std::exchange(workspace.clients[call.client].transaction, {}))
    return Problem{"", std::string(kNone), "/graph/begin"};
  return Done{};
}

/// Whoever undoes is the author then.
Answer step(Workspace& workspace, const Call& call, Change step) {
  if (workspace.clients[call.client].transaction) return Problem{"", "a transaction of yours is open", "/graph/commit or /graph/cancel it"};
  step.author = call.client;
  return workspace.make(std::move(step), Done{});
}

Answer undo(Workspace& workspace, const Call& call) {
  if (auto back = workspace.document.undo()) return step(workspace, call, std::move(*back));
  return Problem{"", "nothing to undo", "edits, recalls and loads can be undone, values that were set cannot"};
}

Answer redo(Workspace& workspace, const Call& call) {
  if (auto forward = workspace.document.redo()) return step(workspace, call, std::move(*forward));
  return Problem{"", "nothing to redo", ""};
}

constexpr Command kCommands[] = {
    {"/graph/begin", "", "",
     "Gathers your edits from here until /graph/commit, for a minute without one at most.", begin, Right::edit},
    {"/graph/commit", "", "", "Makes them all at once, as one step of undo, or none of them.", commit, Right::edit},
    {"/graph/cancel", "", "", "Forgets them.", cancel, Right::edit},
    {"/graph/undo", "", "", "Takes back the last edit, recall or load; what was set or stored since then stays.", undo, Right::edit},
    {"/graph/redo", "", "", "Makes it again.", redo, Right::edit},
};

}  // namespace

std::span<const Command> transaction_commands() {
  return kCommands;
}

}  // namespace mixgraph

#include "daemon/control/control.h"
#include "daemon/control/node_problems.h"

/// How a graph begins to sound, and what is done if it can't as it is.
namespace mixgraph {
namespace {

/// The graph without the nodes that problems are about.
Graph without(const Graph& graph, const Problems& problems) {
  std::vector<Edit> edits;
  for (const Problem& problem : problems)
    if (const Node* node = node_of(graph, problem)) edits.push_back(RemoveNode{node->path});
  auto next = mixgraph::apply(graph, edits);
  return next ? *next : graph;
}

}  // namespace

Problems Control::start(const Graph& graph, Problems* told) {
  Change change{.why = Change::Why::start, .whole = graph};
  Problems problems = console_.apply(change);
  while (!problems.empty() && told && console_.do_without_files(change, problems)) problems = console_.apply(change);
  if (told) told->insert(told->end(), change.told.begin(), change.told.end());
  return problems;
}

Problems Control::start(Problems* told) {
  return start(std::exchange(start_, {}), told);
}

bool Control::start_restored(const Graph& otherwise, Problems& told) {
  const Graph graph = std::exchange(start_, {});
  Problems problems = start(graph, &told);
  if (problems.empty()) return true;
  for (const Problem& problem : problems) {
    const std::string address = node_address(problem);
    console_.node_faults[address] = {"/node/fault", {address, problem.what, "restored without it"}};
  }
  told.insert(told.end(), problems.begin(), problems.end());
  if (start(without(graph, problems), &told).empty()) return true;
  told.push_back({"", "the live state can't be built", "the session file is used"});
  problems = start(otherwise, &told);
  told.insert(told.end(), problems.begin(), problems.end());
  return problems.empty();
}

}  // namespace mixgraph

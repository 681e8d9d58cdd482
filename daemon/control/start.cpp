#include <algorithm>

#include "daemon/control/control.h"

/// How a graph begins to sound, and what is done if it can't as it is.
namespace mixgraph {
namespace {

/// The nodes that problems of a build are about.
std::vector<const Node*> concerned(const Graph& graph, const Problems& problems) {
  std::vector<const Node*> nodes;
  for (const Problem& problem : problems)
    if (problem.where.size() > 1)
      if (const Node* node = graph.find(problem.where.substr(1, problem.where.find(':') - 1)))
        nodes.push_back(node);
  return nodes;
}

/// The graph without these nodes.
Graph without(const Graph& graph, const Problems& problems) {
  std::vector<Edit> edits;
  for (const Node* node : concerned(graph, problems)) edits.push_back(RemoveNode{node->path});
  auto next = mixgraph::apply(graph, edits);
  return next ? *next : graph;
}

}  // namespace

Problems Control::start(const Graph& graph, Problems* told) {
  Change change{.why = Change::Why::start, .whole = graph};
  Problems problems = console_.apply(change);
  if (problems.empty() || !told || !change.leave_out_files(problems)) return problems;
  problems = console_.apply(change);
  told->insert(told->end(), change.told.begin(), change.told.end());
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
    const std::string address = problem.where.substr(0, problem.where.find(':'));
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

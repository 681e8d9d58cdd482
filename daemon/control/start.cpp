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

/// The graph with these nodes as they are without a file.
Graph empty_of_files(const Graph& graph, const Problems& problems) {
  Graph next = graph;
  for (const Node* node : concerned(graph, problems))
    for (int i = 0; i < row_count(*node->type); i++)
      if (is_text(row(*node->type, i))) next.set_value(node->path, i, initial_value(row(*node->type, i)));
  return next;
}

/// The graph without these nodes.
Graph without(const Graph& graph, const Problems& problems) {
  std::vector<Edit> edits;
  for (const Node* node : concerned(graph, problems)) edits.push_back(RemoveNode{node->path});
  auto next = mixgraph::apply(graph, edits);
  return next ? *next : graph;
}

}  // namespace

Problems Control::start(const Graph& graph) {
  return console_.apply({.why = Change::Why::start, .edits = diff(console_.document.graph(), graph)});
}

Problems Control::start() {
  return start(std::exchange(start_, {}));
}

bool Control::start_restored(const Graph& otherwise, Problems& told) {
  Graph graph = std::exchange(start_, {});
  const auto starts = [&] {
    const Problems problems = start(graph);
    told.insert(told.end(), problems.begin(), problems.end());
    return problems.empty();
  };
  bool started = false;
  for (const auto mend : {empty_of_files, without}) {
    const size_t before = told.size();
    if ((started = starts())) break;
    graph = mend(graph, {told.begin() + std::ptrdiff_t(before), told.end()});
  }
  if (!started && !(started = starts())) {
    told.push_back({"", "the live state can't be built", "the session file is used"});
    graph = otherwise;
    started = starts();
  }
  for (const Problem& problem : told) {
    const std::string address = problem.where.substr(0, problem.where.find(':'));
    console_.node_faults[address] = {"/node/fault", {address, problem.what, "restored without it"}};
  }
  return started;
}

}  // namespace mixgraph

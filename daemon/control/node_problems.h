#pragma once
#include "graph/graph.h"
#include "graph/prepared.h"

namespace mixgraph {

/// The node that a problem of a build is about; nullptr: the graph has none. [any]
inline const Node* node_of(const Graph& graph, const Problem& problem) {
  return problem.where.size() > 1 ? graph.find(node_address(problem).substr(1)) : nullptr;
}

}  // namespace mixgraph

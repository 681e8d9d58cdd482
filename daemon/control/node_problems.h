#pragma once
#include <string>

#include "graph/graph.h"

namespace mixgraph {

/// The address of the node that a problem of a build is about: `where` is "/path: row" or "/path". [any]
inline std::string node_address(const Problem& problem) {
  return problem.where.substr(0, problem.where.find(':'));
}
/// That node; nullptr: the graph has none. [any]
inline const Node* node_of(const Graph& graph, const Problem& problem) {
  return problem.where.size() > 1 ? graph.find(node_address(problem).substr(1)) : nullptr;
}

}  // namespace mixgraph

#pragma once
#include <optional>
#include <vector>

#include "graph/graph.h"

namespace mixgraph {

/// Whether a type is that of the node at which what others have heard by their PFL and AFL rows is heard: one has a row of
/// GroupPart::listen. A graph has one such node at most. [any]
bool listens(const NodeType& type);

/// Whether a row has something heard there: another value of it means other cables. [any]
constexpr bool is_heard_by(const Parameter& p) { return p.group == GroupPart::pfl || p.group == GroupPart::afl; }

/// While any PFL or AFL is on: the cables that sound, sorted. The first input of the node that listens hears, instead of what is connected to it,
/// what goes into each node with its PFL on, and what comes out of each with its AFL on. Nothing: they are the graph's own. [any]
std::optional<std::vector<Cable>> listening_cables(const Graph& graph);

}  // namespace mixgraph

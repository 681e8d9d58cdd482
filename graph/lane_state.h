#pragma once
#include "graph/node.h"

namespace mixgraph {

/// Exchanges single lanes of two states of a type that runs in lanes, with their memories. [audio]
void swap_lanes(const NodeType& type, void* a, int a_lanes, int a_lane, void* b, int b_lanes, int b_lane);
/// Makes a lane of a state as if the state had been made for it alone. [control]
void make_lane(const NodeType& type, void* state, int lanes, int lane, const Setup& setup);

}  // namespace mixgraph

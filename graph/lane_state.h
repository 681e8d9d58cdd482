#pragma once
#include "graph/node.h"

namespace mixgraph {

/// Exchanges single lanes of two states of a type that runs in lanes, with their memories; `single` is its kernel of one lane. [audio]
void swap_lanes(const Kernel& single, void* a, int a_lanes, int a_lane, void* b, int b_lanes, int b_lane);
/// Makes a lane of a state as if the state had been made for it alone. [control]
void make_lane(const Kernel& single, void* state, int lanes, int lane, const Setup& setup);

}  // namespace mixgraph

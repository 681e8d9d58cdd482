#pragma once
#include "nodes/list.h"

namespace mixgraph {

/// All node types, and one more, `bomb`: it passes sound on until its row `fuse` is set to another value than the one that
/// it started with, and from then on puts out what is no number, or runs away.
NodeTypes types_with_bomb();

}  // namespace mixgraph

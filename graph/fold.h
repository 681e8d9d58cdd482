#pragma once
#include <algorithm>

#include "graph/node.h"

namespace mixgraph {

/// Two readings of a meter as one; the second is the later. [any]
inline float folded(Fold fold, float before, float reading) {
  return fold == Fold::max ? std::max(before, reading) : fold == Fold::min ? std::min(before, reading) : reading;
}

}  // namespace mixgraph

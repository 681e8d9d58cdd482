#pragma once
#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// out = in * gain(index), one channel of a block; `gain` gives a V for an index within the tick, and depends
/// on ramps only. A multiplication per frame while nothing moves. [audio]
template <class V, class Gain>
[[gnu::always_inline]] inline void scale(const Block<V>& b, int in_channel, int out_channel, Gain gain) {
  const V* __restrict in = b.in(in_channel);
  V* __restrict out = b.out(out_channel);
  int frames = b.frames();
  if (!b.restless()) {
    V g = gain(0);
    for (int i = 0; i < frames; i++) out[i] = in[i] * g;
  } else {
    for (int i = 0; i < frames; i++) out[i] = in[i] * gain(b.at() + i);
  }
}

}  // namespace mixgraph::MIXGRAPH_ISA

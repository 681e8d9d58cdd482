#pragma once
#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// A pack in parts of at most W native vectors. An inner loop that needs more registers than there are for
/// all of V in flight runs over one part after the other: the frames of a block are few enough to stay in the
/// nearest cache.
template <class V, int W>
struct Parts {
  using Part = V;
  static constexpr int count = 1;
  [[gnu::always_inline]] static Part get(const V& v, int) { return v; }
  [[gnu::always_inline]] static void set(V& v, int, Part x) { v = x; }
};
template <int U, int W>
requires(U > W) struct Parts<Pack<U>, W> {
  static_assert(U % W == 0);
  using Part = Pack<W>;
  static constexpr int count = U / W;
  [[gnu::always_inline]] static Part get(const Pack<U>& v, int part) {
    Part x;
    for (int i = 0; i < W; i++) x.v[i] = v.v[part * W + i];
    return x;
  }
  [[gnu::always_inline]] static void set(Pack<U>& v, int part, Part x) {
    for (int i = 0; i < W; i++) v.v[part * W + i] = x.v[i];
  }
};

}  // namespace mixgraph::MIXGRAPH_ISA

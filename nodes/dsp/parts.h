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
  static Part get(const V& v, int) { return v; }
  static void set(V& v, int, Part x) { v = x; }
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

/// For a body of Gliding::run: calls loop(part, k) for each part of V, where k(n, i) is that part of
/// coefficient n of N at frame i. If nothing moves (`still`), they are copied first, so that the loop finds
/// them in registers. [audio]
template <class V, int W, int N, class C, class Loop>
[[gnu::always_inline]] inline void for_parts(bool still, C c, Loop loop) {
  using P = Parts<V, W>;
  for (int part = 0; part < P::count; part++) {
    if (still) {
      typename P::Part k[N];
      for (int n = 0; n < N; n++) k[n] = P::get(c(n, 0), part);
      loop(part, [&k](int n, int) -> const auto& { return k[n]; });
    } else {
      loop(part, [&](int n, int i) { return P::get(c(n, i), part); });
    }
  }
}

}  // namespace mixgraph::MIXGRAPH_ISA

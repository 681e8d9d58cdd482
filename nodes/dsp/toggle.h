#pragma once
#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// Fades in and out, for what a parameter turns on and off at some value: a fade takes the same time however fast the
/// parameter goes past the value, about 11 ms. Decides at multiples of that of the engine's frames. A member of a plain
/// node.
template <class V>
class Toggle {
 public:
  explicit Toggle(double rate) : span_(float(8 * kMaxBlock * (rate < 72000 ? 1 : std::lround(rate / 48000)))) {}

  /// `on(index)` is a mask of lanes for the parameters at that index of the tick; fills `amount` with 0..1 for every
  /// frame of the block. [audio]
  template <class On>
  void run(const Block<V>& b, On on, V* amount) {
    int span = int(lane(span_, 0)), at = int(b.time() % uint64_t(span));
    float per_span = 1.f / float(span);
    if (at == 0 || any(from_ < V(0.f))) {
      V next = select(on(b.at()), V(1.f), V(0.f));
      from_ = select(from_ < V(0.f), next, to_);
      to_ = at == 0 ? next : from_;
    }
    V way = to_ - from_;
    for (int i = 0; i < b.frames(); i++) {
      float t = float(at + i) * per_span;
      amount[i] = madd(way, V(t * t * t * (10 - t * (15 - 6 * t))), from_);
    }
  }

 private:
  V span_;  ///< frames
  V from_ = V(-1.f), to_ = V(-1.f);  ///< at the span's ends; -1: it has not been asked
};

}  // namespace mixgraph::MIXGRAPH_ISA

#pragma once
#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// Fades in and out, for what a parameter turns on and off at some value: a fade takes the same time however fast the
/// parameter goes past the value, about 11 ms. Decides at multiples of that of the engine's frames. A member of a plain
/// node.
template <class V>
class Toggle {
 public:
  explicit Toggle(double rate)
      : span_(float(8 * kMaxBlock * (rate < 72000 ? 1 : std::lround(rate / 48000)))), per_span_(1 / lane(span_, 0)) {}

  /// Before each block: `on(index)` is a mask of lanes for the parameters at that index of the tick. [audio]
  template <class On>
  void begin(const Block<V>& b, On on) {
    int at = int(b.time() % uint64_t(lane(span_, 0)));
    if (at == 0 || any(from_ < V(0.f))) {
      V next = select(on(b.at()), V(1.f), V(0.f));
      from_ = select(from_ < V(0.f), next, to_);
      to_ = at == 0 ? next : from_;
    }
    // Where nothing is on its way the state stays as it is, so that a silent bank can rest.
    at_ = V(any(V(0.f) < abs(to_ - from_)) ? float(at) : 0.f);
  }
  /// Lanes in which it is on during some of the block. [audio]
  MaskOf<V> on() const { return V(0.f) < from_ + to_; }
  /// How much of it there is at a frame of the block: 0..1. [audio]
  V amount(int frame) const {
    float t = (lane(at_, 0) + float(frame)) * lane(per_span_, 0);
    return madd(to_ - from_, V(t * t * t * (10 - t * (15 - 6 * t))), from_);
  }

 private:
  V span_, per_span_;  ///< frames
  V at_ = V(0.f);      ///< the block's first frame within the span
  V from_ = V(-1.f), to_ = V(-1.f);  ///< at the span's ends; -1: it has not been asked
};

}  // namespace mixgraph::MIXGRAPH_ISA

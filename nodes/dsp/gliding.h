#pragma once
#include <limits>

#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// Calls f(lane) for each lane whose bit is set. [audio]
template <class F>
void for_lanes(uint64_t lanes, F f) {
  for (; lanes; lanes &= lanes - 1) f(__builtin_ctzll(lanes));
}

/// Coefficients that follow parameters: designed anew every kSpan frames while a parameter moves, straight lines in
/// between, constant at rest. Where blocks are cut makes no difference. A member of a plain node.
template <class V, int N>
class Gliding {
 public:
  static constexpr int kSpan = 8;
  Gliding() { from_[0] = V(std::numeric_limits<float>::quiet_NaN()); }

  /// `design(index, lanes, c)` fills c[N] for the parameters at that index of the tick, at least in the given lanes.
  /// `body(first, count, c)` runs frames first..first+count-1 of the block; `c(n, i)` is coefficient n at frame i. [audio]
  template <class Design, class Body>
  void run(const Block<V>& b, Design design, Body body) {
    if (!b.restless()) return body(0, b.frames(), [this](int n, int) { return from_[n]; });
    start_fresh_lanes(b, design);
    for (int i = 0; i < b.frames();) {
      int in_span = (b.at() + i) % kSpan, count = std::min(kSpan - in_span, b.frames() - i);
      if (in_span == 0) next_span(b.at() + i + kSpan, b.restless(), design);
      V step[N];
      for (int n = 0; n < N; n++) step[n] = (to_[n] - from_[n]) * V(1.f / kSpan);
      int origin = i - in_span;
      body(i, count, [&](int n, int frame) { return madd(step[n], V(float(frame - origin)), from_[n]); });
      i += count;
      if (in_span + count == kSpan)
        for (int n = 0; n < N; n++) from_[n] = to_[n];
    }
  }

 private:
  template <class Design>
  void next_span(int index, uint64_t lanes, Design design) {
    V next[N];
    for (int n = 0; n < N; n++) next[n] = to_[n];
    design(index, lanes, next);
    for_lanes(lanes, [&](int l) {
      for (int n = 0; n < N; n++) set_lane(to_[n], l, lane(next[n], l));
    });
  }
  template <class Design>
  void start_fresh_lanes(const Block<V>& b, Design design) {
    uint64_t fresh = 0;
    for_lanes(b.restless(), [&](int l) { fresh |= uint64_t(lane(from_[0], l) != lane(from_[0], l)) << l; });
    if (!fresh) return;
    next_span(b.at(), fresh, design);
    for_lanes(fresh, [&](int l) {
      for (int n = 0; n < N; n++) set_lane(from_[n], l, lane(to_[n], l));
    });
  }

  V from_[N] = {}, to_[N] = {};
};

}  // namespace mixgraph::MIXGRAPH_ISA

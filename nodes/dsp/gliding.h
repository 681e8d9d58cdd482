#pragma once
#include <limits>

#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// Calls f(lane) for each lane whose bit is set. [audio]
template <class F>
void for_lanes(uint64_t lanes, F f) {
  for (; lanes; lanes &= lanes - 1) f(__builtin_ctzll(lanes));
}

/// Frames of a block, by `first` and `count`, with their N coefficients: c(n, i) is coefficient n at the block's frame i. If
/// nothing moves (`still`), it is the same for all. (nodes/dsp/loop.h runs over them.)
template <class V, int N, class C>
struct Frames {
  int first, count;
  bool still;
  C c;
  /// `f` for the frames in turn, at most `most` at a time.
  template <class F>
  void in_chunks(int most, F f) const {
    for (int done = 0; done < count; done += most) f(Frames{first + done, std::min(count - done, most), still, c});
  }
};

/// Coefficients that follow parameters: designed anew every kSpan frames while a parameter moves, and joined by parabolas
/// (a quadratic B-spline: no step in value or slope, half a span late), constant at rest. While it moves slowly they are
/// designed once a tick, and go straight from one design to the next. Where blocks are cut makes no difference. A member of
/// a node that runs in lanes.
template <class V, int N>
class Gliding {
 public:
  static constexpr int kSpan = 8;
  Gliding() { now_[0] = V(std::numeric_limits<float>::quiet_NaN()); }

  /// `design(index, lanes, c)` fills c[N] for the parameters at that index of the tick, at least in the given lanes.
  /// `body(frames)` runs some Frames of the block. [audio]
  template <class Design, class Body>
  void run(const Block<V>& b, Design design, Body body) {
    const auto frames = [&](int first, int count, bool still, auto c) { return Frames<V, N, decltype(c)>{first, count, still, c}; };
    if (!b.restless()) return body(frames(0, b.frames(), true, [this](int n, int) -> const V& { return now_[n]; }));
    start_fresh_lanes(b, design);
    for (int i = 0; i < b.frames();) {
      int in_span = (b.at() + i) % kSpan, count = std::min(kSpan - in_span, b.frames() - i), origin = i - in_span;
      if (in_span == 0) next_span(b, b.at() + i + kSpan, design);
      V from[N], step[N], bend[N];
      for (int n = 0; n < N; n++) {
        from[n] = (before_[n] + now_[n]) * V(0.5f);
        step[n] = (now_[n] - before_[n]) * V(1.f / kSpan);
        bend[n] = ((next_[n] - now_[n]) - (now_[n] - before_[n])) * V(0.5f / (kSpan * kSpan));
      }
      body(frames(i, count, false, [&](int n, int frame) {
        V x = V(float(frame - origin));
        return madd(madd(bend[n], x, step[n]), x, from[n]);
      }));
      i += count;
    }
  }

 private:
  template <class Design>
  void next_span(const Block<V>& b, int index, Design design) {
    const uint64_t slow = b.restless() & ~b.hurried();
    for (int n = 0; n < N; n++) before_[n] = now_[n], now_[n] = next_[n];
    if (slow && index == kSpan) take(end_, kMaxBlock, slow, design);
    if (slow) approach_end(index, slow);
    if (b.hurried()) take(next_, index, b.hurried(), design);
  }
  void approach_end(int index, uint64_t lanes) {
    const V share = V(float(kSpan) / float(kMaxBlock + kSpan - index));
    V chosen = V(0.f);
    for_lanes(lanes, [&](int l) { set_lane(chosen, l, 1.f); });
    const auto rest = chosen < V(0.5f);
    for (int n = 0; n < N; n++) {
      const V closer = index == kMaxBlock ? end_[n] : next_[n] + (end_[n] - next_[n]) * share;
      next_[n] = select(rest, next_[n], closer);
    }
  }
  /// A design starts from the latest one.
  template <class Design>
  void take(V* to, int index, uint64_t lanes, Design design) {
    V fresh[N];
    for (int n = 0; n < N; n++) fresh[n] = next_[n];
    design(index, lanes, fresh);
    for_lanes(lanes, [&](int l) {
      for (int n = 0; n < N; n++) set_lane(to[n], l, lane(fresh[n], l));
    });
  }
  template <class Design>
  void start_fresh_lanes(const Block<V>& b, Design design) {
    uint64_t fresh = 0;
    for_lanes(b.restless(), [&](int l) { fresh |= uint64_t(lane(now_[0], l) != lane(now_[0], l)) << l; });
    if (!fresh) return;
    take(next_, b.at(), fresh, design);
    for_lanes(fresh, [&](int l) {
      for (int n = 0; n < N; n++) {
        set_lane(now_[n], l, lane(next_[n], l));
        set_lane(before_[n], l, lane(next_[n], l));
      }
    });
  }

  V before_[N] = {}, now_[N] = {}, next_[N] = {};  ///< designs; all alike at rest
  V end_[N] = {};                                  ///< the design at the tick's end, of lanes that move slowly
};

}  // namespace mixgraph::MIXGRAPH_ISA

#pragma once
#include <cstring>

#include "nodes/dsp/parts.h"

namespace mixgraph::MIXGRAPH_ISA {

/// Four native vectors: a frame of many lanes, or several frames of few. What is done to each value by itself runs
/// over an array of V in steps of Wide, so that one lane is as quick as many.
using Wide = Pack<4>;
template <class V>
inline constexpr int kWideFrames = kLanes<Wide> / kLanes<V>;
/// Frames of V that are worked on at a time, so that what is in between stays in the nearest cache.
template <class V>
inline constexpr int kChunk = std::clamp(1024 / kLanes<V>, kWideFrames<V>, kMaxBlock);

/// The same value for each of the frames.
inline Wide widened(float x) { return Wide(x); }
template <int U>
[[gnu::always_inline]] inline Wide widened(const Pack<U>& x) {
  Wide w;
  for (int u = 0; u < 4; u++) w.v[u] = x.v[u % U];
  return w;
}

/// values[i] = f(values[i], k, moves) for `count` frames, where k(n) is coefficient n of N at that frame: c(n, i), which is
/// the same for all if nothing moves (`still`). The array is as long as kChunk; what lies behind `count` may be written.
/// [audio]
template <int N, class V, class C, class F>
[[gnu::always_inline]] inline void each(V* values, int count, bool still, C c, F f) {
  if (!still) {
    for (int i = 0; i < count; i++) values[i] = f(values[i], [&](int n) -> decltype(auto) { return c(n, i); }, std::true_type());
    return;
  }
  Wide k[N];
  for (int n = 0; n < N; n++) k[n] = widened(c(n, 0));
  for (int i = 0; i < count; i += kWideFrames<V>) {
    Wide x;
    std::memcpy(&x, values + i, sizeof x);
    x = f(x, [&k](int n) -> const Wide& { return k[n]; }, std::false_type());
    std::memcpy(values + i, &x, sizeof x);
  }
}

}  // namespace mixgraph::MIXGRAPH_ISA

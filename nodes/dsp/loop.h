#pragma once
// The loop of a fast node, in its three forms (nodes/WRITING.md). A node says what is done to one frame; how many lanes go
// through the registers at a time, where coefficients are kept, and what is done to several frames at once is decided here.
#include "nodes/dsp/gliding.h"
#include "nodes/dsp/parts.h"

namespace mixgraph::MIXGRAPH_ISA {

/// The coefficients of a frame as a tick sees them: k(n). At rest they lie in registers; else each is computed where it is used.
template <class Part, int N>
struct StillCoefficients {
  static constexpr bool moves = false;
  const Part* all;
  [[gnu::always_inline]] const Part& operator()(int n) const { return all[n]; }
};
template <class Part, class At>
struct MovingCoefficients {
  static constexpr bool moves = true;
  At at;
  [[gnu::always_inline]] Part operator()(int n) const { return at(n); }
};

/// A part of a state, which is a class of V's and arrays of them, and back. (Element by element: a compiler doesn't keep in
/// registers what was copied as bytes.)
template <class P, template <class> class S, class V>
[[gnu::always_inline]] inline S<typename P::Part> part_of(const S<V>& state, int part) {
  static_assert(std::is_trivially_copyable_v<S<V>> && sizeof(S<V>) % sizeof(V) == 0);
  constexpr size_t kCount = sizeof(S<V>) / sizeof(V);
  S<typename P::Part> s;
  auto* to = reinterpret_cast<typename P::Part*>(&s);
  const auto* from = reinterpret_cast<const V*>(&state);
#pragma GCC unroll 64
  for (size_t n = 0; n < kCount; n++) to[n] = P::get(from[n], part);
  return s;
}
template <class P, template <class> class S, class V>
[[gnu::always_inline]] inline void put_part(S<V>& state, int part, const S<typename P::Part>& s) {
  constexpr size_t kCount = sizeof(S<V>) / sizeof(V);
  auto* to = reinterpret_cast<V*>(&state);
  const auto* from = reinterpret_cast<const typename P::Part*>(&s);
#pragma GCC unroll 64
  for (size_t n = 0; n < kCount; n++) P::set(to[n], part, from[n]);
}

/// f(part, k) for each part of W native vectors at most, k(i) being the coefficients of the block's frame i: for what isn't a
/// sequence of values with a state. [audio]
template <int W, class V, int N, class C, class F>
[[gnu::always_inline]] inline void in_parts(const Frames<V, N, C>& frames, F f) {
  using P = Parts<V, W>;
  for (int part = 0; part < P::count; part++) {
    if (frames.still) {
      typename P::Part all[N];
      for (int n = 0; n < N; n++) all[n] = P::get(frames.c(n, 0), part);
      f(part, [&all](int) { return StillCoefficients<typename P::Part, N>{all}; });
    } else {
      f(part, [&frames, part](int i) {
        const auto at = [&frames, part, i](int n) { return P::get(frames.c(n, i), part); };
        return MovingCoefficients<typename P::Part, decltype(at)>{at};
      });
    }
  }
}

/// A sequence: out[i] = tick(in[i], state, k) for the frames in their order; in[0] is that of the first of them. `in` may be `out`.
/// W: how many native vectors are in flight; as many as there are registers for what a tick needs. [audio]
template <int W, class V, int N, class C, template <class> class S, class Tick>
[[gnu::always_inline]] inline void loop(const Frames<V, N, C>& frames, const V* in, V* out, S<V>& state, Tick tick) {
  using P = Parts<V, W>;
  in_parts<W>(frames, [&](int part, auto k) {
    auto s = part_of<P>(state, part);
    for (int i = 0; i < frames.count; i++) P::set(out[i], part, tick(P::get(in[i], part), s, k(frames.first + i)));
    put_part<P>(state, part, s);
  });
}

/// Channels one by one, each a sequence from input to output with a state of its own. The channels of an instance that runs
/// alone go through the registers together, as if they were lanes. [audio]
template <int W, class V, int N, class C, template <class> class S, class Tick>
[[gnu::always_inline]] inline void loop(const Frames<V, N, C>& frames, const Block<V>& b, S<V>* states, Tick tick) {
  if constexpr (kLanes<V> == 1) {
    if (b.channels() > 1) return loop_channels_as_lanes(frames, b, states, tick);
  }
  for (int c = 0; c < b.channels(); c++) loop<W>(frames, b.in(c) + frames.first, b.out(c) + frames.first, states[c], tick);
}

template <class V, int N, class C, template <class> class S, class Tick>
void loop_channels_as_lanes(const Frames<V, N, C>& frames, const Block<V>& b, S<V>* states, Tick tick) {
  using Sides = Pack<1>;
  constexpr size_t kCount = sizeof(S<V>) / sizeof(V);
  for (int from = 0; from < b.channels(); from += kNative) {
    const int sides = std::min(b.channels() - from, kNative);
    float x[kMaxBlock][kNative] = {}, parts[kCount][kNative] = {};
    S<Sides> s;
    for (int side = 0; side < sides; side++) {
      for (int i = 0; i < frames.count; i++) x[i][side] = lane(b.in(from + side)[frames.first + i], 0);
      for (size_t n = 0; n < kCount; n++) std::memcpy(&parts[n][side], reinterpret_cast<const char*>(&states[from + side]) + n * sizeof(float), sizeof(float));
    }
    std::memcpy(&s, parts, sizeof s);
    in_parts<1>(frames, [&](int, auto k) {
      for (int i = 0; i < frames.count; i++) {
        const auto now = k(frames.first + i);
        const auto at = [&now](int n) { return Sides(lane(now(n), 0)); };
        Sides y;
        std::memcpy(&y, x[i], sizeof y);
        y = tick(y, s, MovingCoefficients<Sides, decltype(at)>{at});
        std::memcpy(x[i], &y, sizeof y);
      }
    });
    std::memcpy(parts, &s, sizeof s);
    for (int side = 0; side < sides; side++) {
      for (int i = 0; i < frames.count; i++) set_lane(b.out(from + side)[frames.first + i], 0, x[i][side]);
      for (size_t n = 0; n < kCount; n++) std::memcpy(reinterpret_cast<char*>(&states[from + side]) + n * sizeof(float), &parts[n][side], sizeof(float));
    }
  }
}

/// Four native vectors: a frame of many lanes, or several frames of few.
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

/// Each value by itself: values[i] = tick(values[i], k), values[0] being that of the first frame. At rest, several frames of few
/// lanes are done at once. At most kChunk<V> frames: `values` is as long as that, and what lies behind the last of them may be
/// written. [audio]
template <class V, int N, class C, class Tick>
[[gnu::always_inline]] inline void loop(const Frames<V, N, C>& frames, V* values, Tick tick) {
  if (!frames.still) {
    for (int i = 0; i < frames.count; i++) {
      const auto at = [&frames, i](int n) { return frames.c(n, frames.first + i); };
      values[i] = tick(values[i], MovingCoefficients<V, decltype(at)>{at});
    }
    return;
  }
  Wide all[N];
  for (int n = 0; n < N; n++) all[n] = widened(frames.c(n, 0));
  for (int i = 0; i < frames.count; i += kWideFrames<V>) {
    Wide x;
    std::memcpy(&x, values + i, sizeof x);
    x = tick(x, StillCoefficients<Wide, N>{all});
    std::memcpy(values + i, &x, sizeof x);
  }
}

}  // namespace mixgraph::MIXGRAPH_ISA

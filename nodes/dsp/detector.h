#pragma once
#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// The share of its way that a one-pole follower goes in one frame, to have gone 63 % after `milliseconds`.
inline double follow_share(double milliseconds, double rate) {
  return -std::expm1(-1000 / (milliseconds * rate));
}

/// A one-pole follower that doesn't stop short of a target when steps get smaller than single precision: what
/// rounding leaves over is added to the step after the next, so that no frame waits for it. At the target nothing is
/// left over, and nothing changes any more.
template <class V>
struct Follower {
  V value = V(0.f), rest = V(0.f), rest_before = V(0.f);

  /// Goes `share` of the way to `wanted`. [audio]
  [[gnu::always_inline]] inline void follow(V wanted, V share) {
    V away = wanted - value, next = madd(share, away, value + rest_before), step = madd(share, away, rest_before);
    const auto goes = away != V(0.f);
    rest_before = select(goes, rest, V(0.f));
    rest = select(goes, step - (next - value), V(0.f));
    value = next;
  }
};

/// Instantaneous power of the key, the port behind the adaptive "in": the larger of its channels', so that
/// stereo is linked. `shape(channel, x, i)` may filter it; power[i] and i count from frame `first` of the block. [audio]
template <class V, class Shape>
[[gnu::always_inline]] inline void key_power(const Block<V>& b, int first, int count, V* power, Shape shape) {
  for (int channel = 0; channel < b.channels(); channel++) {
    const V* key = b.in(b.channels() + channel) + first;
    for (int i = 0; i < count; i++) {
      V x = shape(channel, key[i], i), p = x * x;
      power[i] = channel == 0 ? p : max(power[i], p);
    }
  }
}

/// Frames from `first` on of all channels times a gain, which counts from there. [audio]
template <class V>
[[gnu::always_inline]] inline void apply_gain(const Block<V>& b, int first, int count, const V* __restrict gain) {
  for (int channel = 0; channel < b.channels(); channel++) {
    const V* __restrict in = b.in(channel) + first;
    V* __restrict out = b.out(channel) + first;
    for (int i = 0; i < count; i++) out[i] = in[i] * gain[i];
  }
}

}  // namespace mixgraph::MIXGRAPH_ISA

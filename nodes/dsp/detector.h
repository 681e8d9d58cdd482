#pragma once
#include "nodes/dsp/parts.h"

namespace mixgraph::MIXGRAPH_ISA {

/// The share of its way that a one-pole follower goes in one frame, to have gone 63 % after `milliseconds`.
inline double follow_share(double milliseconds, double rate) {
  return -std::expm1(-1000 / (milliseconds * rate));
}

/// A one-pole follower that doesn't stop short of a target when steps get smaller than single precision: what
/// rounding leaves over is added to the next step.
template <class V>
struct Follower {
  V value = V(0.f), rest = V(0.f);

  /// Goes `share` of the way `away` that is left. [audio]
  [[gnu::always_inline]] inline void follow(V away, V share) {
    V step = madd(share, away, rest), next = value + step;
    rest = step - (next - value);
    value = next;
  }
};

/// One value per frame of a block, for one part of the lanes.
template <class Part>
struct PerFrame {
  Part v[kMaxBlock];
  Part& operator[](int i) { return v[i]; }
};

template <class P, class V>
Follower<typename P::Part> part_of(const Follower<V>& f, int part) {
  return {P::get(f.value, part), P::get(f.rest, part)};
}
template <class P, class V>
void put_part(Follower<V>& f, int part, const Follower<typename P::Part>& x) {
  P::set(f.value, part, x.value);
  P::set(f.rest, part, x.rest);
}

/// Instantaneous power of the key, the port behind the adaptive "in": the larger of its channels', so that
/// stereo is linked. Bounded, so that no signal can spoil a detector for good. `shape(channel, x)` may filter
/// it. [audio]
template <class P, class V, class Shape>
[[gnu::always_inline]] inline void key_power(const Block<V>& b, int part, int first, int count, Shape shape,
                                             PerFrame<typename P::Part>& power) {
  using Part = typename P::Part;
  for (int channel = 0; channel < b.channels(); channel++) {
    const V* key = b.in(b.channels() + channel);
    for (int i = first; i < first + count; i++) {
      Part x = shape(channel, P::get(key[i], part), i), p = min(x * x, Part(1e20f));
      power[i] = channel == 0 ? p : max(power[i], p);
    }
  }
}

/// All channels times a gain. [audio]
template <class P, class V>
[[gnu::always_inline]] inline void apply_gain(const Block<V>& b, int part, int first, int count,
                                              PerFrame<typename P::Part>& gain) {
  for (int channel = 0; channel < b.channels(); channel++) {
    const V* in = b.in(channel);
    V* out = b.out(channel);
    for (int i = first; i < first + count; i++) P::set(out[i], part, P::get(in[i], part) * gain[i]);
  }
}

}  // namespace mixgraph::MIXGRAPH_ISA

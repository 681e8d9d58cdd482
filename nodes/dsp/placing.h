#pragma once
#include "graph/format.h"
#include "graph/harmonics.h"
#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// Where a loudspeaker stands in a room that reaches from -1 to 1: the allocentric places of ITU-R BS.2127, 7.3.9.
struct Speaker {
  int x, y, z;  ///< left to right; back to front; 0 at the listeners' height, 1 above
  bool lfe = false;
};
inline constexpr Speaker kLeft{-1, 1, 0}, kRight{1, 1, 0}, kCentre{0, 1, 0}, kLfe{0, 0, 0, true}, kBackLeft{-1, -1, 0}, kBackRight{1, -1, 0},
    kSideLeft{-1, 0, 0}, kSideRight{1, 0, 0}, kTopFrontLeft{-1, 1, 1}, kTopFrontRight{1, 1, 1}, kTopBackLeft{-1, -1, 1}, kTopBackRight{1, -1, 1};
inline constexpr Speaker kOf51[] = {kLeft, kRight, kCentre, kLfe, kBackLeft, kBackRight, kTopFrontLeft, kTopFrontRight, kTopBackLeft, kTopBackRight};
inline constexpr Speaker kOf71[] = {kLeft,      kRight,       kCentre,       kLfe,           kSideLeft,    kSideRight,
                                    kBackLeft, kBackRight, kTopFrontLeft, kTopFrontRight, kTopBackLeft, kTopBackRight};

/// Gains of a sound at a place in that room (z: 0..1) for a loudspeaker of 5.1, 7.1, 5.1.4 or 7.1.4: along each axis it lies between
/// two planes of loudspeakers, of which it has its shares. `share(amount)` is the gain of a share of 0..1 (nodes/pan.cpp: its law).
template <class V, class Share>
V speaker_gain(const Speaker& s, bool has_sides, bool has_top, V x, V y, V z, Share share) {
  const auto between_two = [&](V at, int end) { return share(madd(at, V(float(end) * 0.5f), V(0.5f))); };
  // Three planes, at -1, 0 and 1.
  const auto among_three = [&](V at, int place) { return place == 0 ? share(V(1.f) - abs(at)) : share(max(at * V(float(place)), V(0.f))); };
  const bool has_centre = s.z == 0 && s.y == 1;
  V gain = has_centre ? among_three(x, s.x) : between_two(x, s.x);
  gain *= has_sides && s.z == 0 ? among_three(y, s.y) : between_two(y, s.y);
  if (has_top) gain *= share(s.z == 1 ? z : V(1.f) - z);
  return gain;
}

/// Gains of an ambisonic encoder up to the third order (ACN, SN3D) for a place whose x goes forward, y to the left and z up. On the unit
/// sphere it is a direction; nearer, the higher orders get weaker, until in the middle the sound comes from everywhere. `to` has room for
/// kHarmonics.
template <class V>
void ambisonic_gains(V x, V y, V z, V* to) {
  const V far = max(sqrt(x * x + y * y + z * z), V(1.f));
  spherical_harmonics(x / far, y / far, z / far, to);
}

}  // namespace mixgraph::MIXGRAPH_ISA

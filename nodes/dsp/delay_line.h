#pragma once
#include "nodes/dsp/ring.h"

namespace mixgraph::MIXGRAPH_ISA {

/// How far back each lane reads a delay line: whole frames.
template <class V>
struct WholeTap {
  int frames[kLanes<V>] = {};
  bool operator==(const WholeTap&) const = default;
};

/// The same with a fraction: four neighbours weighted by Lagrange's polynomial. Exact for whole frames.
template <class V>
struct FractionalTap {
  int frames[kLanes<V>] = {};  ///< of the nearest neighbour before
  V weights[4] = {};           ///< of the neighbours at frames - 1, frames, frames + 1, frames + 2
  bool fractional = false;     ///< in any lane
  bool operator==(const FractionalTap& other) const {
    return std::memcmp(frames, other.frames, sizeof frames) == 0 && same_weights(other);
  }

  /// Sets a lane to a time of 2 frames or more. [audio]
  void set(int lane, double time) {
    int whole = int(time);
    float f = float(time - whole);
    frames[lane] = whole;
    set_lane(weights[0], lane, -f * (f - 1) * (f - 2) / 6);
    set_lane(weights[1], lane, (f + 1) * (f - 1) * (f - 2) / 2);
    set_lane(weights[2], lane, -f * (f + 1) * (f - 2) / 2);
    set_lane(weights[3], lane, f * (f + 1) * (f - 1) / 6);
    fractional |= f != 0;
  }

 private:
  bool same_weights(const FractionalTap& other) const {
    return std::memcmp(weights, other.weights, sizeof weights) == 0;
  }
};

/// Past frames, which lanes may read at different times. [audio]
template <class V>
class DelayLine {
 public:
  explicit DelayLine(int frames) : ring_(size_t(frames)) {}
  int length() const { return int(ring_.size()); }

  /// The frames that were written `tap` frames before the frame that will be written `ahead` frames from now.
  V read(const WholeTap<V>& tap, int ahead = 0) const { return gather(tap.frames, -ahead); }
  V read(const FractionalTap<V>& tap) const {
    if (!tap.fractional) return gather(tap.frames, 0);
    V sum = gather(tap.frames, -1) * tap.weights[0];
    for (int n = 1; n < 4; n++) sum = madd(gather(tap.frames, n - 1), tap.weights[n], sum);
    return sum;
  }
  void write(V x) {
    ring_[size_t(at_)] = x;
    at_ = further(at_, length(), 1);
  }

 private:
  V gather(const int* frames, int later) const {
    const float* samples = reinterpret_cast<const float*>(&ring_[0]);
    float found[kLanes<V>];
    for (int l = 0; l < kLanes<V>; l++) {
      int place = at_ - frames[l] - later;
      place += place < 0 ? length() : 0;
      std::memcpy(&found[l], samples + size_t(place) * kLanes<V> + size_t(l), sizeof(float));
    }
    V v;
    std::memcpy(&v, found, sizeof v);
    return v;
  }

  Memory<V> ring_;
  int at_ = 0;
};

}  // namespace mixgraph::MIXGRAPH_ISA

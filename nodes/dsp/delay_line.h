#pragma once
#include "nodes/dsp/ring.h"

namespace mixgraph::MIXGRAPH_ISA {

/// How far back each lane reads a delay line: whole frames.
template <class V>
struct WholeTap {
  int frames[kLanes<V>] = {};
  bool operator==(const WholeTap&) const = default;
};

/// Past frames, which lanes may read at different times. [audio]
template <class V>
class DelayLine {
 public:
  explicit DelayLine(int frames) : ring_(size_t(frames)) {}
  int length() const { return int(ring_.size()); }

  /// The frames that were written `tap` frames before the frame that will be written `ahead` frames from now.
  V read(const WholeTap<V>& tap, int ahead = 0) const { return gather(tap.frames, -ahead); }
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

#pragma once
#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// Walks `frames` places of a ring of `size` from `at`, in straight runs: f(place, first, count) for frames
/// first..first+count-1. No run is longer than the ring. [audio]
template <class F>
void in_runs(int at, int size, int frames, F f) {
  for (int first = 0; first < frames;) {
    int count = size - at < frames - first ? size - at : frames - first;
    f(at, first, count);
    first += count;
    at = 0;
  }
}
/// The place `frames` further on, for frames of 0..size. [any]
constexpr int further(int at, int size, int frames) {
  return at + frames < size ? at + frames : at + frames - size;
}

/// A delay of a fixed number of frames. [audio]
class FixedDelay {
 public:
  explicit FixedDelay(int frames) : ring_(size_t(frames)) {}
  int length() const { return int(ring_.size()); }

  /// Puts out what went in `length()` frames before. `in` and `out` may be the same.
  void process(const float* in, float* out, int frames) {
    in_runs(at_, length(), frames, [&](int place, int first, int count) {
      for (int i = 0; i < count; i++) {
        float x = in[first + i];
        out[first + i] = ring_[size_t(place + i)];
        ring_[size_t(place + i)] = x;
      }
    });
    at_ = further(at_, length(), frames % length());
  }

 private:
  Memory<float> ring_;
  int at_ = 0;
};

}  // namespace mixgraph::MIXGRAPH_ISA

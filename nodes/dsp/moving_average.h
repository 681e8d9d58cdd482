#pragma once
#include "nodes/dsp/ring.h"

namespace mixgraph::MIXGRAPH_ISA {

/// The mean of the last `length` values, which are 0..1. Sums are kept in whole steps of 2^-22 (coarser where
/// `length` is above 511), so they never drift: after `length` zeros the mean is exactly 0. [audio]
class MovingAverage {
 public:
  explicit MovingAverage(int length) : ring_(size_t(length)) {
    float steps = float(1 << 22);
    while (steps * float(length) >= 2147483648.f) steps /= 2;
    steps_ = steps;
    weight_ = 1.f / (steps * float(length));
  }

  /// Replaces each value by the mean of the last `length` ones; at most kMaxBlock values at a time.
  void process(float* values, int count) {
    constexpr float kRound = 12582912;  // 1.5 * 2^23: adding it leaves whole numbers in the low bits
    const float steps = steps_, weight = weight_;
    int32_t whole[kMaxBlock];
    for (int i = 0; i < count; i++) whole[i] = bits(madd(values[i], steps, kRound)) - bits(kRound);
    sum_up(whole, count);
    for (int i = 0; i < count; i++) values[i] = to_float(whole[i]) * weight;
  }

 private:
  void sum_up(int32_t* whole, int count) {
    in_runs(at_, int(ring_.size()), count, [&](int place, int first, int length) {
      int32_t sum = sum_;
      for (int i = 0; i < length; i++) {
        int32_t in = whole[first + i], out = ring_[size_t(place + i)];
        ring_[size_t(place + i)] = in;
        whole[first + i] = sum = sum + (in - out);
      }
      sum_ = sum;
    });
    at_ = further(at_, int(ring_.size()), count % int(ring_.size()));
  }

  Memory<int32_t> ring_;
  int at_ = 0;
  int32_t sum_ = 0;
  float steps_, weight_;
};

}  // namespace mixgraph::MIXGRAPH_ISA

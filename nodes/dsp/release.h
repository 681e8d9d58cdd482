#pragma once
#include <algorithm>

#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// Follows rising values at once and falling ones exponentially: y[t] = max(x[t], k[t] y[t-1] + (1 - k[t]) x[t]).
/// Each such step is a function max(a, d + p y), and so are several of them in a row; eight are made into one, which
/// needs y[t-8] only, so that the frames don't wait for one another. [audio]
class Release {
 public:
  /// Replaces each x by y; `keep`: k, 0..1. At most kMaxBlock values.
  void process(float* values, const float* keep, int count) {
    Steps steps, twice;
    for (int i = 0; i < count; i++) {
      steps.a[kRoom + i] = values[i];
      steps.d[kRoom + i] = values[i] - keep[i] * values[i];
      steps.p[kRoom + i] = keep[i];
    }
    join<1>(steps, twice, count);
    join<2>(twice, steps, count);
    join<4>(steps, twice, count);
    float y[kSteps + kMaxBlock];
    std::copy_n(last_, kSteps, y);
    auto follow = [&](int i) {
      y[kSteps + i] = max(twice.a[kRoom + i], madd(twice.p[kRoom + i], y[i], twice.d[kRoom + i]));
    };
    int i = 0;
    for (; i + kSteps <= count; i += kSteps)
#pragma GCC unroll 8
      for (int k = 0; k < kSteps; k++) follow(i + k);
    for (; i < count; i++) follow(i);
    std::copy_n(y + count, kSteps, last_);
    std::copy_n(y + kSteps, count, values);
  }

 private:
  static constexpr int kSteps = 8, kRoom = 4;
  struct Steps {  ///< those of a block, after kRoom earlier ones
    float a[kRoom + kMaxBlock], d[kRoom + kMaxBlock], p[kRoom + kMaxBlock];
  };

  /// Each step after the one `kBy` before it.
  template <int kBy>
  void join(Steps& from, Steps& to, int count) {
    begin_with<kBy>(from.a, a_, count);
    begin_with<kBy>(from.d, d_, count);
    begin_with<kBy>(from.p, p_, count);
    for (int i = kRoom; i < kRoom + count; i++) {
      to.a[i] = max(from.a[i], madd(from.p[i], from.a[i - kBy], from.d[i]));
      to.d[i] = madd(from.p[i], from.d[i - kBy], from.d[i]);
      to.p[i] = from.p[i] * from.p[i - kBy];
    }
  }

  /// Puts the last ones of the block before in front of this block's, whose last ones are kept.
  template <int kBy>
  static void begin_with(float* steps, float* kept, int count) {
    constexpr int kFirst = kBy - 1;  // 1 of single steps is kept, 2 of two in one, 4 of four in one
    std::copy_n(kept + kFirst, kBy, steps + kRoom - kBy);
    std::copy_n(steps + kRoom + count - kBy, kBy, kept + kFirst);
  }

  float a_[7] = {}, d_[7] = {}, p_[7] = {};
  float last_[kSteps] = {};
};

}  // namespace mixgraph::MIXGRAPH_ISA

#pragma once
#include "nodes/dsp/ring.h"

namespace mixgraph::MIXGRAPH_ISA {

/// The largest of the last `window` values, which are 0 or more (van Herk 1992, Gil and Werman 1993): the
/// larger of a maximum since the start of the current group of `window` values and one up to the end of the
/// group before. Three comparisons per value whatever the window, and no branch on the values. [audio]
template <class V>
class RunningMax {
 public:
  explicit RunningMax(int window) : to_end_(size_t(window) + 1), window_(window) {}

  /// Replaces each value by the largest of the last `window` ones.
  void process(V* values, int count) {
    in_runs(at_, window_, count, [&](int place, int first, int length) {
      V since_start = since_start_;
      for (int i = 0; i < length; i++) {
        V x = values[first + i];
        since_start = max(since_start, x);
        values[first + i] = max(since_start, to_end_[size_t(place + i) + 1]);
        to_end_[size_t(place + i)] = x;
      }
      since_start_ = since_start;
      at_ = place + length;
      if (at_ == window_) start_group();
    });
  }

 private:
  void start_group() {
    for (int i = window_ - 2; i >= 0; i--)
      to_end_[size_t(i)] = max(to_end_[size_t(i)], to_end_[size_t(i) + 1]);
    since_start_ = V(0.f);
    at_ = 0;
  }

  Memory<V> to_end_;  ///< from each place of the group before to its end; of the current one, the values
  int window_, at_ = 0;
  V since_start_ = V(0.f);
};

}  // namespace mixgraph::MIXGRAPH_ISA

#pragma once
#include "nodes/dsp/ring.h"

namespace mixgraph::MIXGRAPH_ISA {

/// The largest of the last `window` values, which are 0 or more (van Herk 1992, Gil and Werman 1993): the
/// larger of a maximum since the start of the current group of `window` values and one up to the end of the
/// group before. Three comparisons per value whatever the window, and no branch on the values. [audio]
class RunningMax {
 public:
  explicit RunningMax(int window) : to_end_(size_t(window) + 1), window_(window) {}

  /// Replaces each value by the largest of the last `window` ones.
  void process(float* values, int count) {
    in_runs(at_, window_, count, [&](int place, int first, int length) {
      float *to_end = &to_end_[size_t(place)], *value = values + first;
      int i = 0;
      for (; i + kNative <= length; i += kNative) {
        const Native x = load(value + i), all = max(rising(x), Native(since_start_)), rest = load(to_end + i + 1);
        store(value + i, max(all, rest));
        store(to_end + i, x);
        since_start_ = all[kNative - 1];
      }
      for (; i < length; i++) {
        float x = value[i];
        since_start_ = max(since_start_, x);
        value[i] = max(since_start_, to_end[i + 1]);
        to_end[i] = x;
      }
      at_ = place + length;
      if (at_ == window_) start_group();
    });
  }

 private:
  using Native = Pack<1>;  ///< as many frames at a time

  void start_group() {
    float* to_end = &to_end_[0];
    int i = window_ - 1;
    for (; i >= kNative; i -= kNative) {
      float* at = to_end + i - kNative;
      store(at, max(falling(load(at)), Native(to_end[i])));
    }
    for (i--; i >= 0; i--) to_end[i] = max(to_end[i], to_end[i + 1]);
    since_start_ = 0;
    at_ = 0;
  }

  static Native load(const float* from) {
    Native x;
    std::memcpy(&x, from, sizeof x);
    return x;
  }
  static void store(float* to, const Native& x) { std::memcpy(to, &x, sizeof x); }

  /// Each element becomes the largest of all up to it, or from it on.
  static Native rising(Native x) { return scan<1, true>(x); }
  static Native falling(Native x) { return scan<1, false>(x); }
  template <int kBy, bool kUp>
  static Native scan(Native x) {
    if constexpr (kBy < kNative) {
      Native moved = shifted<kBy, kUp>(x, std::make_index_sequence<kNative>());
      return scan<2 * kBy, kUp>(max(x, moved));
    } else {
      return x;
    }
  }
  template <int kBy, bool kUp, size_t... I>
  static Native shifted(Native x, std::index_sequence<I...>) {
    Native moved;
    if constexpr (kUp)
      moved.v[0] = __builtin_shufflevector(x.v[0], NativeFloat{}, (int(I) < kBy ? kNative : int(I) - kBy)...);
    else
      moved.v[0] = __builtin_shufflevector(x.v[0], NativeFloat{}, (int(I) + kBy)...);
    return moved;
  }

  Memory<float> to_end_;  ///< from each place of the group before to its end; of the current one, the values
  int window_, at_ = 0;
  float since_start_ = 0;
};

}  // namespace mixgraph::MIXGRAPH_ISA

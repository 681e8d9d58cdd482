#pragma once
#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// Fades from one setting to the next, for what can't glide, such as a tap of a delay line. Every `span`
/// frames a new Place is asked for; over the span its weight goes from 0 to 1 along an S-curve. The spans are
/// counted from the instance's first frame, so where blocks are cut makes no difference. Place is comparable.
template <class V, class Place>
class CrossFade {
 public:
  explicit CrossFade(int span) : span_(span), per_span_(1.f / float(span)) {}

  /// `place(index)` gives the Place wanted at that index of the tick. `still(first, count, place)` and
  /// `fade(first, count, from, to, weight)` run frames of the block; weight(i) is that of `to` at frame i.
  /// [audio]
  template <class Wanted, class Still, class Fade>
  void run(const Block<V>& b, Wanted place, Still still, Fade fade) {
    for (int i = 0; i < b.frames();) {
      if (at_ == 0) start_span(place(b.at() + i));
      int count = span_ - at_ < b.frames() - i ? span_ - at_ : b.frames() - i, origin = i - at_;
      auto weight = [&](int frame) {
        float t = float(frame - origin) * per_span_;
        return V(t * t * (3 - 2 * t));
      };
      if (from_ == to_) {
        still(i, count, to_);
      } else {
        fade(i, count, from_, to_, weight);
      }
      i += count;
      at_ = (at_ + count) % span_;
    }
  }

 private:
  void start_span(const Place& next) {
    from_ = started_ ? to_ : next;
    to_ = next;
    started_ = true;
  }

  Place from_ = {}, to_ = {};
  int span_, at_ = 0;
  float per_span_;
  bool started_ = false;
};

}  // namespace mixgraph::MIXGRAPH_ISA

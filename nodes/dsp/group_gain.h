#pragma once
#include "graph/facts.h"
#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// The product of what rows first..first+count-1 give, each by gain(value): followers of groups (graph/followers.h). At rest it
/// is made once per block. [audio]
template <class V, int count, class Gain>
class GroupGain {
 public:
  GroupGain(const Block<V>& b, int first, Gain gain) : gain_(gain), still_(gain(b.ramp(first).begin())) {
    for (int n = 1; n < count; n++) still_ *= gain_(b.ramp(first + n).begin());
    if (!b.restless()) return;
    for (int n = 0; n < count; n++) {
      rows_[n] = b.ramp(first + n);
      moves_ |= any(rows_[n].c1 != V(0.f)) || any(rows_[n].c2 != V(0.f)) || any(rows_[n].c3 != V(0.f));
    }
  }
  [[gnu::always_inline]] V at(int index) const { return moves_ ? product(index) : still_; }

 private:
  V product(int index) const {
    V all = gain_(rows_[0].at(index));
    for (int n = 1; n < count; n++) all *= gain_(rows_[n].at(index));
    return all;
  }
  Ramp<V> rows_[count];
  Gain gain_;
  bool moves_ = false;
  V still_;
};

}  // namespace mixgraph::MIXGRAPH_ISA

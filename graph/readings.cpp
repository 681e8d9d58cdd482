#include "graph/readings.h"

#include <algorithm>

#include "graph/fold.h"

namespace mixgraph {

void Readings::know(const Plan& target) {
  plan_++;
  const auto before = std::exchange(places_, {});
  const auto before_by_id = std::exchange(by_id_, {});
  const auto before_values = std::exchange(values_, {});
  for (const InstancePtr& i : target.nodes) {
    if (i->type->meters.empty()) continue;
    Place place{i->type, values_.size()};
    for (const Meter& meter : i->type->meters) values_.push_back(meter.rest);
    if (const auto found = before_by_id.find(i->id); found != before_by_id.end() && before[found->second].type == i->type) {
      const Place& old = before[found->second];
      place.telling = old.telling;
      std::copy_n(before_values.begin() + std::ptrdiff_t(old.first), i->type->meters.size(), values_.begin() + std::ptrdiff_t(place.first));
    }
    by_id_[i->id] = uint32_t(places_.size());
    places_.push_back(place);
  }
}

// Once for each program and each plan, so that reading looks nothing up.
void Readings::find_places(MeterBoard& board) const {
  board.plan = plan_;
  board.places.clear();
  for (const LanePlace& p : board.nodes) {
    const auto found = by_id_.find(p.id);
    const bool known = found != by_id_.end() && places_[found->second].type == &p.bank->type();
    board.places.push_back(known ? found->second : MeterBoard::kNowhere);
  }
}

void Readings::absorb(MeterBoard& board) {
  if (!board.filled.load(std::memory_order_acquire)) return;
  if (board.plan != plan_) find_places(board);
  const float* from = board.values.data();
  for (size_t n = 0; n < board.nodes.size(); n++) {
    const auto meters = board.nodes[n].bank->type().meters;
    if (board.places[n] != MeterBoard::kNowhere) {
      Place& place = places_[board.places[n]];
      const bool first = std::exchange(place.telling, telling_) != telling_;
      float* to = values_.data() + place.first;
      for (size_t m = 0; m < meters.size(); m++) to[m] = folded(first ? Fold::last : meters[m].fold, to[m], from[m]);
    }
    from += meters.size();
  }
  board.filled.store(false, std::memory_order_release);
}

std::span<const float> Readings::tell() {
  telling_++;
  return values_;
}

}  // namespace mixgraph

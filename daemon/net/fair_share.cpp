#include "daemon/net/fair_share.h"

#include <algorithm>
#include <vector>

namespace mixgraph {

bool FairShare::admits(uint64_t sender, int64_t now_ns) {
  if (now_ns >= window_ends_) begin_window(now_ns);
  if (share_ == INT64_MAX) return true;
  const auto found = used_.find(sender);
  return found == used_.end() || found->second < share_;
}

/// The less is carried out, the faster the queue is read. How much can be depends on what else there is to do, so
/// it is found by trying.
void FairShare::begin_window(int64_t now_ns) {
  const bool overloaded = now_ns < overload_ends_;
  if (!caught_up_) {
    overload_ends_ = now_ns + kPersists;
    budget_ = std::max(kLeast, (overloaded ? budget_ : kMost) / 2);
  } else {
    budget_ = std::min(kMost, budget_ + budget_ / 8);
  }
  share_ = now_ns < overload_ends_ ? fair_share() : INT64_MAX;
  window_ends_ = now_ns + kWindow;
  caught_up_ = false;
  used_.clear();
}

/// What each sender may use at most so that all of them together keep to the budget: whoever used less in the
/// last window leaves more to the others.
int64_t FairShare::fair_share() const {
  if (used_.size() < 2) return INT64_MAX;
  std::vector<int64_t> uses;
  for (const auto& [sender, ns] : used_) uses.push_back(ns);
  std::sort(uses.begin(), uses.end());
  int64_t left = budget_, senders = int64_t(uses.size());
  for (const int64_t use : uses) {
    if (senders == 1 || use > left / senders) break;
    left -= use;
    senders--;
  }
  return left / senders;
}

}  // namespace mixgraph

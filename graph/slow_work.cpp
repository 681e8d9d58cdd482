#include "graph/slow_work.h"

namespace mixgraph {

void SlowWork::serve(std::vector<Served> served) {
  std::lock_guard lock(mutex_);
  served_.swap(served);
}

void SlowWork::order(Preparation preparation) {
  std::lock_guard lock(mutex_);
  ordered_.push_back(std::move(preparation));
}

std::vector<Prepared> SlowWork::take_made() {
  std::lock_guard lock(mutex_);
  return std::exchange(made_, {});
}

std::vector<NodeTrouble> SlowWork::take_troubles() {
  std::vector<NodeTrouble> troubles;
  std::lock_guard lock(mutex_);
  for (const Served& s : served_)
    if (auto trouble = s.bank->take_trouble()) troubles.push_back({s.path, std::move(*trouble)});
  return troubles;
}

bool SlowWork::service() {
  while (workshop_.end_one()) {
  }
  while (make_one()) {
  }
  // One at a time, so that who hangs with one of them keeps no other alive.
  size_t i = 0;
  while (const std::shared_ptr<Bank> bank = served(i)) bank->service(), i++;
  return i > 0;
}

bool SlowWork::make_one() {
  std::unique_lock lock(mutex_);
  if (ordered_.empty()) return false;
  Preparation preparation = std::move(ordered_.back());
  ordered_.pop_back();
  lock.unlock();
  Prepared made = workshop_.make(std::move(preparation));
  lock.lock();
  made_.push_back(std::move(made));
  return true;
}

std::shared_ptr<Bank> SlowWork::served(size_t i) {
  std::lock_guard lock(mutex_);
  return i < served_.size() ? served_[i].bank : nullptr;
}

}  // namespace mixgraph

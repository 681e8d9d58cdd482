#include "graph/deadline_board.h"

#include <algorithm>

#include "graph/bank.h"
#include "graph/costs.h"

namespace mixgraph {

template <class Do>
void DeadlineBoard::each(Do f) const noexcept {
  for (DeadlineJob* job = first_.load(std::memory_order_acquire); job; job = job->next_.load(std::memory_order_acquire))
    if (!f(*job)) return;
}

// It may be in the order still, for what was posted before.
void DeadlineBoard::add(DeadlineJob& job) noexcept {
  if (job.is_fresh_) return;
  job.is_fresh_ = true;
  job.next_fresh_ = fresh_.load(std::memory_order_relaxed);
  while (!fresh_.compare_exchange_weak(job.next_fresh_, &job, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

// A helper that stands on one that is moved goes on from its new place.
template <class Gone>
void DeadlineBoard::sort_in(Gone gone) noexcept {
  DeadlineJob* fresh = fresh_.exchange(nullptr, std::memory_order_acquire);
  for (std::atomic<DeadlineJob*>* link = &first_; DeadlineJob* job = link->load(std::memory_order_relaxed);) {
    if (job->is_fresh_ || gone(*job))
      link->store(job->next_.load(std::memory_order_relaxed), std::memory_order_release);
    else
      link = &job->next_;
  }
  for (; fresh; fresh = fresh->next_fresh_) {
    fresh->is_fresh_ = false;
    if (gone(*fresh)) continue;
    std::atomic<DeadlineJob*>* link = &first_;
    while (DeadlineJob* job = link->load(std::memory_order_relaxed)) {
      if (job->due_ > fresh->due_) break;
      link = &job->next_;
    }
    fresh->next_.store(link->load(std::memory_order_relaxed), std::memory_order_relaxed);
    link->store(fresh, std::memory_order_release);
  }
}

void DeadlineBoard::keep(uint64_t program) noexcept {
  sort_in([program](const DeadlineJob& job) { return job.bank_ && job.bank_->program_serial != program; });
}

void DeadlineBoard::work(uint64_t frame) noexcept {
  const uint64_t tick = frame / kTick;
  sort_in([tick](const DeadlineJob& job) { return job.due_ / kTick < tick; });
  const Share share = this->share(tick);
  int done = 0;
  each([&](DeadlineJob& job) { return (done += job.do_begun(share.begun - done)) < share.begun; });
  each([&](DeadlineJob& job) { return (done += job.do_open(share.least - done)) < share.least; });
}

// Up to each deadline there is what is due until then, to be done in the ticks that remain until then.
DeadlineBoard::Share DeadlineBoard::share(uint64_t tick) const noexcept {
  Share share;
  int all = 0, begun = 0;
  each([&](const DeadlineJob& job) {
    const DeadlineJob::Left left = job.left();
    constexpr uint64_t kFar = 1 << 24;
    const int ticks = int(std::min(job.due_ / kTick - tick, kFar)) + 1;
    all += left.open + left.begun;
    begun += left.begun;
    share.least = std::max(share.least, (all + ticks - 1) / ticks);
    share.begun = std::max(share.begun, begun / ticks);
    return true;
  });
  return share;
}

bool DeadlineBoard::help() noexcept {
  bool found = false;
  each([&](DeadlineJob& job) { return !(found = job.help()); });
  return found;
}

void DeadlineBoard::account(int frames) const noexcept {
  each([&](const DeadlineJob& job) {
    if (job.bank_) CostMeter::add_later(*job.bank_->cost, job.usual_ticks(frames));
    return true;
  });
}

}  // namespace mixgraph

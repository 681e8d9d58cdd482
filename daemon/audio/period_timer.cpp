#include "daemon/audio/period_timer.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mixgraph {
namespace {

constexpr double kLateFactor = 1.8;
constexpr double kLoadSeconds = 0.3;
constexpr int kSettlingCallbacks = 16;

/// Adds to a counter that only this thread writes; cheaper than a read-modify-write.
template <class T>
void add(std::atomic<T>& counter, T amount) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

template <class T>
void raise(std::atomic<T>& largest, T value) noexcept {
  if (value > largest.load(std::memory_order_relaxed)) largest.store(value, std::memory_order_relaxed);
}

}  // namespace

void PeriodTimer::arm() noexcept {
  latest_ns_.store(monotonic_ns(), std::memory_order_relaxed);
}

void PeriodTimer::begin(int frames, int64_t now_ns) noexcept {
  if (callbacks_.load(std::memory_order_relaxed) == 0) {
    due_ns_ = now_ns;
    least_debt_ns_ = std::numeric_limits<int64_t>::max();
  } else {
    judge_gap(now_ns - latest_ns_.load(std::memory_order_relaxed));
  }
  clock_.publish({frames_.load(std::memory_order_relaxed), now_ns});
  latest_ns_.store(now_ns, std::memory_order_relaxed);
  period_ns_ = std::llround(frames * 1e9 / rate_);
  period_.store(frames, std::memory_order_relaxed);
  add<uint64_t>(frames_, frames);
  add<uint64_t>(callbacks_, 1);
}

void PeriodTimer::judge_gap(int64_t gap_ns) noexcept {
  const bool late = gap_ns > kLateFactor * period_ns_;
  if (late) add<uint64_t>(late_, 1);
  if (late || work_ns_ > period_ns_) {
    const LateBlock block{latest_ns_.load(std::memory_order_relaxed), gap_ns, work_ns_, period_ns_};
    late_blocks_.push({&block, 1});
  }
  raise(max_gap_ns_, gap_ns);
  find_lost_time(latest_ns_.load(std::memory_order_relaxed) + gap_ns, late);
}

// A late callback loses nothing if the next ones come early and make up for it. So the debt (time by which
// callbacks lag behind the earliest ones) is watched until it has not shrunk for 16 callbacks; what is left
// then was lost. Without a late callback the debt is the drift of the two clocks, and is forgotten.
void PeriodTimer::find_lost_time(int64_t now_ns, bool late) noexcept {
  due_ns_ = std::min(due_ns_ + period_ns_, now_ns);
  const int64_t debt = now_ns - due_ns_;
  if (late || debt < least_debt_ns_ - period_ns_ / 20) {
    settling_ = settling_ || late;
    least_debt_ns_ = debt;
    since_least_ = 0;
    return;
  }
  least_debt_ns_ = std::min(least_debt_ns_, debt);
  if (++since_least_ < kSettlingCallbacks) return;
  // Less than half a period is jitter of the callback that was late.
  if (settling_ && least_debt_ns_ > period_ns_ / 2) {
    add<uint64_t>(lost_frames_, std::llround(least_debt_ns_ * rate_ / 1e9));
  }
  due_ns_ += least_debt_ns_;
  least_debt_ns_ = std::numeric_limits<int64_t>::max();
  since_least_ = 0;
  settling_ = false;
}

void PeriodTimer::end(int64_t now_ns) noexcept {
  work_ns_ = now_ns - latest_ns_.load(std::memory_order_relaxed);
  const double load = static_cast<double>(work_ns_) / std::max<int64_t>(period_ns_, 1);
  loads_.note(load);
  if (load > kOverload) add<uint64_t>(overloads_, 1);
  raise(load_max_, load);
  const double smoothing = std::min(1.0, period_ns_ / (kLoadSeconds * 1e9));
  const double before = load_.load(std::memory_order_relaxed);
  load_.store(before + smoothing * (load - before), std::memory_order_relaxed);
}

bool PeriodTimer::alive(int64_t now_ns) const noexcept {
  const double period_ns = 1e9 * period_.load(std::memory_order_relaxed) / rate_;
  const double patience_ns = std::clamp(10 * period_ns, 100e6, std::max(150e6, 2.5 * period_ns));
  return now_ns - latest_ns_.load(std::memory_order_relaxed) <= patience_ns;
}

bool PeriodTimer::take_late(LateBlock& block) const noexcept {
  if (late_blocks_.consumed() == late_blocks_.readable()) return false;
  block = late_blocks_.front();
  late_blocks_.pop();
  return true;
}

void PeriodTimer::report(DriverStatus& status) const {
  status.rate = rate_;
  if (const int period = period_.load(std::memory_order_relaxed)) status.period = period;
  status.callbacks = callbacks_.load(std::memory_order_relaxed);
  status.late = late_.load(std::memory_order_relaxed);
  status.overloads = overloads_.load(std::memory_order_relaxed);
  status.lost_frames = lost_frames_.load(std::memory_order_relaxed);
  status.max_gap_ms = static_cast<double>(max_gap_ns_.load(std::memory_order_relaxed)) * 1e-6;
  status.load = load_.load(std::memory_order_relaxed);
  status.load_max = load_max_.load(std::memory_order_relaxed);
}

}  // namespace mixgraph

#include "daemon/audio/late_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace mixgraph {
namespace {

constexpr int64_t kUsualCall = 60'000'000;         // between two calls of follow()
constexpr int64_t kRotation = 5'000'000'000;       // of the loads
constexpr int64_t kStall = 100'000'000, kLost = 1'000'000'000;

/// The kernel's account of a thread; zeros if it does not tell.
ThreadAccount account_of(int thread) {
  char name[64], text[128];
  std::snprintf(name, sizeof name, "/proc/self/task/%d/schedstat", thread);
  const int file = open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  if (size <= 0) return {};
  text[size] = 0;
  char* second = nullptr;
  const int64_t ran_ns = std::strtoll(text, &second, 10);
  return {thread, ran_ns, std::strtoll(second, nullptr, 10)};
}

std::string_view kind_of(int64_t length_ns, int64_t period_ns) {
  if (length_ns > std::max(kLost, 10 * period_ns)) return "lost";
  return length_ns > std::max(kStall, 10 * period_ns) ? "stall" : "late";
}

}  // namespace

std::string_view name_of(LateCause cause) {
  if (cause == LateCause::work) return "work";
  return cause == LateCause::scheduler ? "scheduler" : "device";
}

LateCause LateLog::judge(const LateBlock& block, bool on_clock) const {
  const int64_t late_ns = block.gap_ns - block.period_ns;
  const bool long_work = double(block.work_ns) > kOverload * double(block.period_ns) && 2 * block.work_ns >= late_ns;
  const int64_t length_ns = long_work ? block.work_ns : late_ns;
  if (std::max(kept_waiting_ns_, stopped_ns_) >= length_ns / 2) return LateCause::scheduler;
  if (long_work) return LateCause::work;
  return on_clock ? LateCause::scheduler : LateCause::device;
}

void LateLog::look_at_thread(const PeriodTimer& timer, int64_t now_ns) {
  const ThreadAccount audio = account_of(timer.thread()), own = account_of(gettid());
  const bool known = followed_ == &timer && audio.thread > 0 && audio.thread == audio_.thread && own.thread == own_.thread;
  kept_waiting_ns_ = known ? audio.waited_ns - audio_.waited_ns : 0;
  // Time in which this thread, too, neither ran nor waited for its turn, and was not asleep as usual.
  const int64_t accounted_ns = kUsualCall + own.ran_ns - own_.ran_ns + own.waited_ns - own_.waited_ns;
  stopped_ns_ = known ? std::max<int64_t>(0, now_ns - seen_ns_ - accounted_ns) : 0;
  audio_ = audio;
  own_ = own;
  seen_ns_ = now_ns;
}

void LateLog::keep_loads(const PeriodTimer& timer, int64_t now_ns) {
  latest_ = timer.loads();
  if (followed_ != &timer) older_ = newer_ = latest_;
  if (now_ns - rotated_ns_ < kRotation) return;
  rotated_ns_ = now_ns;
  older_ = newer_;
  newer_ = latest_;
}

void LateLog::follow(const PeriodTimer& timer, bool on_clock, int64_t now_ns) {
  look_at_thread(timer, now_ns);
  keep_loads(timer, now_ns);
  followed_ = &timer;
  LateBlock block;
  while (timer.take_late(block)) {
    const LateCause cause = judge(block, on_clock);
    const int64_t length_ns = cause == LateCause::work ? block.work_ns : block.gap_ns - block.period_ns;
    counts_[size_t(cause)]++;
    events_.push_back({block.began_ns + block.period_ns, double(length_ns) * 1e-6, cause,
                       kind_of(length_ns, block.period_ns)});
    if (events_.size() > kKept) events_.pop_front();
  }
}

double LateLog::recent_load(double share) const {
  return latest_.since(older_).percentile(share);
}

}  // namespace mixgraph

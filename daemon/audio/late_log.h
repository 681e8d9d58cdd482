#pragma once
#include <array>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "daemon/audio/period_timer.h"

namespace mixgraph {

/// Whose fault it was that sound came late.
enum class LateCause : uint8_t {
  work,       ///< our own: a period's processing took too long
  scheduler,  ///< the audio thread was ready, or its process stopped, and did not run
  device,     ///< the device or its server did not ask for sound
};
std::string_view name_of(LateCause cause);

/// A block that came late, with its cause.
struct LateEvent {
  int64_t monotonic_ns = 0;  ///< when it should have come
  double milliseconds = 0;   ///< how long our work took, or else how much too late the device's call came
  LateCause cause = LateCause::work;
  std::string_view kind;  ///< "late"; "stall": more than 10 periods and 100 ms; "lost": more than 1 s
};

/// What the kernel knows of a thread, in ns since its start.
struct ThreadAccount {
  int thread = 0;         ///< its number; 0: nothing is known
  int64_t ran_ns = 0;
  int64_t waited_ns = 0;  ///< ready to run, but not running
};

/// Finds out why blocks came late, and keeps the latest of them. A thread that was ready to run and did not is
/// told by the kernel's account of it; a process that was stopped is told by the gap in these very calls.
/// [control]
class LateLog {
 public:
  static constexpr size_t kKept = 64;

  /// Takes what a driver's timer has noted; call it about every 50 ms for the driver in use.
  /// `on_clock`: the system clock paces it, so that there is no device to blame.
  void follow(const PeriodTimer& timer, bool on_clock, int64_t now_ns);

  const std::deque<LateEvent>& events() const { return events_; }
  uint64_t count(LateCause cause) const { return counts_[size_t(cause)]; }
  /// The load of the blocks of the latest 5 to 10 s that a share (0..1) did not exceed.
  double recent_load(double share) const;

 private:
  LateCause judge(const LateBlock& block, bool on_clock) const;
  void look_at_thread(const PeriodTimer& timer, int64_t now_ns);
  void keep_loads(const PeriodTimer& timer, int64_t now_ns);

  std::deque<LateEvent> events_;
  std::array<uint64_t, 3> counts_{};
  const PeriodTimer* followed_ = nullptr;
  int64_t seen_ns_ = 0;      // the latest call
  ThreadAccount audio_, own_;  // of the audio thread, and of the one that calls
  int64_t kept_waiting_ns_ = 0, stopped_ns_ = 0;  // between the latest two calls
  int64_t rotated_ns_ = 0;
  LoadCounts older_, newer_, latest_;
};

}  // namespace mixgraph

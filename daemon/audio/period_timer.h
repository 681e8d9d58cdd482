#pragma once
#include <atomic>
#include <cstdint>

#include "daemon/audio/frame_clock.h"
#include "daemon/audio/load_histogram.h"
#include "graph/queue.h"

namespace mixgraph {

/// Work that takes more of a period leaves no room for what else may come.
inline constexpr double kOverload = 0.8;

/// A callback that came late, or our work on one that took longer than its period.
struct LateBlock {
  int64_t began_ns = 0;  ///< monotonic: when the callback before began
  int64_t gap_ns = 0;    ///< from there to the next one
  int64_t work_ns = 0;   ///< what our processing took of it
  int64_t period_ns = 0;
};

/// Times a driver's callbacks by the monotonic clock: lateness, lost time, load and heartbeat. PortAudio's
/// own flags under-count (one for a stall of any length), so they are not used for any of this.
class PeriodTimer {
 public:
  /// `rate` in Hz.
  explicit PeriodTimer(double rate) : rate_(rate) {}

  /// Starts the heartbeat; before the first callback. [control]
  void arm() noexcept;
  /// At the start and the end of every callback; `now_ns` by the monotonic clock. [audio]
  void begin(int frames, int64_t now_ns) noexcept;
  void end(int64_t now_ns) noexcept;

  /// The latest callback is no older than 10 periods, but at least 100 ms and at most 150 ms or 2.5 periods.
  /// [any]
  bool alive(int64_t now_ns) const noexcept;
  /// Frames asked for since arm(). [any]
  uint64_t frames() const noexcept { return frames_.load(std::memory_order_relaxed); }
  ClockReading clock() const noexcept { return clock_.read(); }
  /// Frames of the latest period; 0 before the first. [any]
  int period() const noexcept { return period_.load(std::memory_order_relaxed); }
  /// The audio thread, as the kernel numbers it; for whoever starts it. [control]
  void set_thread(int thread) noexcept { thread_.store(thread, std::memory_order_relaxed); }
  int thread() const noexcept { return thread_.load(std::memory_order_relaxed); }
  /// The oldest late block that was not taken yet; false: there is none. At most 256 wait; more in a row are
  /// only counted. [control]
  bool take_late(LateBlock& block) const noexcept;
  LoadCounts loads() const noexcept { return loads_.read(); }  ///< [any]
  /// Fills in rate, period and the counts. [control]
  void report(DriverStatus& status) const;

 private:
  void judge_gap(int64_t gap_ns) noexcept;
  void find_lost_time(int64_t now_ns, bool late) noexcept;

  const double rate_;
  FrameClock clock_;
  std::atomic<int64_t> latest_ns_{0};
  std::atomic<int> period_{0};
  std::atomic<uint64_t> callbacks_{0}, frames_{0}, late_{0}, overloads_{0}, lost_frames_{0};
  std::atomic<int64_t> max_gap_ns_{0};
  std::atomic<double> load_{0}, load_max_{0};
  std::atomic<int> thread_{0};
  LoadHistogram loads_;
  mutable Queue<LateBlock> late_blocks_{256};

  // Audio thread only.
  int64_t period_ns_ = 0;  // length of the previous period
  int64_t work_ns_ = 0;    // what it took
  int64_t due_ns_ = 0;     // when this callback would have come, by the earliest ones
  int64_t least_debt_ns_ = 0;
  int since_least_ = 0;
  bool settling_ =
      false;  // a late callback was seen, and it is not known yet whether its time is made up for
};

}  // namespace mixgraph

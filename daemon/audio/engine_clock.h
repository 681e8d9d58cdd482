#pragma once
#include <cstdint>

#include "daemon/audio/driver.h"
#include "daemon/osc/now.h"

namespace mixgraph {

/// Which frame of the engine is due at which system time. Periods never begin early, only late, so the
/// earliest ones tell where the device's clock is. Frames are tied to the time at the nominal rate, so that
/// bundles keep their distance exactly, and the tie stays as it is until it is off by half a millisecond, or by
/// two while bundles wait: devices drift slowly, the system's clock is corrected, a stall loses time. A system clock that
/// is set moves no frame: the monotonic one says which is due. [control]
class EngineClock {
 public:
  explicit EngineClock(double rate) : rate_(rate) {}

  /// The latest period that the engine ran, from AudioHost::clock(); call it every few milliseconds.
  /// `waiting`: there are bundles whose time is to come.
  void observe(const ClockReading& reading, bool waiting = false);
  /// The same, with the time by which the system's clock is ahead of the monotonic one.
  void observe(const ClockReading& reading, bool waiting, int64_t offset_ns);

  /// This instant by all clocks.
  Now now() const;
  /// The same for given clocks.
  Now at(int64_t monotonic_ns, int64_t system_ns) const;

 private:
  void follow_step(int64_t step);
  void tie(int64_t zero_ns, int64_t now_ns, bool settle);
  void end_window(int64_t now_ns, bool waiting);

  const double rate_;
  int64_t zero_ns_ = 0;       // system time of frame 0
  int64_t offset_ns_ = 0;     // by which the system's clock was ahead of the monotonic one at the latest reading
  uint64_t latest_ = 0;       // frame of the latest reading
  int64_t window_ns_ = 0;     // when the window began; the earliest zeros of this one and the one before:
  int64_t earliest_ns_ = 0, earliest_before_ns_ = 0;
  int64_t settled_ns_ = 0;    // until then any earlier period moves the tie
  int64_t error_ns_ = 0;
  int32_t ties_ = 0;          // 0: nothing is known yet
};

}  // namespace mixgraph

#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>

#include "daemon/audio/driver.h"
#include "daemon/control/now.h"

namespace mixgraph {

/// Which frame of the engine is due at which time. Periods never begin early, only late, so the earliest ones
/// tell where the device's clock is; slow drift is followed. [control]
class EngineClock {
 public:
  explicit EngineClock(double rate) : ns_per_frame_(1e9 / rate) {}

  /// The latest period that the engine ran, from AudioHost::clock().
  void observe(const ClockReading& reading) {
    if (reading.monotonic_ns == 0 || (reading.frame == latest_ && known_)) return;
    latest_ = reading.frame;
    const double zero = double(reading.monotonic_ns) - double(reading.frame) * ns_per_frame_;
    const double error = zero - zero_ns_;
    const bool jumped = std::abs(error) > 50e6;  // another device, or a stall
    zero_ns_ = !known_ || jumped ? zero : zero_ns_ + error * (error < 0 ? 0.5 : 0.002);
    known_ = true;
  }

  /// This instant by all clocks.
  Now now() const {
    using namespace std::chrono;
    Now now;
    now.monotonic_ns = duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
    now.system_ns = duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
    if (known_) now.frame = uint64_t(std::max(0.0, (double(now.monotonic_ns) - zero_ns_) / ns_per_frame_));
    return now;
  }

 private:
  const double ns_per_frame_;
  double zero_ns_ = 0;  // monotonic time of frame 0
  uint64_t latest_ = 0;
  bool known_ = false;
};

}  // namespace mixgraph

#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>

#include "daemon/audio/driver.h"

namespace mixgraph {

/// The monotonic clock, in nanoseconds; no system call on machines with a usual clock source. [any]
inline int64_t monotonic_ns() noexcept {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

/// A clock reading that one thread writes and any thread reads, without a lock (a seqlock).
class FrameClock {
 public:
  /// [audio], or any single writer.
  void publish(ClockReading reading) noexcept {
    const uint32_t turn = turn_.load(std::memory_order_relaxed);
    turn_.store(turn + 1, std::memory_order_relaxed);
    frame_.store(reading.frame, std::memory_order_release);
    ns_.store(reading.monotonic_ns, std::memory_order_release);
    turn_.store(turn + 2, std::memory_order_release);
  }

  /// The latest reading; zeros before the first. [any]
  ClockReading read() const noexcept {
    while (true) {
      const uint32_t before = turn_.load(std::memory_order_acquire);
      const ClockReading reading{frame_.load(std::memory_order_acquire), ns_.load(std::memory_order_acquire)};
      if (before % 2 == 0 && turn_.load(std::memory_order_relaxed) == before) return reading;
    }
  }

 private:
  std::atomic<uint32_t> turn_{0};  // odd while a reading is being written
  std::atomic<uint64_t> frame_{0};
  std::atomic<int64_t> ns_{0};
};

}  // namespace mixgraph

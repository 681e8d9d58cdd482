#pragma once
#include <cmath>
#include <cstdint>

namespace mixgraph {

/// One instant by the three clocks that matter to control. Whoever drives Control reads them; Control never
/// does.
struct Now {
  uint64_t frame = 0;        ///< of the engine: the one that is due
  int64_t system_ns = 0;     ///< since 1970, as time tags count
  int64_t monotonic_ns = 0;  ///< for leases and intervals
  int64_t zero_ns = 0;       ///< system time at which frame 0 was due: what ties frames to time tags
  double error_ms = 0;       ///< by which the tie may be off
  int32_t ties = 1;          ///< how often frames were tied to the time anew

  /// The engine's frame at a system time; 0 when that is before its start. `rate` in Hz. While the tie stays,
  /// times that are whole frames apart are so many frames apart.
  uint64_t frame_at(int64_t when_ns, double rate) const {
    const long double at = static_cast<long double>(when_ns - zero_ns) * rate / 1'000'000'000;
    return at <= 0 ? 0 : uint64_t(std::llround(at));
  }
  /// The system time at which a frame is due.
  int64_t time_of(uint64_t at_frame, double rate) const {
    return zero_ns + std::llround(static_cast<long double>(at_frame) * 1'000'000'000 / rate);
  }
};

inline constexpr int64_t kMillisecond = 1'000'000;  ///< ns
inline constexpr int64_t kSecond = 1'000'000'000;   ///< ns
inline constexpr int64_t kNever = INT64_MAX;        ///< later than any time

}  // namespace mixgraph

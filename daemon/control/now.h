#pragma once
#include <cstdint>

namespace mixgraph {

/// One instant by the three clocks that matter to control. Whoever drives Control reads them; Control never
/// does.
struct Now {
  uint64_t frame = 0;        ///< of the engine: the one that is due
  int64_t system_ns = 0;     ///< since 1970, as time tags count
  int64_t monotonic_ns = 0;  ///< for leases and intervals

  /// The engine's frame at another system time; 0 when that is before its start. `rate` in Hz.
  uint64_t frame_at(int64_t when_ns, double rate) const {
    const double at = double(frame) + double(when_ns - system_ns) * 1e-9 * rate;
    return at <= 0 ? 0 : uint64_t(at + 0.5);
  }
};

inline constexpr int64_t kMillisecond = 1'000'000;  ///< ns
inline constexpr int64_t kSecond = 1'000'000'000;   ///< ns

}  // namespace mixgraph

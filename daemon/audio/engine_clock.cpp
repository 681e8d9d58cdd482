#include "daemon/audio/engine_clock.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

namespace mixgraph {
namespace {

constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
constexpr int64_t kWindow = 125 * kMillisecond;
constexpr int64_t kSettling = kSecond;
constexpr int64_t kTolerance = kMillisecond / 2, kWaitingTolerance = 2 * kMillisecond;
constexpr int64_t kStep = 5 * kMillisecond;  // of the system's clock since the latest reading
constexpr int64_t kJump = 150 * kMillisecond;  // more than any catching up

struct Clocks {
  int64_t monotonic_ns, system_ns;
};

/// Both clocks at the same instant, as nearly as can be had.
Clocks read_clocks() {
  using namespace std::chrono;
  const auto monotonic = [] { return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count(); };
  const auto system = [] { return duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count(); };
  Clocks best{};
  int64_t narrowest = kNone;
  for (int i = 0; i < 3; i++) {
    const int64_t before = monotonic(), between = system(), after = monotonic();
    if (after - before < narrowest) narrowest = after - before, best = {before + (after - before) / 2, between};
    if (narrowest < 1000) break;
  }
  return best;
}

}  // namespace

void EngineClock::observe(const ClockReading& reading, bool waiting) {
  const Clocks clocks = read_clocks();
  observe(reading, waiting, clocks.system_ns - clocks.monotonic_ns);
}

void EngineClock::observe(const ClockReading& reading, bool waiting, int64_t offset_ns) {
  if (reading.monotonic_ns == 0 || (ties_ > 0 && reading.frame == latest_)) return;
  latest_ = reading.frame;
  const int64_t step = offset_ns - std::exchange(offset_ns_, offset_ns);
  if (ties_ > 0 && std::abs(step) > kStep) follow_step(step);
  const int64_t now_ns = reading.monotonic_ns;
  const int64_t zero = now_ns + offset_ns - std::llround(static_cast<long double>(reading.frame) * 1'000'000'000 / rate_);
  if (ties_ == 0 || zero - zero_ns_ > kJump) return tie(zero, now_ns, true);
  const int64_t tolerance = waiting ? kWaitingTolerance : kTolerance;
  if (zero < zero_ns_ && (now_ns < settled_ns_ || zero_ns_ - zero > tolerance)) {
    tie(zero, now_ns, zero_ns_ - zero > kJump);
  }
  earliest_ns_ = std::min(earliest_ns_, zero);
  if (now_ns - window_ns_ >= kWindow) end_window(now_ns, waiting);
}

/// The system's clock was set: the frames stay with the monotonic one.
void EngineClock::follow_step(int64_t step) {
  zero_ns_ += step;
  if (earliest_ns_ != kNone) earliest_ns_ += step;
  if (earliest_before_ns_ != kNone) earliest_before_ns_ += step;
  ties_++;
}

void EngineClock::tie(int64_t zero_ns, int64_t now_ns, bool settle) {
  if (settle || ties_ == 0) settled_ns_ = now_ns + kSettling;
  zero_ns_ = zero_ns;
  window_ns_ = now_ns;
  earliest_ns_ = earliest_before_ns_ = kNone;
  error_ns_ = 0;
  ties_++;
}

/// Two windows without an early period: the tie is too early itself.
void EngineClock::end_window(int64_t now_ns, bool waiting) {
  const int64_t earliest = std::min(earliest_ns_, earliest_before_ns_);
  const bool both = earliest_before_ns_ != kNone;
  earliest_before_ns_ = earliest_ns_;
  earliest_ns_ = kNone;
  window_ns_ = now_ns;
  error_ns_ = std::abs(earliest - zero_ns_);
  if (both && earliest - zero_ns_ > (waiting ? kWaitingTolerance : kTolerance)) tie(earliest, now_ns, false);
}

Now EngineClock::at(int64_t monotonic_ns, int64_t system_ns) const {
  Now now;
  now.monotonic_ns = monotonic_ns;
  now.system_ns = system_ns;
  if (ties_ == 0) {
    now.zero_ns = system_ns;
    now.ties = 0;
    return now;
  }
  const int64_t step = system_ns - monotonic_ns - offset_ns_;
  now.zero_ns = zero_ns_ + (std::abs(step) > kStep ? step : 0);
  now.error_ms = double(error_ns_) / kMillisecond;
  now.ties = ties_;
  const long double frame = static_cast<long double>(system_ns - now.zero_ns) * rate_ / 1'000'000'000;
  now.frame = frame <= 0 ? 0 : uint64_t(frame);
  return now;
}

Now EngineClock::now() const {
  const Clocks clocks = read_clocks();
  return at(clocks.monotonic_ns, clocks.system_ns);
}

}  // namespace mixgraph

#include "tests/support/steady_work.h"

#include <algorithm>
#include <fstream>

#include "daemon/audio/realtime.h"

namespace mixgraph {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
constexpr Clock::duration kPeriod = 5333us;
constexpr long kCalibration = 20'000'000;

void work(long rounds) {
  static volatile double value = 1;
  for (long i = 0; i < rounds; i++) value = value * 1.0000001 + 1e-9;
}

/// How long this thread was ready to run, but did not. [ns]
long waited() {
  std::ifstream account("/proc/thread-self/schedstat");
  long ran = 0, waited = 0;
  account >> ran >> waited;
  return waited;
}

}  // namespace

SteadyWork::SteadyWork(double share) : thread_([this, share] { run(share); }) { raise_priority(thread_.native_handle(), kAudioPriority); }

SteadyWork::~SteadyWork() {
  ends_ = true;
  thread_.join();
}

void SteadyWork::run(double share) {
  const auto start = Clock::now();
  work(kCalibration);
  const long rounds = long(share * kCalibration * double(kPeriod.count()) / double((Clock::now() - start).count()));
  for (auto next = Clock::now(); !ends_; std::this_thread::sleep_until(next)) {
    const long before = waited();
    const auto begun = Clock::now();
    work(rounds);
    const auto took = Clock::now() - begun;
    const std::chrono::nanoseconds waiting(waited() - before);
    if (took > kPeriod && 2 * waiting < took) interrupted_++;
    worst_ms_ = std::max<double>(worst_ms_, std::chrono::duration<double, std::milli>(took).count());
    next = std::max(next + kPeriod, Clock::now());
  }
}

}  // namespace mixgraph

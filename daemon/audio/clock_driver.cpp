#include "daemon/audio/clock_driver.h"

#include <time.h>
#include <unistd.h>

#include <cmath>

#include "graph/denormals.h"

namespace mixgraph {
namespace {

constexpr int64_t kCatchUpNs = 100'000'000;

void sleep_until(int64_t ns) {
  const timespec until{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) != 0) {
  }
}

}  // namespace

ClockDriver::ClockDriver(const DriverSettings& settings, std::string note)
    : settings_(settings),
      note_(std::move(note)),
      period_(settings.period > 0 ? settings.period : kDefaultPeriod),
      silence_(period_),
      unheard_(static_cast<size_t>(period_) * settings.outputs),
      in_(settings.inputs, silence_.data()),
      timer_(settings.rate) {
  for (int channel = 0; channel < settings.outputs; ++channel) {
    out_.push_back(unheard_.data() + static_cast<size_t>(channel) * period_);
  }
}

std::optional<Problem> ClockDriver::start(AudioCallback callback) {
  if (running_) return Problem{"audio", "the clock is running already", ""};
  callback_ = callback;
  lock_memory();
  timer_.arm();
  running_ = true;
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "mg-clock");
  realtime_ = raise_priority(thread_.native_handle(), kAudioPriority);
  return {};
}

bool ClockDriver::stop() {
  running_ = false;
  if (thread_.joinable()) thread_.join();
  return true;
}

void ClockDriver::run() noexcept {
  signal_stack_.use();
  const NoDenormals no_denormals;
  timer_.set_thread(gettid());
  const double period_ns = period_ * 1e9 / settings_.rate;
  const int64_t start_ns = monotonic_ns();
  for (uint64_t slot = 0; running_.load(std::memory_order_relaxed); ++slot) {
    const int64_t behind = monotonic_ns() - start_ns - std::llround(static_cast<double>(slot) * period_ns);
    if (behind > kCatchUpNs) slot += static_cast<uint64_t>(static_cast<double>(behind) / period_ns);
    sleep_until(start_ns + std::llround(static_cast<double>(slot) * period_ns));
    timer_.begin(period_, monotonic_ns());
    callback_.process(callback_.context, in_.data(), out_.data(), period_);
    timer_.end(monotonic_ns());
  }
}

DriverStatus ClockDriver::status() const {
  DriverStatus status;
  status.driver = "clock";
  status.device = "system clock";
  status.note = note_;
  status.period = period_;
  status.inputs = settings_.inputs;
  status.outputs = settings_.outputs;
  status.realtime = realtime_.granted;
  status.realtime_note = realtime_.note;
  status.memory_locked = lock_memory().granted;
  status.memory_note = lock_memory().note;
  status.running = running_;
  timer_.report(status);
  return status;
}

}  // namespace mixgraph

#pragma once
#include <atomic>
#include <thread>

#include "daemon/audio/period_timer.h"
#include "daemon/audio/realtime.h"

namespace mixgraph {

/// A silent device paced by the system clock: inputs are silence, outputs go nowhere. Every period has an
/// absolute deadline, so it does not drift. After a stall of up to 100 ms it catches up; after a longer one
/// it skips whole periods, which are counted as lost frames.
class ClockDriver final : public Driver {
 public:
  static constexpr int kDefaultPeriod = 256;

  /// `note` says why the clock was chosen; may be empty.
  explicit ClockDriver(const DriverSettings& settings, std::string note = {});
  ~ClockDriver() override { stop(); }

  std::optional<Problem> start(AudioCallback callback) override;
  bool stop() override;
  bool alive() const override { return timer_.alive(monotonic_ns()); }
  DriverStatus status() const override;
  ClockReading clock() const override { return timer_.clock(); }
  const PeriodTimer& timer() const override { return timer_; }

 private:
  void run() noexcept;

  const DriverSettings settings_;
  const std::string note_;
  const int period_;
  AudioCallback callback_;
  std::vector<float> silence_, unheard_;
  std::vector<const float*> in_;
  std::vector<float*> out_;
  PeriodTimer timer_;
  SignalStack signal_stack_;
  Permission realtime_;
  std::atomic<bool> running_{false};
  std::thread thread_;
};

}  // namespace mixgraph

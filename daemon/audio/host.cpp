#include "daemon/audio/host.h"

#include <algorithm>
#include <array>
#include <thread>

#include "daemon/audio/clock_driver.h"
#include "daemon/audio/portaudio.h"

namespace mixgraph {
namespace {

using namespace std::chrono_literals;

constexpr std::array kBackOff = {500ms, 1000ms, 2000ms, 5000ms};
constexpr uint64_t kWakingCallbacks = 10;
constexpr auto kSteady = 10s;  // a device that ran for less keeps its place in the back-off
constexpr auto kStopPatience = 1s;

void add_counts(DriverStatus& sum, const DriverStatus& more) {
  sum.callbacks += more.callbacks;
  sum.late += more.late;
  sum.overloads += more.overloads;
  sum.lost_frames += more.lost_frames;
  sum.in_under += more.in_under;
  sum.in_over += more.in_over;
  sum.out_under += more.out_under;
  sum.out_over += more.out_over;
  sum.max_gap_ms = std::max(sum.max_gap_ms, more.max_gap_ms);
  sum.load_max = std::max(sum.load_max, more.load_max);
}

}  // namespace

/// A driver and its seat, which stays for ever if the driver does not let go.
struct AudioHost::Held {
  std::unique_ptr<Gate::Seat> seat;
  std::unique_ptr<Driver> driver;
  uint64_t callbacks_at_loss = 0;

  Held(std::shared_ptr<Gate> gate, uint32_t number, std::unique_ptr<Driver> opened)
      : seat(std::make_unique<Gate::Seat>(std::move(gate), number)), driver(std::move(opened)) {}
  ~Held() {
    if (!driver->stop()) (void)seat.release();
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  /// Opens a driver and starts it outside the gate.
  static Result<std::shared_ptr<Held>> open(const DriverSettings& settings, std::shared_ptr<Gate> gate,
                                            uint32_t number) {
    auto opened = open_driver(settings);
    if (!opened) return opened.problems();
    auto held = std::make_shared<Held>(std::move(gate), number, std::move(*opened));
    if (auto problem = held->driver->start(held->seat->callback())) return *problem;
    return held;
  }

  bool woke() const {
    return driver->alive() && driver->status().callbacks >= callbacks_at_loss + kWakingCallbacks;
  }
};

/// An attempt to open the lost device, on a thread of its own.
struct AudioHost::Attempt {
  std::atomic<bool> done{false};
  std::shared_ptr<Held> held;  // null = failed
  std::string reason;
};

AudioHost::AudioHost(DriverSettings settings, AudioCallback engine)
    : settings_(std::move(settings)),
      gate_(std::make_shared<Gate>(engine, settings_.rate, settings_.outputs)) {}

Problems AudioHost::start(IfMissing if_missing) {
  if (active_) return {{"audio", "the audio host runs already", ""}};
  if (Problems problems = check(settings_); !problems.empty()) return problems;
  auto opened = Held::open(settings_, gate_, ++seats_);
  if (opened) {
    adopt(std::move(*opened));
    gate_->admit(active_->seat->number(), false);
    return {};
  }
  const std::string why = opened.problems().front().what;
  const bool any_device =
      settings_.driver == "auto" && settings_.device.empty() && settings_.input_device.empty();
  if (!any_device && if_missing == IfMissing::refuse) return opened.problems();
  enter_clock("no sound device can be used (" + why + ")");
  if (any_device) return {};
  detached_ = true;
  reason_ = why;
  schedule_attempt();
  return {};
}

/// Makes a started driver the active one, and remembers its device by identity.
void AudioHost::adopt(std::shared_ptr<Held> held) {
  active_ = std::move(held);
  adopted_ = std::chrono::steady_clock::now();
  const DriverStatus status = active_->driver->status();
  on_device_ = status.driver != "clock";
  if (!on_device_) return;
  settings_.driver = "portaudio";
  settings_.device = status.device;
  if (status.input_device != status.device) settings_.input_device = status.input_device;
}

/// Puts a clock driver in the place of the active one; false if the active one is inside the engine and stays
/// there.
bool AudioHost::enter_clock(const std::string& why) {
  DriverSettings settings = settings_;
  settings.driver = "clock";
  if (active_) settings.period = std::clamp(active_->driver->status().period, kMinPeriod, kMaxPeriod);
  auto clock = std::make_shared<Held>(gate_, ++seats_, std::make_unique<ClockDriver>(settings, why));
  clock->driver->start(clock->seat->callback());
  if (!gate_->admit(clock->seat->number(), false)) return false;
  active_ = std::move(clock);
  on_device_ = false;
  return true;
}

std::vector<std::string> AudioHost::poll() {
  std::vector<std::string> events;
  if (!active_) return events;
  late_.follow(active_->driver->timer(), !on_device_, monotonic_ns());
  if (on_device_ && !active_->driver->alive()) lose_device(events);
  if (detached_) look_after_lost_device(events);
  return events;
}

void AudioHost::lose_device(std::vector<std::string>& events) {
  auto lost = active_;
  if (!enter_clock("stands in for `" + settings_.device + "`")) return;
  lost->callbacks_at_loss = lost->driver->status().callbacks;
  lost_ = std::move(lost);
  detached_ = true;
  reason_.clear();
  if (std::chrono::steady_clock::now() - adopted_ > kSteady) attempts_ = 0;
  ++losses_;
  schedule_attempt();
  events.push_back("`" + settings_.device + "` stopped asking for sound: running on the clock");
}

void AudioHost::look_after_lost_device(std::vector<std::string>& events) {
  if (lost_ && lost_->woke()) {
    if (give_back(lost_, events)) lost_.reset();
  } else if (attempt_) {
    finish_attempt(events);
  } else if (std::chrono::steady_clock::now() >= next_attempt_) {
    begin_attempt();
  }
}

bool AudioHost::give_back(std::shared_ptr<Held> held, std::vector<std::string>& events) {
  if (!gate_->admit(held->seat->number(), true)) return false;
  retire(std::move(active_));
  adopt(std::move(held));
  detached_ = false;
  reason_.clear();
  events.push_back("`" + settings_.device + "` is back");
  return true;
}

/// Closes what is left of the lost device, then opens it again.
void AudioHost::begin_attempt() {
  ++attempts_;
  if (lost_) add_counts(earlier_, lost_->driver->status());
  attempt_ = std::make_shared<Attempt>();
  std::thread([attempt = attempt_, lost = std::move(lost_), settings = settings_, gate = gate_,
               number = ++seats_]() mutable {
    lost.reset();
    auto opened = Held::open(settings, std::move(gate), number);
    if (opened) attempt->held = std::move(*opened);
    if (!opened) attempt->reason = opened.problems().front().what;
    attempt->done = true;
  }).detach();
}

void AudioHost::finish_attempt(std::vector<std::string>& events) {
  if (!attempt_->done) return;
  if (attempt_->held) {
    if (give_back(attempt_->held, events)) attempt_.reset();
    return;
  }
  if (attempt_->reason != reason_) events.push_back(attempt_->reason);
  reason_ = attempt_->reason;
  attempt_.reset();
  schedule_attempt();
}

void AudioHost::schedule_attempt() {
  const size_t step = std::min<size_t>(attempts_, kBackOff.size() - 1);
  next_attempt_ = std::chrono::steady_clock::now() + kBackOff[step];
}

/// Lets a driver go on a thread of its own, as it may take its time.
void AudioHost::retire(std::shared_ptr<Held> held) {
  add_counts(earlier_, held->driver->status());
  std::thread([gone = std::move(held)]() mutable { gone.reset(); }).detach();
}

int AudioHost::period() const {
  return active_ ? active_->driver->timer().period() : 0;
}

HostStatus AudioHost::status() const {
  HostStatus status;
  status.state = "stopped";
  if (!active_) return status;
  status.driver = active_->driver->status();
  add_counts(status.driver, earlier_);
  if (lost_) add_counts(status.driver, lost_->driver->status());
  status.driver.lost_frames += gate_->lost_frames();
  status.state = detached_ ? "detached: " + settings_.device : "running";
  status.detached = detached_;
  status.reason = reason_;
  status.attempts = attempts_;
  status.losses = losses_;
  return status;
}

bool AudioHost::stop() {
  const bool closed = gate_->admit(0, false, kStopPatience);
  if (!closed && active_) {
    // A driver is inside the engine and does not come out; nothing that it touches may go away.
    new std::shared_ptr<Held>(active_);
  }
  const auto until = std::chrono::steady_clock::now() + kStopPatience;
  while (attempt_ && !attempt_->done && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(1ms);
  const bool attempt_done = !attempt_ || attempt_->done;
  attempt_.reset();
  lost_.reset();
  active_.reset();
  detached_ = on_device_ = false;
  return closed && attempt_done && stuck_portaudio_call().empty();
}

}  // namespace mixgraph

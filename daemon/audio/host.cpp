#include "daemon/audio/host.h"

#include <algorithm>
#include <array>
#include <thread>

#include "daemon/audio/clock_driver.h"
#include "daemon/audio/pa_stream.h"
#include "daemon/audio/portaudio.h"

namespace mixgraph {
namespace {

using namespace std::chrono_literals;

constexpr std::array kBackOff = {500ms, 1000ms, 2000ms, 5000ms};
constexpr uint64_t kWakingCallbacks = 10;
constexpr auto kSteady = 10s;  // a device that ran for less keeps its place in the back-off
constexpr auto kStopPatience = 1s;
constexpr int64_t kLateIntervalNs = 50'000'000;

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
  std::unique_ptr<EngineGate::Seat> seat;
  std::unique_ptr<Driver> driver;
  uint64_t callbacks_at_loss = 0;

  Held(std::shared_ptr<EngineGate> gate, uint32_t number, std::unique_ptr<Driver> opened)
      : seat(std::make_unique<EngineGate::Seat>(std::move(gate), number)), driver(std::move(opened)) {}
  ~Held() {
    if (!driver->stop()) (void)seat.release();
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  /// Opens a driver and starts it outside the gate.
  static Result<std::shared_ptr<Held>> open(const DriverSettings& settings, std::shared_ptr<EngineGate> gate,
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

/// An attempt to open the device, on a thread of its own.
struct AudioHost::Attempt {
  std::atomic<bool> done{false};
  std::shared_ptr<Held> held;  // null = failed
  std::string reason;
};

AudioHost::AudioHost(DriverSettings settings, AudioCallback engine)
    : settings_(std::move(settings)),
      gate_(std::make_shared<EngineGate>(engine, settings_.rate, settings_.outputs)) {}

Problems AudioHost::start(std::chrono::milliseconds patience) {
  const std::lock_guard lock(mutex_);
  if (active_ || attempt_) return {{"audio", "the audio host runs already", ""}};
  if (Problems problems = check(settings_); !problems.empty()) return problems;
  if (settings_.driver == "clock") {
    enter_clock("");
    return {};
  }
  quiet_sound_libraries();
  presence_ = Presence::look();
  begin_attempt();
  clock_due_ = std::chrono::steady_clock::now() + patience;
  std::vector<std::string> unsaid;
  if (patience <= 0ms) stand_in(unsaid);
  return {};
}

/// The first sound is the device's, unless that takes too long.
void AudioHost::wait_for_first(std::vector<std::string>& events) {
  if (attempt_->done && attempt_->held) {
    adopt(std::exchange(attempt_, nullptr)->held);
    gate_->admit(active_->seat->number(), on_device_);
    attempts_ = 0;
  } else if (attempt_->done || std::chrono::steady_clock::now() >= clock_due_) {
    stand_in(events);
  }
}

void AudioHost::stand_in(std::vector<std::string>& events) {
  enter_clock("stands in for " + wanted());
  detached_ = true;
  events.push_back("running on the clock until " + wanted() + " is there");
}

/// Whether nobody has asked for a device, if there is none.
bool AudioHost::takes_the_clock() const {
  return settings_.driver == "auto" && settings_.device.empty() && settings_.input_device.empty();
}

std::string AudioHost::wanted() const {
  return settings_.device.empty() ? "the default device" : "`" + settings_.device + "`";
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
  presence_ = Presence::look();
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
  const std::lock_guard lock(mutex_);
  std::vector<std::string> events;
  if (!active_ && attempt_) wait_for_first(events);
  if (!active_) return events;
  if (const int64_t now_ns = monotonic_ns(); now_ns >= next_late_ns_) {
    next_late_ns_ = now_ns + kLateIntervalNs;
    late_.follow(active_->driver->timer(), !on_device_, now_ns);
  }
  if (on_device_ && !active_->driver->alive()) lose_device(events);
  if (detached_) look_after_lost_device(events);
  return events;
}

void AudioHost::lose_device(std::vector<std::string>& events) {
  if (gate_->busy_since_ns() != 0) return;  // it is at work, late as it is
  auto lost = active_;
  if (!enter_clock("stands in for " + wanted())) return;
  lost->callbacks_at_loss = lost->driver->status().callbacks;
  lost_ = std::move(lost);
  detached_ = unclosed_ = true;
  reason_.clear();
  if (std::chrono::steady_clock::now() - adopted_ > kSteady) attempts_ = 0;
  ++losses_;
  schedule_attempt();
  events.push_back("`" + settings_.device + "` stopped asking for sound: running on the clock");
}

void AudioHost::look_after_lost_device(std::vector<std::string>& events) {
  look_for_signs();
  if (lost_ && lost_->woke()) {
    if (give_back(lost_, events)) lost_.reset();
  } else if (attempt_) {
    finish_attempt(events);
  } else if (probe_) {
    probe_outside();
  } else if (std::chrono::steady_clock::now() >= next_attempt_) {
    begin_attempt();
  }
}

/// What may bring the device back before the next attempt is due.
void AudioHost::look_for_signs() {
  const bool stuck = cannot_close();
  const Presence now = Presence::look();
  const bool server = now.has_new_server(presence_), card = now.has_new_card(presence_);
  // What has gone is not forgotten: a sign is something that was never there.
  if (server || card) presence_ = now;
  if (server && unclosed_) wants_restart_ = "the sound server of " + wanted() + " was started again";
  if (server || card || (was_stuck_ && !stuck)) {
    next_attempt_ = std::chrono::steady_clock::now();
    attempts_ = 0;
  }
  was_stuck_ = stuck;
}

/// PortAudio hangs here; whether a new process could use the device is found out by one.
void AudioHost::probe_outside() {
  const auto found = probe_->poll();
  if (!found) return;
  probe_.reset();
  if (*found && cannot_close())
    wants_restart_ = wanted() + " is there, but this process can't get rid of what it was before";
  schedule_attempt();
}

bool AudioHost::cannot_close() const {
  return !stuck_portaudio_call().empty();
}

std::string AudioHost::wants_restart() const {
  const std::lock_guard lock(mutex_);
  return detached_ ? wants_restart_ : "";
}

std::pair<std::string, std::string> AudioHost::device_and_input() const {
  const std::lock_guard lock(mutex_);
  if (!on_device_ && !detached_) return {};
  return {settings_.device, settings_.input_device};
}

bool AudioHost::give_back(std::shared_ptr<Held> held, std::vector<std::string>& events) {
  if (!gate_->admit(held->seat->number(), true)) return false;
  retire(std::move(active_));
  adopt(std::move(held));
  detached_ = unclosed_ = false;
  reason_.clear();
  wants_restart_.clear();
  events.push_back(on_device_ ? wanted() + (losses_ > 0 ? " is back" : " is there") : active_->driver->status().note);
  return true;
}

/// Closes what is left of the lost device, then opens it again.
void AudioHost::begin_attempt() {
  ++attempts_;
  if (cannot_close()) {
    probe_ = std::make_unique<DeviceProbe>(settings_.device);
    return;
  }
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
  unclosed_ = cannot_close();
  if (attempt_->held) {
    if (give_back(attempt_->held, events)) attempt_.reset();
    return;
  }
  if (attempt_->reason != reason_) events.push_back(attempt_->reason);
  reason_ = attempt_->reason;
  attempt_.reset();
  detached_ = !takes_the_clock();
  if (detached_) schedule_attempt();
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

LateLog AudioHost::late() const {
  const std::lock_guard lock(mutex_);
  return late_;
}

int AudioHost::period() const {
  const std::lock_guard lock(mutex_);
  return active_ ? active_->driver->timer().period() : 0;
}

HostStatus AudioHost::status() const {
  const std::lock_guard lock(mutex_);
  HostStatus status;
  status.state = attempt_ ? "opening" : "stopped";
  if (!active_) return status;
  status.driver = active_->driver->status();
  add_counts(status.driver, earlier_);
  if (lost_) add_counts(status.driver, lost_->driver->status());
  status.driver.lost_frames += gate_->lost_frames();
  status.state = !detached_                 ? "running"
                 : settings_.device.empty() ? "detached: the default device"
                                            : "detached: " + settings_.device;
  status.detached = detached_;
  status.reason = reason_;
  status.attempts = attempts_;
  status.losses = losses_;
  return status;
}

bool AudioHost::stop() {
  const std::lock_guard lock(mutex_);
  probe_.reset();
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
  detached_ = on_device_ = unclosed_ = false;
  return closed && attempt_done && stuck_portaudio_call().empty();
}

}  // namespace mixgraph

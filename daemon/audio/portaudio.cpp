#include "daemon/audio/portaudio.h"

#include <chrono>
#include <mutex>

#include "daemon/audio/deadline.h"
#include "daemon/audio/pa_stream.h"

namespace mixgraph {
namespace {

using namespace std::chrono_literals;

constexpr auto kOpenDeadline = 5s;
constexpr auto kStopDeadline = 1s;

// Never destroyed: a call that was given up may still use it while the process ends.
DeadlineCalls& calls() {
  static auto* const calls = new DeadlineCalls;
  return *calls;
}

/// One attempt to open a device, on a thread that may be given up; so it owns all it touches.
struct Opening {
  DriverSettings settings;
  std::vector<DeviceInfo> devices;
  std::shared_ptr<PaStreamState> stream;
  DeviceInfo output;
  std::optional<DeviceInfo> input;
  std::string note;
  Problems problems;

  void run();
  /// What is known before the start.
  DriverStatus about() const;

 private:
  std::vector<DeviceInfo> candidates();
  void try_output(const DeviceInfo& candidate);
  Result<std::optional<DeviceInfo>> choose_input(const DeviceInfo& for_output) const;
  void add(const Problems& more) { problems.insert(problems.end(), more.begin(), more.end()); }
};

void Opening::run() {
  if (auto problem = initialise_portaudio()) {
    problems.push_back(*problem);
    return;
  }
  devices = read_devices();
  for (const DeviceInfo& candidate : candidates()) {
    if (!stream) try_output(candidate);
  }
  if (!stream) terminate_portaudio();
}

std::vector<DeviceInfo> Opening::candidates() {
  if (!settings.device.empty()) {
    const auto found = find_device(devices, settings.device, Direction::output);
    if (found) return {*found};
    add(found.problems());
    return {};
  }
  const auto found = default_devices(devices, Direction::output);
  if (found.empty()) {
    problems.push_back(
        {"audio", "no JACK server answers and ALSA has no output device", "`clock` needs none"});
  }
  return found;
}

void Opening::try_output(const DeviceInfo& candidate) {
  const auto chosen = choose_input(candidate);
  if (!chosen) return add(chosen.problems());
  output = candidate;
  input = *chosen;
  auto opened = open_stream(settings, output, input);
  const bool inputs_matter = !settings.input_device.empty() || !settings.input_map.empty();
  if (!opened && input && !inputs_matter) {
    const std::string why = opened.problems().front().what;
    input.reset();
    opened = open_stream(settings, output, input);
    if (opened) note = "opened without inputs: " + why;
  }
  if (!opened) return add(opened.problems());
  stream = *opened;
}

Result<std::optional<DeviceInfo>> Opening::choose_input(const DeviceInfo& for_output) const {
  using Choice = std::optional<DeviceInfo>;
  if (settings.inputs == 0) return Choice();
  if (!settings.input_device.empty()) {
    auto found = find_device(devices, settings.input_device, Direction::input);
    if (!found) return found.problems();
    if (found->api == for_output.api) return Choice(*found);
    return Problem{"audio",
                   "`" + found->full_name() + "` cannot go together with `" + for_output.full_name() + "`",
                   "an input device of " + for_output.api + " would be accepted"};
  }
  if (for_output.inputs > 0) return Choice(for_output);
  if (!settings.device.empty()) return Choice();
  for (const DeviceInfo& candidate : default_devices(devices, Direction::input)) {
    if (candidate.api == for_output.api) return Choice(candidate);
  }
  return Choice();
}

DriverStatus Opening::about() const {
  DriverStatus about;
  about.driver = "portaudio";
  about.device = output.full_name();
  about.input_device = input ? input->full_name() : "";
  about.note = note.empty() ? stream->note : note;
  about.period = settings.period;
  about.inputs = settings.inputs;
  about.outputs = settings.outputs;
  about.input_latency_ms = stream->input_latency_ms;
  about.output_latency_ms = stream->output_latency_ms;
  return about;
}

/// An open PortAudio stream.
class PortaudioDriver final : public Driver {
 public:
  PortaudioDriver(std::shared_ptr<PaStreamState> stream, DriverStatus about)
      : stream_(std::move(stream)), about_(std::move(about)) {}
  ~PortaudioDriver() override { stop(); }

  std::optional<Problem> start(AudioCallback callback) override;
  bool stop() override;
  bool alive() const override {
    return running_ && !stream_->ran_away && stream_->timer.alive(monotonic_ns());
  }
  DriverStatus status() const override;
  ClockReading clock() const override { return stream_->timer.clock(); }
  const PeriodTimer& timer() const override { return stream_->timer; }

 private:
  void give_up();

  const std::shared_ptr<PaStreamState> stream_;
  const DriverStatus about_;
  Permission realtime_;
  bool open_ = true;
  bool given_up_ = false;
  std::atomic<bool> running_{false};
};

std::optional<Problem> PortaudioDriver::start(AudioCallback callback) {
  if (!open_ || running_) return Problem{"audio", "`" + about_.device + "` was started already", ""};
  lock_memory();
  stream_->engine = callback;
  stream_->timer.arm();
  auto outcome = std::make_shared<Result<Permission>>(Permission{});
  auto late = calls().run(
      "starting `" + about_.device + "`", kOpenDeadline,
      [stream = stream_, outcome] { *outcome = start_stream(*stream); },
      [stream = stream_] { close_stream(*stream); });
  if (late) {
    give_up();
    return late;
  }
  if (!*outcome) {
    Problem problem = outcome->problems().front();
    problem.what = "`" + about_.device + "`: " + problem.what;
    return problem;
  }
  realtime_ = **outcome;
  running_ = true;
  return {};
}

bool PortaudioDriver::stop() {
  if (!open_) return !given_up_;
  open_ = running_ = false;
  const auto late = calls().run("closing `" + about_.device + "`", kStopDeadline,
                                [stream = stream_] { close_stream(*stream); });
  if (late) give_up();
  return !given_up_;
}

/// The stream can neither be used nor closed. PortAudio may still call into it, so it is kept for ever.
void PortaudioDriver::give_up() {
  static std::mutex mutex;
  static auto* const kept = new std::vector<std::shared_ptr<PaStreamState>>;
  const std::lock_guard lock(mutex);
  kept->push_back(stream_);
  open_ = running_ = false;
  given_up_ = true;
}

DriverStatus PortaudioDriver::status() const {
  DriverStatus status = about_;
  status.realtime = realtime_.granted;
  status.realtime_note = realtime_.note;
  status.memory_locked = lock_memory().granted;
  status.memory_note = lock_memory().note;
  status.in_under = stream_->in_under;
  status.in_over = stream_->in_over;
  status.out_under = stream_->out_under;
  status.out_over = stream_->out_over;
  status.running = running_;
  if (stream_->ran_away) status.note = "stopped: the device keeps no time, it takes sound as fast as it can";
  stream_->timer.report(status);
  if (about_.period != 0 && status.period != about_.period) {
    status.note += std::string(status.note.empty() ? "" : "; ") + "the device sets the period, not " +
                   std::to_string(about_.period) + " frames";
  }
  return status;
}

}  // namespace

Result<std::unique_ptr<Driver>> open_portaudio(const DriverSettings& settings) {
  quiet_sound_libraries();
  auto opening = std::make_shared<Opening>();
  opening->settings = settings;
  auto late = calls().run(
      "opening the sound device", kOpenDeadline, [opening] { opening->run(); },
      [opening] {
        if (opening->stream) close_stream(*opening->stream);
      });
  if (late) return *late;
  if (!opening->stream) return opening->problems;
  return std::unique_ptr<Driver>(std::make_unique<PortaudioDriver>(opening->stream, opening->about()));
}

Result<std::vector<DeviceInfo>> list_devices() {
  quiet_sound_libraries();
  auto listing = std::make_shared<Result<std::vector<DeviceInfo>>>(std::vector<DeviceInfo>{});
  auto late = calls().run("listing the sound devices", kOpenDeadline, [listing] {
    if (auto problem = initialise_portaudio()) {
      *listing = *problem;
      return;
    }
    *listing = read_devices();
    terminate_portaudio();
  });
  if (late) return *late;
  return *listing;
}

std::string stuck_portaudio_call() {
  return calls().stuck();
}

}  // namespace mixgraph

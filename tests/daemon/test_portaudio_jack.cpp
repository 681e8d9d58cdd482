// PortAudio on a real JACK server (its dummy driver). A killed server leaves PortAudio hanging for ever, so
// every scenario runs in a process of its own: this program again, asked for the hidden test case below.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <thread>

#include "daemon/audio/device.h"
#include "daemon/audio/host.h"
#include "daemon/audio/portaudio.h"
#include "tests/support/jack_server.h"

using namespace mixgraph;
using namespace std::chrono_literals;

namespace {

constexpr const char* kScenario = "MIXGRAPH_TEST_SCENARIO";
constexpr const char* kServerPid = "MIXGRAPH_TEST_JACKD";
constexpr int kRecorded = 48000;

/// Plays noise that a frame's number determines, on both channels, and records its input.
struct NoiseEngine {
  std::atomic<int64_t> frames{0};
  std::vector<float> recorded = std::vector<float>(kRecorded);

  AudioCallback callback() { return {this, &NoiseEngine::process}; }

  static float noise(int64_t frame, int channel) {
    uint32_t x = static_cast<uint32_t>(frame) * 2654435761u + static_cast<uint32_t>(channel) * 40503u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    return static_cast<float>(static_cast<int32_t>(x)) * 0x1p-32f;
  }

  static void process(void* context, const float* const* in, float* const* out, int frames) noexcept {
    auto& self = *static_cast<NoiseEngine*>(context);
    const int64_t from = self.frames.load(std::memory_order_relaxed);
    for (int i = 0; i < frames; ++i) {
      if (from + i < kRecorded) self.recorded[from + i] = in[1][i];
      for (int channel = 0; channel < 2; ++channel) out[channel][i] = noise(from + i, channel);
    }
    self.frames.store(from + frames, std::memory_order_release);
  }
};

struct Failure {
  std::string text;
};

void expect(bool condition, const std::string& text) {
  if (!condition) throw Failure{text};
}

template <class Condition>
void expect_soon(Condition condition, std::chrono::milliseconds limit, const std::string& text) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    expect(std::chrono::steady_clock::now() < until, text);
    std::this_thread::sleep_for(5ms);
  }
}

/// Polls as the daemon does, and expects that no poll takes long: it never waits for a device.
bool poll_finds(AudioHost& host, const std::string& state) {
  const auto before = std::chrono::steady_clock::now();
  for (const std::string& event : host.poll()) std::fprintf(stderr, "  event: %s\n", event.c_str());
  expect(std::chrono::steady_clock::now() - before < 500ms, "a poll waited for the device");
  return host.status().state == state;
}

void start(AudioHost& host) {
  const Problems problems = host.start();
  expect(problems.empty(), problems.empty() ? "" : problems.front().text());
  expect_soon([&] { return poll_finds(host, "running"); }, 10s, "it does not start: " + host.status().reason);
}

void signal_server(int signal) {
  kill(std::atoi(getenv(kServerPid)), signal);
}

void without_a_device() {
  const auto devices = list_devices();
  expect(static_cast<bool>(devices), "devices cannot be listed");
  NoiseEngine engine;
  if (default_devices(*devices, Direction::output).empty()) {
    AudioHost host({}, engine.callback());
    start(host);
    const DriverStatus status = host.status().driver;
    expect(status.driver == "clock", "auto took " + status.driver);
    expect(status.note.find("no JACK server answers and ALSA has no output device") != std::string::npos,
           status.note);
    expect_soon([&] { return engine.frames > 4800; }, 5s, "the clock does not run");
    expect(host.stop(), "the host does not stop");
  }
  DriverSettings named;
  named.device = "JACK: system";
  AudioHost detached(named, engine.callback());
  expect(detached.start().empty(), "the host does not start without its device");
  const int64_t before = engine.frames;
  expect_soon([&] { return poll_finds(detached, "detached: JACK: system"); }, 5s, "it is not waited for");
  expect_soon([&] { return poll_finds(detached, "") || !detached.status().reason.empty(); }, 5s, "no reason is given");
  expect(detached.status().reason == "no output device `JACK: system`", detached.status().reason);
  expect_soon([&] { return engine.frames > before + 4800; }, 5s, "the clock does not stand in");
  const auto attempted = [&] {
    return poll_finds(detached, "detached: JACK: system") && detached.status().attempts > 1;
  };
  expect_soon(attempted, 20s, "the device is not tried again");
  expect(detached.stop(), "the detached host does not stop");
}

void finds_jack_and_plays() {
  const auto devices = list_devices();
  expect(devices && find_device(*devices, "JACK: system", Direction::output),
         "JACK's devices are not listed");
  NoiseEngine engine;
  AudioHost host({}, engine.callback());
  start(host);
  expect_soon([&] { return engine.frames > 24000; }, 10s, "JACK does not ask for sound");
  const HostStatus status = host.status();
  expect(status.state == "running" && status.driver.driver == "portaudio", status.state);
  expect(status.driver.device == "JACK: system", status.driver.device);
  expect(status.driver.period == 64 && status.driver.rate == 48000,
         "period " + std::to_string(status.driver.period));
  expect(status.driver.load > 0 && status.driver.load < 1, "load");
  expect(!status.driver.realtime_note.empty() && !status.driver.memory_note.empty(), "no notes");
  std::fprintf(
      stderr, "  %s; %s; latency in %.2f out %.2f ms; late %lu lost %lu max gap %.2f ms load %.3f/%.3f\n",
      status.driver.realtime_note.c_str(), status.driver.memory_note.c_str(), status.driver.input_latency_ms,
      status.driver.output_latency_ms, status.driver.late, status.driver.lost_frames,
      status.driver.max_gap_ms, status.driver.load, status.driver.load_max);
  expect(host.stop(), "the host does not stop");
  start(host);  // PortAudio can be opened again
  expect(host.stop(), "the host does not stop a second time");
}

/// The loudest sample of a part of the recording.
float loudest(const NoiseEngine& engine, int from, int to) {
  float most = 0;
  for (int i = from; i < to; ++i) most = std::max(most, std::abs(engine.recorded[i]));
  return most;
}

/// The delay at which the recording is the noise that was played on `channel`; -1 = none.
int delay_of(const NoiseEngine& engine, int channel, int from, int count) {
  for (int delay = 0; delay < 9600; ++delay) {
    int i = 0;
    while (i < count && engine.recorded[from + i] == NoiseEngine::noise(from + i - delay, channel)) ++i;
    if (i == count) return delay;
  }
  return -1;
}

void loopback_returns_what_was_played() {
  DriverSettings settings;
  settings.device = "loopback";
  settings.input_map = {2, 1};   // input 2 hears device channel 1,
  settings.output_map = {2, 1};  // which is where output 2 goes
  NoiseEngine engine;
  AudioHost host(settings, engine.callback());
  start(host);
  expect_soon([&] { return engine.frames >= kRecorded; }, 20s, "the loopback does not run");
  expect(host.stop(), "the host does not stop");
  expect(loudest(engine, 0, 480) < 0.1 && loudest(engine, 0, 4800) > 0.2, "the sound does not fade in");
  // An xrun of this machine breaks the alignment, so it is enough that a tenth of a second is untouched.
  for (int from = 9600; from + 4800 <= kRecorded; from += 4800) {
    const int delay = delay_of(engine, 1, from, 4800);
    if (delay < 0) continue;
    std::fprintf(stderr, "  loopback: bit for bit, delayed by %d frames\n", delay);
    expect(delay_of(engine, 0, from, 4800) < 0, "both channels fit: the test proves nothing");
    return;
  }
  throw Failure{"what comes back is not what was played"};
}

void another_rate_is_refused_with_the_right_one() {
  DriverSettings settings;
  settings.rate = 44100;
  settings.device = "JACK: system";
  const auto opened = open_driver(settings);
  expect(!opened, "JACK opened at 44.1 kHz");
  expect(opened.problems().front().hint == "a rate of 48000 Hz would be accepted",
         opened.problems().front().text());
  settings.device.clear();
  settings.rate = 48000;
  settings.output_map = {1, 7};
  const auto mapped = open_driver(settings);
  expect(mapped && (*mapped)->status().driver == "clock", "channel 7 of 2 was accepted");
}

void a_killed_server_is_replaced_by_the_clock() {
  NoiseEngine engine;
  AudioHost host({}, engine.callback());
  start(host);
  expect_soon([&] { return engine.frames > 4800; }, 10s, "JACK does not ask for sound");
  signal_server(SIGKILL);
  const auto killed = std::chrono::steady_clock::now();
  const auto detached = [&] { return poll_finds(host, "detached: JACK: system"); };
  expect_soon(detached, 2s, "the loss is not found");
  const int64_t at_loss = engine.frames;
  expect_soon([&] { return engine.frames > at_loss; }, 2s, "the clock does not take over");
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - killed;
  std::fprintf(stderr, "  the clock took over %.0f ms after the kill\n", took.count());
  const ClockReading before = host.clock();
  const auto retried = [&] { return detached() && host.status().attempts >= 2; };
  expect_soon(retried, 20s, "the device is not tried again");
  std::fprintf(stderr, "  reason: %s\n", host.status().reason.c_str());
  const HostStatus status = host.status();
  expect(status.losses == 1 && status.driver.driver == "clock", "not on the clock");
  expect(status.driver.lost_frames > 0, "the lost time is not counted");
  const ClockReading after = host.clock();
  expect(after.frame > before.frame && after.monotonic_ns > before.monotonic_ns, "the frame clock stands");
  const auto stopping = std::chrono::steady_clock::now();
  std::fprintf(stderr, "  clean stop: %s\n", host.stop() ? "yes" : "no");
  expect(std::chrono::steady_clock::now() - stopping < 5s, "the stop waited for JACK");
}

/// A server that stops for a while and wakes up.
void stall(std::chrono::milliseconds length) {
  NoiseEngine engine;
  AudioHost host({}, engine.callback());
  start(host);
  expect_soon([&] { return engine.frames > 4800; }, 10s, "JACK does not ask for sound");
  signal_server(SIGSTOP);
  const auto until = std::chrono::steady_clock::now() + length;
  expect_soon([&] { return poll_finds(host, "detached: JACK: system"); }, 2s, "the stall is not found");
  while (std::chrono::steady_clock::now() < until) {
    poll_finds(host, "");
    std::this_thread::sleep_for(20ms);
  }
  signal_server(SIGCONT);
  expect_soon([&] { return poll_finds(host, "running"); }, 30s,
              "the device does not come back: " + host.status().reason);
  expect(host.status().driver.device == "JACK: system", "not the same device");
  const int64_t before = engine.frames;
  expect_soon([&] { return engine.frames > before + 4800; }, 5s, "the device is back but silent");
  std::fprintf(stderr, "  back after %d attempts\n", host.status().attempts);
  expect(host.stop(), "the host does not stop");
}

const std::map<std::string, std::function<void()>> kScenarios = {
    {"without a device", without_a_device},
    {"finds JACK and plays", finds_jack_and_plays},
    {"loopback", loopback_returns_what_was_played},
    {"another rate", another_rate_is_refused_with_the_right_one},
    {"killed server", a_killed_server_is_replaced_by_the_clock},
    {"short stall", [] { stall(300ms); }},
    {"long stall", [] { stall(2500ms); }},
};

int run_scenario(const std::string& name, const std::string& server, pid_t server_pid) {
  setenv(kScenario, name.c_str(), 1);
  setenv(kServerPid, std::to_string(server_pid).c_str(), 1);
  const int code =
      finish(spawn({"/proc/self/exe", "[jack-scenario]", "-o", "/dev/null"}, server, false), 90s);
  unsetenv(kScenario);
  return code;
}

}  // namespace

TEST_CASE("one scenario in a process of its own", "[.][jack-scenario]") {
  const char* name = getenv(kScenario);
  if (!name) return;
  int code = 0;
  try {
    kScenarios.at(name)();
  } catch (const Failure& failure) {
    std::fprintf(stderr, "scenario `%s`: %s\n", name, failure.text.c_str());
    code = 1;
  }
  _exit(code);  // exit handlers may hang in PortAudio
}

TEST_CASE("without a sound device auto takes the clock, and a named device is waited for", "[jack]") {
  CHECK(run_scenario("without a device", jack_server_name(), 0) == 0);
}

TEST_CASE("PortAudio on a JACK server", "[jack]") {
  if (!jack_is_installed()) {
    WARN("skipped: jackd (Debian package jackd2) is not installed");
    return;
  }
  const std::string scenario =
      GENERATE("finds JACK and plays", "another rate", "short stall", "long stall", "killed server");
  INFO(scenario);
  const std::string name = jack_server_name();
  const JackServer server(name);
  REQUIRE(server.answers());
  CHECK(run_scenario(scenario, name, server.pid()) == 0);
}

TEST_CASE("JACK's loopback returns what was played", "[jack]") {
  if (!jack_is_installed()) {
    WARN("skipped: jackd (Debian package jackd2) is not installed");
    return;
  }
  const std::string name = jack_server_name();
  const JackServer server(name, 2);
  REQUIRE(server.answers());
  CHECK(run_scenario("loopback", name, server.pid()) == 0);
}

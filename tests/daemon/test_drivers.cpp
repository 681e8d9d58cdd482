#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

#include "daemon/audio/channels.h"
#include "daemon/audio/clock_driver.h"
#include "daemon/audio/deadline.h"
#include "daemon/audio/device.h"
#include "daemon/audio/engine_gate.h"
#include "daemon/audio/host.h"
#include "daemon/audio/offline.h"
#include "daemon/audio/period_timer.h"
#include "graph/denormals.h"

using namespace mixgraph;
using namespace std::chrono_literals;

namespace {

/// An engine of two channels that plays a ramp by frame number and adds its input.
struct RampEngine {
  std::atomic<int64_t> frames{0};
  std::atomic<int> inside{0};
  std::atomic<bool> overlapped{false};

  AudioCallback callback() { return {this, &RampEngine::process}; }

  static void process(void* context, const float* const* in, float* const* out, int frames) noexcept {
    auto& self = *static_cast<RampEngine*>(context);
    if (self.inside.fetch_add(1) != 0) self.overlapped = true;
    const int64_t from = self.frames.load();
    for (int channel = 0; channel < 2; ++channel) {
      for (int i = 0; i < frames; ++i) out[channel][i] = static_cast<float>(from + i + 1) + in[channel][i];
    }
    self.frames = from + frames;
    self.inside.fetch_sub(1);
  }
};

template <class Condition>
bool wait_for(Condition condition, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

DeviceInfo device(const char* api, const char* name, int inputs, int outputs, bool is_default = false) {
  DeviceInfo info;
  info.api = api;
  info.name = name;
  info.inputs = inputs;
  info.outputs = outputs;
  info.default_input = info.default_output = is_default;
  return info;
}

/// Feeds a timer at 48 kHz with 480-frame (10 ms) periods at the given times.
DriverStatus timed(const std::vector<double>& times_ms, PeriodTimer& timer) {
  for (const double ms : times_ms) {
    const auto now = static_cast<int64_t>(1e9 + ms * 1e6);
    timer.begin(480, now);
    timer.end(now + 1'000'000);
  }
  DriverStatus status;
  timer.report(status);
  return status;
}

std::vector<double> regular(int count, double from_ms, double step_ms = 10) {
  std::vector<double> times;
  for (int i = 0; i < count; ++i) times.push_back(from_ms + i * step_ms);
  return times;
}

void append(std::vector<double>& times, const std::vector<double>& more) {
  times.insert(times.end(), more.begin(), more.end());
}

}  // namespace

TEST_CASE("driver settings: everything wrong is said at once") {
  DriverSettings settings;
  CHECK(check(settings).empty());
  settings.driver = "asio";
  settings.rate = std::numeric_limits<double>::quiet_NaN();
  settings.period = 8;
  settings.outputs = 2;
  settings.output_map = {3, 3};
  settings.input_map = {0};
  const Problems problems = check(settings);
  CHECK(problems.size() == 6);
  CHECK(problems.front().text() == "audio: no driver `asio`; auto, portaudio or clock would be accepted");
  CHECK_FALSE(open_driver(settings));
}

TEST_CASE("devices are found by name, part of a name, or host API, and never guessed") {
  const std::vector<DeviceInfo> devices = {
      device("ALSA", "USB Audio: - (hw:1,0)", 2, 2), device("ALSA", "default", 32, 32, true),
      device("ALSA", "Microphone (hw:2,0)", 1, 0), device("JACK", "system", 2, 2, true),
      device("JACK", "system monitor", 2, 2)};
  const auto name = [&](const char* wanted, Direction direction = Direction::output) {
    const auto found = find_device(devices, wanted, direction);
    return found ? found->full_name() : found.problems().front().what;
  };
  CHECK(name("usb") == "ALSA: USB Audio: - (hw:1,0)");
  CHECK(name("System") == "JACK: system");
  CHECK(name("jack: system") == "JACK: system");
  CHECK(name("alsa:") == "ALSA: default");
  CHECK(name("JACK: monitor") == "JACK: system monitor");
  // Plugged in again as another card.
  CHECK(name("ALSA: USB Audio: - (hw:3,0)") == "ALSA: USB Audio: - (hw:1,0)");
  CHECK(name("microphone", Direction::input) == "ALSA: Microphone (hw:2,0)");
  CHECK(name("microphone") == "no output device `microphone`");
  CHECK(name("alsa: system") == "no output device `alsa: system`");
  CHECK(name("s") == "`s` fits several output devices");
  const auto defaults = default_devices(devices, Direction::output);
  REQUIRE(defaults.size() == 2);
  CHECK(defaults[0].full_name() == "JACK: system");
  CHECK(defaults[1].full_name() == "ALSA: default");
  CHECK(find_device({}, "x", Direction::output).problems().front().hint ==
        "there are no output devices; `clock` needs none");
}

TEST_CASE("channel maps lead to the right device channels") {
  const auto swapped = map_channels({4, 1}, 2, 4, "output");
  REQUIRE(swapped);
  CHECK(swapped->device_channels == 4);
  const auto mono = map_channels({}, 2, 1, "input");
  REQUIRE(mono);
  CHECK(mono->note == "only input 1..1 of 2 are connected: the device has no more");
  const auto outside = map_channels({1, 5}, 2, 4, "output");
  REQUIRE_FALSE(outside);
  CHECK(outside.problems().front().text() ==
        "audio: the device has no output channel 5; 1..4 would be accepted");

  ChannelRouter router(*mono, *swapped);
  RampEngine engine;
  const int frames = kMaxPeriod + 100;  // longer than the engine takes at once
  std::vector<float> input(frames, 0.5f);
  std::array<std::vector<float>, 4> outputs;
  outputs.fill(std::vector<float>(frames, 9.0f));
  const float* in[] = {input.data()};
  float* out[] = {outputs[0].data(), outputs[1].data(), outputs[2].data(), outputs[3].data()};
  router.run(engine.callback(), in, out, frames);
  CHECK(engine.frames == frames);
  CHECK(outputs[3][frames - 1] == frames + 0.5f);  // engine channel 1 has the input
  CHECK(outputs[0][frames - 1] == frames);         // engine channel 2 has none
  CHECK(outputs[1] == std::vector<float>(frames, 0.0f));
  CHECK(outputs[2] == std::vector<float>(frames, 0.0f));
}

TEST_CASE("lateness and lost time come from the clock") {
  PeriodTimer timer(48000);
  SECTION("a regular device loses nothing") {
    const auto status = timed(regular(100, 0), timer);
    CHECK(status.callbacks == 100);
    CHECK(status.late == 0);
    CHECK(status.lost_frames == 0);
    CHECK(status.period == 480);
    CHECK(status.max_gap_ms == Approx(10));
    CHECK(status.load == Approx(0.1).margin(0.01));
    CHECK(timer.clock().frame == 99 * 480);
    CHECK(timer.clock().monotonic_ns == 1'990'000'000);
  }
  SECTION("a stall that is made up for is late, but loses nothing") {
    auto times = regular(50, 0);
    append(times, regular(6, 540, 1));  // five periods late, then a burst
    append(times, regular(50, 550, 10));
    const auto status = timed(times, timer);
    CHECK(status.late == 1);
    CHECK(status.lost_frames == 0);
    CHECK(status.max_gap_ms == Approx(50));
  }
  SECTION("a stall that is not made up for loses its time, each once") {
    auto times = regular(50, 0);
    append(times, regular(50, 590));
    append(times, regular(50, 1180));
    const auto status = timed(times, timer);
    CHECK(status.late == 2);
    CHECK(status.lost_frames == 9 * 480 * 2);
  }
  SECTION("drift of the device's clock is neither") {
    const auto status = timed(regular(20000, 0, 10.002), timer);  // 200 ppm slow: 40 ms in all
    CHECK(status.late == 0);
    CHECK(status.lost_frames == 0);
  }
  SECTION("the heartbeat") {
    timed(regular(10, 0), timer);
    const int64_t latest = timer.clock().monotonic_ns;
    CHECK(timer.alive(latest + 99'000'000));
    CHECK_FALSE(timer.alive(latest + 101'000'000));
  }
}

TEST_CASE("the gate lets one driver at a time into the engine") {
  RampEngine engine;
  auto gate = std::make_shared<EngineGate>(engine.callback(), 48000, 2);
  EngineGate::Seat first(gate, 1), second(gate, 2);
  std::array<float, 64> zeros{}, left, right;
  const float* in[] = {zeros.data(), zeros.data()};
  float* out[] = {left.data(), right.data()};
  const auto call = [&](EngineGate::Seat& seat) {
    left.fill(9);
    right.fill(9);
    seat.callback().process(seat.callback().context, in, out, 64);
  };

  call(first);
  CHECK(engine.frames == 0);
  CHECK(left == zeros);
  REQUIRE(gate->admit(1, false));
  call(first);
  CHECK(left[63] == 64);
  CHECK(gate->clock().frame == 0);
  call(second);
  CHECK(right == zeros);
  REQUIRE(gate->admit(2, true));
  call(first);  // a replaced driver that comes back
  CHECK(left == zeros);
  call(second);
  CHECK(engine.frames == 128);
  CHECK(gate->clock().frame == 64);
  CHECK(left[0] == 0);  // faded in
  CHECK(left[63] < 1);
  for (int i = 0; i < 40; ++i) call(second);
  CHECK(left[63] == engine.frames);  // the fade ends
}

TEST_CASE("drivers that call while they are exchanged never meet in the engine") {
  RampEngine engine;
  auto gate = std::make_shared<EngineGate>(engine.callback(), 48000, 2);
  std::atomic<bool> stop{false};
  const auto hammer = [&](uint32_t number) {
    EngineGate::Seat seat(gate, number);
    std::array<float, 64> silence{}, left{}, right{};
    const float* in[] = {silence.data(), silence.data()};
    float* out[] = {left.data(), right.data()};
    while (!stop) seat.callback().process(seat.callback().context, in, out, 64);
  };
  std::thread one(hammer, 1), two(hammer, 2);
  int admitted = 0;
  for (uint32_t i = 0; i < 200; ++i) {
    admitted += gate->admit(1 + i % 2, false, 2000ms);
    std::this_thread::sleep_for(100us);
  }
  CHECK(admitted == 200);
  REQUIRE(gate->admit(0, false, 2000ms));
  const int64_t frames = engine.frames;
  std::this_thread::sleep_for(5ms);
  CHECK(engine.frames == frames);
  CHECK(frames > 0);
  CHECK_FALSE(engine.overlapped);
  stop = true;
  one.join();
  two.join();
}

TEST_CASE("a call that does not return is given up, and later ones are refused until it does") {
  struct Shared {
    std::atomic<bool> release{false}, undone{false}, other{false};
  };
  auto shared = std::make_shared<Shared>();
  DeadlineCalls calls;
  CHECK_FALSE(calls.run("quick", 5000ms, [shared] { shared->other = true; }));
  CHECK(shared->other);
  shared->other = false;

  const auto late = calls.run(
      "slow", 20ms,
      [shared] {
        while (!shared->release) std::this_thread::sleep_for(1ms);
      },
      [shared] { shared->undone = true; });
  REQUIRE(late);
  CHECK(late->what == "slow did not return within 20 ms and was given up");
  CHECK(calls.stuck() == "slow");
  CHECK(calls.run("other", 5000ms, [shared] { shared->other = true; }));
  CHECK_FALSE(shared->other);

  shared->release = true;
  CHECK(wait_for([&] { return calls.stuck().empty(); }, 10s));
  CHECK(shared->undone);
  CHECK_FALSE(calls.run("other", 5000ms, [shared] { shared->other = true; }));
  CHECK(shared->other);
}

TEST_CASE("the clock driver asks for as many frames as time has passed") {
  DriverSettings settings;
  settings.driver = "clock";
  settings.period = 64;
  auto driver = open_driver(settings);
  REQUIRE(driver);
  RampEngine engine;
  REQUIRE_FALSE((*driver)->start(engine.callback()));
  REQUIRE(wait_for([&] { return engine.frames > 0; }, 5s));
  const ClockReading begin = (*driver)->clock();
  std::this_thread::sleep_for(300ms);
  const ClockReading end = (*driver)->clock();
  const DriverStatus status = (*driver)->status();
  CHECK((*driver)->stop());
  const int64_t frames = engine.frames;
  std::this_thread::sleep_for(5ms);
  CHECK(engine.frames == frames);

  const double seconds = static_cast<double>(end.monotonic_ns - begin.monotonic_ns) * 1e-9;
  const double asked = static_cast<double>(end.frame - begin.frame + status.lost_frames);
  CHECK(asked / 48000 == Approx(seconds).margin(0.15));
  CHECK(status.running);
  CHECK(status.driver == "clock");
  CHECK(status.period == 64);
  CHECK_FALSE(status.realtime_note.empty());
  CHECK_FALSE(status.memory_note.empty());
}

TEST_CASE("offline gives the engine every frame once, in whole periods and a rest") {
  const auto render = [](int period) {
    RampEngine engine;
    Offline offline(engine.callback(), 2, 2, period);
    std::vector<float> input(1000, 0.25f), left(1000), right(1000);
    const float* in[] = {input.data(), input.data()};
    float* out[] = {left.data(), right.data()};
    offline.run(700, in, out);
    const float* in_rest[] = {input.data() + 700, input.data() + 700};
    float* out_rest[] = {left.data() + 700, right.data() + 700};
    offline.run(300, in_rest, out_rest);
    CHECK(offline.frames() == 1000);
    return left;
  };
  const auto whole = render(64);
  CHECK(whole[0] == 1.25f);
  CHECK(whole[999] == 1000.25f);
  CHECK(render(1) == whole);
  CHECK(render(17) == whole);

  RampEngine engine;
  Offline offline(engine.callback(), 2, 2, 64);
  offline.run(100);  // neither input nor output is needed
  CHECK(engine.frames == 100);
}

TEST_CASE("denormals are off inside the guard only") {
  volatile float tiny = std::numeric_limits<float>::min();
  volatile float half = 0.5f;
  CHECK(tiny * half != 0.0f);
#if defined(__SSE2__) || defined(__aarch64__)
  {
    const NoDenormals guard;
    const float product = tiny * half;
    CHECK(product == 0.0f);
  }
#endif
  CHECK(tiny * half != 0.0f);
}

TEST_CASE("the host runs the engine until it is stopped") {
  DriverSettings settings;
  settings.driver = "clock";
  RampEngine engine;
  AudioHost host(settings, engine.callback());
  CHECK(host.status().state == "stopped");
  REQUIRE(host.start().empty());
  CHECK(wait_for([&] { return engine.frames > 1000; }, 5s));
  CHECK(host.poll().empty());
  CHECK(host.status().state == "running");
  CHECK(host.status().driver.period == ClockDriver::kDefaultPeriod);
  CHECK(host.clock().frame > 0);
  CHECK(host.stop());
  const int64_t frames = engine.frames;
  std::this_thread::sleep_for(10ms);
  CHECK(engine.frames == frames);
  CHECK_FALSE(engine.overlapped);
}

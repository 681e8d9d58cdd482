#include <ebur128.h>

#include "tests/nodes/signals.h"

using namespace mixgraph;
using namespace mixgraph::testing;

namespace {

constexpr double kRate = 48000;

/// libebur128's reading in dBTP of the louder channel.
double libebur128_true_peak(const Channels& x) {
  ebur128_state* state = ebur128_init(unsigned(x.size()), unsigned(kRate), EBUR128_MODE_TRUE_PEAK);
  for (size_t i = 0; i < x[0].size(); i++) {
    float frame[2] = {x[0][i], x.back()[i]};
    ebur128_add_frames_float(state, frame, 1);
  }
  double most = 0;
  for (unsigned c = 0; c < x.size(); c++) {
    double p = 0;
    ebur128_true_peak(state, c, &p);
    most = std::max(most, p);
  }
  ebur128_destroy(&state);
  return decibels(most);
}
double true_peak_dbtp(const Channels& x) {
  double most = 0;
  for (const Samples& s : x) most = std::max(most, ideal_true_peak(s));
  return decibels(most);
}

/// Short bursts of noise and of a falling tone on each beat.
Samples drums(double level, size_t frames) {
  Samples x = noise(level, frames, 7);
  for (size_t i = 0; i < frames; i++) {
    double t = double(i % 9000) / kRate, hit = std::exp(-t * 90), thud = std::exp(-t * 12);
    x[i] = float(x[i] * hit + level * thud * std::sin(2 * kPi * (60 * t + 4 * (1 - std::exp(-t * 30)))));
  }
  return x;
}
Samples gated_tone(double hertz, double level, double degrees, size_t frames) {
  Samples x = sine(hertz, level, double(frames) / kRate, kRate, degrees);
  for (size_t i = 0; i < frames; i++) {
    double t = double(i % 12000) / 480;  // 10 ms fades, 4 per second
    x[i] *= float(std::clamp(std::min(t, 12.5 - t), 0.0, 1.0));
  }
  return x;
}
Samples square(double hertz, double level, size_t frames) {
  Samples x(frames);
  for (size_t i = 0; i < frames; i++)
    x[i] = float(std::fmod(hertz * double(i) / kRate, 1.0) < 0.5 ? level : -level);
  return x;
}
Channels limited(const Channels& x, std::vector<Setting> values = {}) {
  NodeRunner run("limiter", {.rate = kRate, .channels = int(x.size()), .values = values});
  return run.process(x);
}
int latency(std::vector<Setting> values = {}, double rate = kRate) {
  const NodeType& type = find_type("limiter");
  std::vector<Value> all;
  for (int i = 0; i < row_count(type); i++) all.push_back(initial_value(row(type, i)));
  for (auto& s : values) all[size_t(find_row(type, s.row))] = std::get<double>(s.value);
  Environment environment{.rate = rate};
  return type.latency(Setup{environment, 2, all});
}

}  // namespace

TEST_CASE("limiter: true peaks of programmes limited to 20 kHz stay within 0.1 dB of the ceiling",
          "[limiter]") {
  constexpr size_t kFrames = 60000;
  struct Case {
    const char* name;
    Samples signal;
    double tolerance;
  } cases[] = {
      {"noise to 20 kHz", low_passed(noise(4, kFrames), 20000, kRate), 0.10},
      {"drums to 20 kHz", low_passed(drums(4, kFrames), 20000, kRate), 0.10},
      {"square to 20 kHz", low_passed(square(997, 2, kFrames), 20000, kRate), 0.10},
      {"fs/4 at 45 degrees", gated_tone(12000, 2, 45, kFrames), 0.10},
      {"fs/6 at 60 degrees", gated_tone(8000, 2, 60, kFrames), 0.10},
      {"19.9 kHz", gated_tone(19900, 2, 0, kFrames), 0.10},
      {"drums, full band", drums(4, kFrames), 0.30},
      {"square, full band", square(997, 2, kFrames), 0.30},
  };
  for (auto& c : cases) {
    for (size_t i = 0; i < 1000; i++)
      c.signal[i] *= i / 1000.f, c.signal[kFrames - 2000 + i] *= 1 - i / 1000.f;
    std::fill(c.signal.end() - 1000, c.signal.end(),
              0.f);  // or its cut would be a step, which is not limited to 20 kHz
    for (int lookahead = 0; lookahead < 3; lookahead++) {
      Samples other = c.signal;
      for (float& s : other) s *= -0.7f;
      Channels out = limited({c.signal, other}, {{"lookahead", lookahead}});
      double sinc = true_peak_dbtp({out[0]}), ebu = libebur128_true_peak(out);
      INFO(c.name << ", look-ahead " << lookahead << ": ideal " << sinc << ", libebur128 " << ebu << " dBTP");
      CHECK(decibels(peak(c.signal)) > 2.8);
      CHECK(sinc <= -1 + c.tolerance);
      CHECK(ebu <= -1 + c.tolerance);
      CHECK(sinc > -1.6);  // and it doesn't turn down more than it must
      CHECK(peak(out[0]) <= amplitude(-1) * (1 + 1e-6));
    }
  }
}

TEST_CASE("limiter: a limiter of samples alone would let these true peaks pass", "[limiter]") {
  Samples x = gated_tone(12000, 1.2, 45, 48000);  // samples at -1.43 dB, peaks at +1.58 dB
  CHECK(decibels(peak(x)) < -1.4);
  CHECK(true_peak_dbtp({x}) > 1.5);
  CHECK(true_peak_dbtp(limited({x})) <= -0.9);
}

TEST_CASE("limiter: samples never exceed the ceiling, whatever comes and however the rows move",
          "[limiter]") {
  NoDenormals no_denormals;
  for (int lookahead = 0; lookahead < 3; lookahead++) {
    Samples x = noise(1, 96000, 3);
    for (size_t i = 0; i < x.size(); i++) x[i] *= float(std::pow(10, 3 * std::sin(double(i) * 0.001)));
    NodeRunner run("limiter", {.rate = kRate, .channels = 1, .values = {{"lookahead", lookahead}}});
    for (double ceiling : {-1, -12, -24, 0, -6}) {
      run.set("ceiling", ceiling);
      run.process({x}, 1024);
      CHECK(peak(run.process({x})[0]) <= float(amplitude(ceiling)) * (1 + 3e-7f));
    }
    run.move("ceiling", -24, 0.5);
    for (int i = 0; i < 24000;
         i += 64) {  // while it comes down: never above where it was at the block's start
      double at_start = -6 - 18 * i / 24000.0;
      CHECK(peak(run.process({Samples(x.begin() + i, x.begin() + i + 64)})[0]) <=
            amplitude(at_start) * (1 + 1e-6));
    }
  }
}

TEST_CASE("limiter: below the ceiling the output is the input, delayed by the latency that it tells",
          "[limiter]") {
  for (double rate : {44100.0, 48000.0, 96000.0, 192000.0})
    for (int lookahead = 0; lookahead < 3; lookahead++) {
      NodeRunner run("limiter", {.rate = rate, .values = {{"lookahead", lookahead}}});
      Samples x = noise(0.3, 20000), y = sine(997, 0.85, 20000 / rate, rate);
      Channels out = run.process({x, y});
      size_t delay = size_t(latency({{"lookahead", lookahead}}, rate));
      CHECK(delay > 64);
      for (size_t i = delay; i < x.size(); i++)
        REQUIRE((out[0][i] == x[i - delay] && out[1][i] == y[i - delay]));
      CHECK(peak(out[0], 0, delay) == 0);
      CHECK(run.meter("gain_reduction") == 0);
    }
}

TEST_CASE("limiter: after a loud passage it becomes exactly transparent again", "[limiter]") {
  NoDenormals no_denormals;
  NodeRunner run("limiter", {.rate = kRate, .channels = 1});
  run.process({noise(4, 48000)});
  CHECK(run.meter("gain_reduction") > 10);
  run.process({}, 2 * 48000);
  Samples x = noise(0.3, 20000), out = run.process({x})[0];
  size_t delay = size_t(latency());
  for (size_t i = delay; i < x.size(); i++) REQUIRE(out[i] == x[i - delay]);
}

TEST_CASE("limiter: both channels get the gain of the louder", "[limiter]") {
  Samples loud = sine(100, 2, 1), quiet = sine(997, 0.1, 1);
  Channels out = limited({loud, quiet}), mono = limited({quiet});
  double down = decibels(tone(out[1], 997, kRate, 12000) / 0.1);
  CHECK(down == Approx(-7.1).margin(0.15));
  CHECK(decibels(tone(mono[0], 997, kRate, 12000) / 0.1) == Approx(0).margin(1e-3));
}

TEST_CASE("limiter: the gain returns to 63 % in the release time after the hold", "[limiter]") {
  for (double release : {20.0, 80.0, 300.0}) {
    Samples x = sine(6000, 0.1, 3);
    for (size_t i = 24000; i < 48000; i++) x[i] *= 20;  // 2: 7 dB over
    Samples out = limited({x}, {{"release", release}, {"hold", 0}})[0];
    auto gain = [&](double ms) {  // after the last loud frame comes out
      size_t at = size_t(48000 + latency() + ms * 48);
      return tone(out, 6000, kRate, at - 64, at + 64) / 0.1;
    };
    double least = gain(-10), lag = 2.5;  // half the look-ahead: the averages' delay
    CHECK(gain(release + lag) == Approx(1 - (1 - least / 20) * std::exp(-1.0)).margin(0.02));
  }
}

TEST_CASE("limiter: a low note under heavy limiting stays clean", "[limiter]") {
  Samples bass = sine(60, 1.55, 3), probe = sine(1000, 0.05, 3);
  for (size_t i = 0; i < bass.size(); i++) bass[i] += probe[i];
  auto side_band = [&](std::vector<Setting> values) {
    Samples out = limited({bass}, values)[0];
    return decibels(tone(out, 1120, kRate, 48000) / tone(out, 1000, kRate, 48000));
  };
  CHECK(side_band({}) < -60);
  CHECK(side_band({{"hold", 0}, {"lookahead", 0}, {"release", 10}}) > -40);  // what the hold is for
}

TEST_CASE("limiter: moving gain and ceiling makes no clicks", "[limiter]") {
  Samples x = sine(200, 0.5, 2);
  NodeRunner run("limiter", {.rate = kRate, .channels = 1});
  Samples out = run_with_moves(
      run, {x}, {{20000, "gain", 12}, {40000, "ceiling", -6}, {60000, "gain", 0}, {70000, "release", 20}},
      64)[0];
  double steepest = 0;
  for (size_t i = 2; i < out.size(); i++)
    steepest = std::max(steepest, std::abs(double(out[i]) - 2 * double(out[i - 1]) + out[i - 2]));
  double w = 2 * kPi * 200 / kRate;
  CHECK(steepest < 20 * w * w);  // a step of -40 dB would be 0.01: this is 0.0137 at 0 dBFS
}

TEST_CASE("limiter: block sizes and lanes make no difference", "[limiter]") {
  Samples x = noise(2, 4000), y = sine(50, 3, 4000 / kRate);
  std::vector<RowMove> moves{
      {500, "gain", 12}, {900, "ceiling", -10}, {1501, "release", 15}, {2500, "gain", 0}};
  check_block_sizes("limiter", {.rate = kRate}, {x, y}, moves);
  check_block_sizes("limiter", {.rate = kRate, .channels = 1, .values = {{"lookahead", 0}, {"hold", 0}}}, {x},
                    moves);
  check_lanes("limiter", {.rate = kRate}, {x, y}, "ceiling", {-1, -3, -20, 0});
  check_lanes("limiter", {.rate = kRate, .channels = 1}, {x}, "release", {10, 100, 1000});
}

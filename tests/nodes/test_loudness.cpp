#include <ebur128.h>

#include "nodes/dsp/loudness_gate.h"
#include "tests/nodes/signals.h"

using namespace mixgraph;
using namespace mixgraph::testing;

namespace {

struct Part {
  double seconds, level;  ///< dBFS peak
};

/// 1 kHz tones one after the other, phase-continuous, the same in both channels (EBU Tech 3341 and 3342).
Channels tones(const std::vector<Part>& parts, double rate = 48000) {
  Samples x;
  for (const Part& p : parts) {
    size_t end = x.size() + size_t(std::lround(p.seconds * rate));
    for (size_t i = x.size(); i < end; i++)
      x.push_back(float(amplitude(p.level) * std::sin(2 * kPi * std::fmod(1000 * double(i) / rate, 1.0))));
  }
  return {x, x};
}
std::vector<Part> times(int n, const std::vector<Part>& parts) {
  std::vector<Part> all;
  for (int i = 0; i < n; i++) all.insert(all.end(), parts.begin(), parts.end());
  return all;
}

struct Readings {
  double momentary, short_term, integrated, range, true_peak;
  double most_momentary = -200, most_short_term = -200, least_momentary = 200, least_short_term = 200;
};
/// Reads the meter every 10 ms; least and most are those after `settle` seconds.
Readings measure(const Channels& x, double rate = 48000, double settle = 0) {
  NodeRunner run("loudness", {.rate = rate});
  Readings r{};
  size_t piece = size_t(rate / 100), frames = x[0].size();
  for (size_t done = 0; done < frames; done += piece) {
    size_t end = std::min(frames, done + piece);
    run.process({Samples(x[0].begin() + long(done), x[0].begin() + long(end)),
                 Samples(x[1].begin() + long(done), x[1].begin() + long(end))});
    double m = run.meter("momentary"), s = run.meter("short_term");
    if (double(end) < settle * rate) continue;
    r.most_momentary = std::max(r.most_momentary, m), r.least_momentary = std::min(r.least_momentary, m);
    r.most_short_term = std::max(r.most_short_term, s), r.least_short_term = std::min(r.least_short_term, s);
  }
  r.momentary = run.meter("momentary");
  r.short_term = run.meter("short_term");
  r.integrated = run.meter("integrated");
  r.range = run.meter("range");
  r.true_peak = run.meter("true_peak");
  return r;
}

/// libebur128's integrated loudness, and the range of its short-term values ten times a second (EBU Tech
/// 3342; its own range takes one value per second).
std::pair<double, double> libebur128(const Channels& x, double rate) {
  ebur128_state* state = ebur128_init(2, unsigned(rate), EBUR128_MODE_I | EBUR128_MODE_S);
  size_t step = size_t(rate / 10);
  std::vector<double> levels;
  double power = 0;
  for (size_t at = 0; at + step <= x[0].size(); at += step) {
    Samples interleaved;
    for (size_t i = at; i < at + step; i++) interleaved.insert(interleaved.end(), {x[0][i], x[1][i]});
    ebur128_add_frames_float(state, interleaved.data(), step);
    double level = 0;
    ebur128_loudness_shortterm(state, &level);
    if (at + step < 3 * size_t(rate) || level < -70) continue;
    levels.push_back(level);
    power += std::pow(10, level / 10);
  }
  double gate = 10 * std::log10(power / double(levels.size())) - 20, integrated = 0;
  levels.erase(std::remove_if(levels.begin(), levels.end(), [&](double l) { return l < gate; }),
               levels.end());
  std::sort(levels.begin(), levels.end());
  auto at = [&](double part) { return levels[size_t(std::round(double(levels.size() - 1) * part))]; };
  ebur128_loudness_global(state, &integrated);
  ebur128_destroy(&state);
  return {integrated, at(0.95) - at(0.10)};
}

/// A programme with loud, quiet and silent passages.
Channels programme(double rate, double seconds) {
  size_t frames = size_t(seconds * rate);
  Channels x{noise(1, frames, 5), noise(1, frames, 6)};
  for (size_t i = 0; i < frames; i++) {
    double t = double(i) / rate, level = amplitude(-20 + 14 * std::sin(t * 0.43) + 5 * std::sin(t * 3.1));
    if (std::fmod(t, 20) > 17) level = 0;
    for (Samples& s : x) s[i] = float(s[i] * level * 0.5 + 0.3 * level * std::sin(2 * kPi * 80 * t));
  }
  return x;
}

}  // namespace

TEST_CASE("loudness: EBU Tech 3341, signals 1 to 5", "[loudness]") {
  for (double rate : {48000.0, 44100.0, 96000.0, 192000.0}) {
    INFO(rate);
    for (double level : {-23.0, -33.0}) {
      Readings r = measure(tones({{20, level}}, rate), rate);
      CHECK(r.momentary == Approx(level).margin(0.1));
      CHECK(r.short_term == Approx(level).margin(0.1));
      CHECK(r.integrated == Approx(level).margin(0.1));
    }
    if (rate > 48000) continue;
    CHECK(measure(tones({{10, -36}, {60, -23}, {10, -36}}, rate), rate).integrated ==
          Approx(-23).margin(0.1));
    CHECK(measure(tones({{10, -72}, {10, -36}, {60, -23}, {10, -36}, {10, -72}}, rate), rate).integrated ==
          Approx(-23).margin(0.1));
    CHECK(measure(tones({{20, -26}, {20.1, -20}, {20, -26}}, rate), rate).integrated ==
          Approx(-23).margin(0.1));
  }
}

TEST_CASE("loudness: EBU Tech 3341, signals 9 to 14", "[loudness]") {
  Readings r = measure(tones(times(5, {{1.34, -20}, {1.66, -30}})), 48000, 3.01);
  CHECK(r.least_short_term == Approx(-23).margin(0.1));
  CHECK(r.most_short_term == Approx(-23).margin(0.1));
  r = measure(tones(times(25, {{0.18, -20}, {0.22, -30}})), 48000, 1);
  CHECK(r.least_momentary == Approx(-23).margin(0.1));
  CHECK(r.most_momentary == Approx(-23).margin(0.1));
  for (int i = 0; i < 20; i += 3) {
    CHECK(measure(tones({{i * 0.15, -200}, {3, -23}, {1, -200}})).most_short_term == Approx(-23).margin(0.1));
    CHECK(measure(tones({{i * 0.02, -200}, {0.4, -23}, {1, -200}})).most_momentary ==
          Approx(-23).margin(0.1));
    double level = -38 + i;
    CHECK(measure(tones({{i * 0.15, -200}, {3, level}, {3 - i * 0.15, -200}})).most_short_term ==
          Approx(level).margin(0.1));
    CHECK(measure(tones({{i * 0.02, -200}, {0.4, level}, {0.4 - i * 0.02, -200}})).most_momentary ==
          Approx(level).margin(0.1));
  }
}

TEST_CASE("loudness: EBU Tech 3341, signals 15 to 19 (true peak)", "[loudness]") {
  struct Case {
    double divisor, level, degrees, expected;
  };
  for (double rate : {44100.0, 48000.0, 96000.0, 192000.0})
    for (Case c :
         {Case{4, 0.5, 0, -6}, {4, 0.5, 45, -6}, {6, 0.5, 60, -6}, {8, 0.5, 67.5, -6}, {4, 1.41, 45, 3}}) {
      Samples x = sine(rate / c.divisor, c.level, 0.2, rate, c.degrees);
      size_t fade = size_t(rate / 100);
      for (size_t i = 0; i < fade; i++)
        x[i] *= float(i) / float(fade), x[x.size() - 1 - i] *= float(i) / float(fade);
      double reading = measure({x, Samples(x.size())}, rate).true_peak;
      INFO("fs/" << c.divisor << " at " << c.degrees << " degrees, " << rate << " Hz");
      CHECK(reading <= c.expected + 0.2);
      CHECK(reading >= c.expected - 0.4);
      CHECK(reading == Approx(decibels(c.level)).margin(0.02));
    }
}

TEST_CASE("loudness: EBU Tech 3342, signals 1 to 4 (loudness range)", "[loudness]") {
  auto range = [](std::vector<double> levels) {
    std::vector<Part> parts;
    for (double l : levels) parts.push_back({20, l});
    return measure(tones(parts)).range;
  };
  CHECK(range({-20, -30}) == Approx(10).margin(0.1));
  CHECK(range({-20, -15}) == Approx(5).margin(0.1));
  CHECK(range({-40, -20}) == Approx(20).margin(0.1));
  CHECK(range({-50, -35, -20, -35, -50}) == Approx(15).margin(0.1));
}

TEST_CASE("loudness: agrees with libebur128 on a programme", "[loudness]") {
  for (double rate : {44100.0, 48000.0, 96000.0}) {
    Channels x = programme(rate, 65);
    Readings r = measure(x, rate);
    auto [integrated, range] = libebur128(x, rate);
    INFO(rate << " Hz: " << r.integrated << " LUFS, " << r.range << " LU");
    CHECK(r.integrated == Approx(integrated).margin(0.02));
    CHECK(r.range == Approx(range).margin(0.05));
  }
}

TEST_CASE("loudness: 997 Hz at 0 dBFS in one channel reads -3.01 LUFS", "[loudness]") {
  Samples x = sine(997, 1, 5);
  CHECK(measure({x, Samples(x.size())}).integrated == Approx(-3.01).margin(0.01));
  CHECK(measure({x, x}).integrated == Approx(0).margin(0.01));
  CHECK(measure({Samples(48000), Samples(48000)}).integrated == -150);
}

TEST_CASE("loudness: the K-weighting is the table of BS.1770, and both of its stages are needed",
          "[loudness]") {
  baseline::KWeighting k(48000);
  double first = k.square(1, 0), second = k.square(0, 0);
  double b0 = 1.53512485958697, b1 = -2.69169618940638, a1 = -1.69065929318241, c1 = -1.99004745483398;
  CHECK(std::sqrt(first) == Approx(b0).epsilon(1e-12));
  CHECK(std::sqrt(second) == Approx(std::abs(b1 - a1 * b0 - 2 * b0 - c1 * b0)).epsilon(1e-9));
  // Without the high-pass, a tone of 20 Hz would read 14 LU higher; without the shelf, one of 10 kHz 3.3 LU
  // lower.
  CHECK(measure({sine(20, 0.5, 3), Samples(144000)}).integrated < -9.03 - 0.69 - 12);
  CHECK(measure({sine(10000, 0.5, 3), Samples(144000)}).integrated == Approx(-9.03 - 0.691 + 4).margin(0.1));
}

TEST_CASE("loudness: gates at -70 LUFS and -10 LU, a gate at -12 LU would fail signal 3", "[loudness]") {
  baseline::LoudnessGate gate;
  auto add = [&](int blocks, double lufs) {
    for (int i = 0; i < blocks; i++) gate.add(std::pow(10, (lufs + 0.691) / 10));
  };
  add(100, -36);
  add(600, -23);
  add(100, -36);
  add(1000, -70.01);
  CHECK(baseline::loudness_of(gate.mean_above(10)) == Approx(-23).margin(1e-6));
  CHECK(baseline::loudness_of(gate.mean_above(12)) < -24);
  gate.clear();
  CHECK(gate.mean_above(10) == 0);
  CHECK(gate.range_above(20, 0.1, 0.95) == 0);
  for (int i = 1; i <= 200; i++) add(1, -40 + i * 0.1);  // ranks 21 and 190
  CHECK(gate.range_above(20, 0.1, 0.95) == Approx(16.9).margin(0.02));
}

TEST_CASE("loudness: reset starts anew, and the signal passes untouched", "[loudness]") {
  NodeRunner run("loudness", {});
  Channels loud = tones({{5, -10}}), quiet = tones({{5, -30}});
  CHECK(same(run.process(loud), loud));
  CHECK(run.meter("integrated") == Approx(-10).margin(0.1));
  run.process(quiet);
  CHECK(run.meter("integrated") > -14);
  run.process({}, 4800);
  run.set("reset", 1);
  run.process(quiet);
  CHECK(run.meter("integrated") == Approx(-30).margin(0.1));
  CHECK(run.meter("true_peak") == Approx(-30).margin(0.1));
  CHECK(run.allocations() == 0);
}

TEST_CASE("loudness: readings don't depend on block sizes", "[loudness]") {
  Channels x = programme(48000, 6);
  auto integrated = [&](int block_size) {
    NodeRunner run("loudness", {});
    run.process(x, int(x[0].size()), block_size);
    return run.meter("integrated");
  };
  CHECK(integrated(1) == integrated(64));
  CHECK(integrated(17) == integrated(64));
}

TEST_CASE("loudness: EBU Tech 3341, signal 6: five channels and their weights, without the LFE", "[loudness][formats]") {
  const auto tone = [](double level) { return tones({{20, level}})[0]; };
  Channels x{tone(-28), tone(-28), tone(-24), tone(-3), tone(-30), tone(-30)};
  NodeRunner run("loudness", {.channels = usual_format(6)});
  CHECK(run.process(x, int(x[0].size())) == x);
  CHECK(run.meter("integrated") == Approx(-23).margin(0.1));
  CHECK(run.meter("true_peak") == Approx(-3).margin(0.1));  // the LFE has peaks
  // Its surrounds count 1.5 dB more: as fronts they would read a little less.
  NodeRunner discrete("loudness", {.channels = Format(Layout::discrete, 6)});
  x[3].assign(x[3].size(), 0.f);
  discrete.process(x, int(x[0].size()));
  CHECK(discrete.meter("integrated") < run.meter("integrated") - 0.2);
}

#include "tests/nodes/response.h"

using namespace mixgraph;
using namespace mixgraph::testing;

namespace {

constexpr double kRate = 48000;

Channels compressed(const RunnerOptions& options, const Channels& x) {
  NoDenormals no_denormals;
  NodeRunner run("compressor", options);
  return run.process(x);
}
/// The gain in dB, frame by frame, heard through a constant signal while the key is `key`.
Samples gain(std::vector<Setting> values, const Samples& key, double rate = kRate) {
  Samples y = compressed({.rate = rate, .channels = 1, .values = std::move(values)},
                         {Samples(key.size(), 1.f), key})[0];
  for (float& s : y) s = float(decibels(s));
  return y;
}
Samples constant(double level, double seconds, double rate = kRate) {
  return Samples(size_t(seconds * rate), float(amplitude(level)));
}
/// A square wave has the level of its peak and of its mean power alike.
Samples square(double level, double seconds) {
  Samples x = constant(level, seconds);
  for (size_t i = 0; i < x.size(); i++)
    if (i / 24 % 2) x[i] = -x[i];
  return x;
}
size_t crosses(const Samples& x, double level, size_t from) {
  bool above = x[from] > level;
  while (from < x.size() && (x[from] > level) == above) from++;
  return from;
}
/// Output over input in dB, settled, from the papers' static curve.
double static_gain(double level, double threshold, double ratio, double knee) {
  double over = level - threshold;
  if (2 * over < -knee) return 0;
  if (2 * over <= knee && knee > 0)
    return (1 / ratio - 1) * (over + knee / 2) * (over + knee / 2) / (2 * knee);
  return (1 / ratio - 1) * over;
}

}  // namespace

TEST_CASE("compressor: static curve") {
  for (const char* detector : {"peak", "rms"})
    for (double ratio : {1.0, 2.0, 4.0, 20.0})
      for (double knee : {0.0, 6.0, 24.0})
        for (double level : {-50.0, -31.0, -24.0, -20.0, -17.0, -9.0, 0.0, 12.0}) {
          Samples g = gain({{"threshold", -20},
                            {"ratio", ratio},
                            {"knee", knee},
                            {"detector", detector},
                            {"attack", 5},
                            {"release", 5}},
                           square(level, 0.3));
          INFO(detector << " ratio " << ratio << " knee " << knee << " at " << level);
          CHECK(g.back() == Approx(static_gain(level, -20, ratio, knee)).margin(0.02));
        }
}

TEST_CASE("compressor: figures worked out by hand") {
  // 4:1 at -20 dB takes 15 dB off 0 dB; a knee of 10 dB takes 0.9375 dB off the threshold itself.
  CHECK(gain({{"threshold", -20}, {"ratio", 4}, {"knee", 0}}, constant(0, 1)).back() ==
        Approx(-15).margin(0.01));
  CHECK(gain({{"threshold", -20}, {"ratio", 4}, {"knee", 10}}, constant(-20, 1)).back() ==
        Approx(-0.9375).margin(0.005));
}

TEST_CASE("compressor: a sine in a peak detector reads low, which is why the curve is not tested with one") {
  Samples x = sine(1000, amplitude(-10), 1);
  double g = gain({{"threshold", -20}, {"ratio", 4}, {"knee", 0}, {"release", 100}}, x).back();
  CHECK(std::abs(g - static_gain(-10, -20, 4, 0)) > 0.3);
  // Its mean power is 3 dB below its peak.
  g = gain({{"threshold", -20}, {"ratio", 4}, {"knee", 0}, {"detector", "rms"}}, x).back();
  CHECK(g == Approx(static_gain(-13.01, -20, 4, 0)).margin(0.1));
}

TEST_CASE("compressor: attack and release are each to 63 % of the way, at every rate") {
  const double kWay = 1 - std::exp(-1);
  for (double rate : {44100.0, 48000.0, 96000.0, 192000.0})
    for (double attack : {0.5, 10.0, 100.0})
      for (double release : {20.0, 100.0}) {
        Samples key = constant(-40, 0.1, rate);
        append(key, constant(0, 1, rate));
        append(key, constant(-40, 0.5, rate));
        Samples g =
            gain({{"threshold", -20}, {"ratio", 4}, {"knee", 0}, {"attack", attack}, {"release", release}},
                 key, rate);
        size_t up = size_t(0.1 * rate), down = up + size_t(rate);
        INFO(rate << " " << attack << " " << release);
        CHECK(double(crosses(g, -15 * kWay, up) - up + 1) * 1000 / rate ==
              Approx(attack).epsilon(0.03).margin(1500 / rate));
        CHECK(double(crosses(g, -15 * (1 - kWay), down) - down + 1) * 1000 / rate ==
              Approx(release).epsilon(0.03));
      }
}

TEST_CASE("compressor: a slow release arrives, however small its steps get") {
  NoDenormals no_denormals;
  double rate = 192000;
  NodeRunner run("compressor",
                 {.rate = rate,
                  .channels = 1,
                  .values = {{"threshold", -20}, {"ratio", 4}, {"knee", 0}, {"release", 4000}}});
  run.process({constant(0, 1, rate)});
  Samples lower = constant(-10, 1, rate), y;
  for (int second = 0; second < 40; second++) y = run.process({lower})[0];
  CHECK(decibels(y.back()) == Approx(-17.5).margin(0.01));
}

TEST_CASE("compressor: below the threshold it leaves every bit alone, and mix 0 does always") {
  Samples left = noise(0.05, 4800, 1), right = noise(0.05, 4800, 2);
  CHECK(same(compressed({.values = {{"threshold", -20}}}, {left, right}), {left, right}));
  CHECK_FALSE(same(compressed({.values = {{"threshold", -40}}}, {left, right}), {left, right}));
  CHECK(same(compressed({.values = {{"threshold", -40}, {"mix", 0}, {"makeup", 12}}}, {left, right}),
             {left, right}));
}

TEST_CASE("compressor: make-up and parallel mix") {
  Samples x = constant(0, 1);
  auto level = [&](double mix) {
    return decibels(
        compressed({.channels = 1,
                    .values = {{"threshold", -20}, {"ratio", 4}, {"knee", 0}, {"makeup", 6}, {"mix", mix}}},
                   {x})[0]
            .back());
  };
  CHECK(level(100) == Approx(-9).margin(0.01));
  CHECK(level(25) == Approx(decibels(0.75 + 0.25 * amplitude(-9))).margin(0.01));
}

TEST_CASE("compressor: stereo is linked to the louder channel") {
  Samples loud = constant(0, 1), quiet = constant(-40, 1);
  for (bool swapped : {false, true}) {
    Channels y = compressed({.values = {{"threshold", -20}, {"ratio", 4}, {"knee", 0}}},
                            {swapped ? quiet : loud, swapped ? loud : quiet});
    CHECK(decibels(y[0].back()) == Approx(swapped ? -55 : -15).margin(0.01));
    CHECK(decibels(y[1].back()) == Approx(swapped ? -15 : -55).margin(0.01));
  }
}

TEST_CASE("compressor: the key's high-pass keeps the bass from pumping") {
  auto reduction = [](double hertz, double cutoff) {
    NoDenormals no_denormals;
    NodeRunner run(
        "compressor",
        {.channels = 1,
         .values = {
             {"threshold", -30}, {"ratio", 4}, {"knee", 0}, {"detector", "rms"}, {"key_highpass", cutoff}}});
    run.process({sine(hertz, amplitude(-3), 1)});
    run.process({sine(hertz, amplitude(-3), 0.5)});
    return double(run.meter("gain_reduction"));
  };
  double open = reduction(4000, 10);
  CHECK(open == Approx((30 - 6.01) * 0.75).margin(0.1));
  CHECK(reduction(4000, 200) == Approx(open).margin(0.1));
  CHECK(reduction(50, 10) == Approx(open).margin(1.0));
  CHECK(reduction(50, 200) == Approx(open - 24.1 * 0.75).margin(1.0));
  // Off is off: a constant keeps its hold.
  CHECK(gain({{"threshold", -20}, {"ratio", 4}, {"knee", 0}}, constant(0, 10)).back() ==
        Approx(-15).margin(0.01));
  CHECK(gain({{"threshold", -20}, {"ratio", 4}, {"knee", 0}, {"key_highpass", 12}}, constant(0, 10)).back() ==
        Approx(0).margin(0.01));
}

TEST_CASE("compressor: shows its gain reduction as positive dB, before make-up") {
  NoDenormals no_denormals;
  NodeRunner run("compressor",
                 {.channels = 1, .values = {{"threshold", -20}, {"ratio", 4}, {"knee", 0}, {"makeup", 12}}});
  run.process({constant(-30, 0.1)});
  CHECK(run.meter("gain_reduction") == 0);
  run.process({constant(0, 1)});
  CHECK(run.meter("gain_reduction") == Approx(15).margin(0.01));
}

TEST_CASE("compressor: recovers from signals far out of range") {
  NoDenormals no_denormals;
  for (const char* detector : {"peak", "rms"}) {
    NodeRunner run(
        "compressor",
        {.channels = 1,
         .values = {{"threshold", -20}, {"ratio", 4}, {"knee", 0}, {"detector", detector}, {"release", 50}}});
    run.process({Samples(4800, 1e30f)});
    Samples y = run.process({constant(0, 2)})[0];
    CHECK(decibels(y.back()) == Approx(-15).margin(0.02));
  }
}

TEST_CASE("compressor: moves without a click") {
  NoDenormals no_denormals;
  struct Move {
    const char* row;
    double from, to;
  };
  for (const Move& m :
       {Move{"threshold", 0, -40}, Move{"ratio", 1, 20}, Move{"makeup", 0, 12}, Move{"mix", 0, 100},
        Move{"knee", 24, 0}, Move{"knee", 0, 24}, Move{"attack", 250, 1}})
    for (double hertz : {100.0, 997.0}) {
      RunnerOptions options{
          .channels = 1,
          .values = {{"threshold", -30}, {"attack", 10}, {"release", 4000}, {"detector", "rms"}}};
      options.values.push_back({m.row, m.from});
      NodeRunner run("compressor", options);
      Samples x = sine(hertz, amplitude(-24), 2);
      Samples y = run_with_moves(run, {x}, {{48000, m.row, m.to}}, 64)[0];
      INFO(m.row << " at " << hertz);
      CHECK(click_level(y, 8000, kRate, 24000) < -90);
    }
}

TEST_CASE("compressor: the same bytes whatever the block size and the lane") {
  Samples left = noise(0.5, 5000, 3), right = sine(200, 0.3, 0.105);
  for (size_t i = 0; i < left.size(); i++) left[i] *= float(std::exp(-double(i % 2500) / 600));
  RunnerOptions options{.values = {{"threshold", -30}, {"attack", 1}, {"release", 20}}};
  check_block_sizes("compressor", options, {left, right},
                    {{100, "threshold", -10},
                     {777, "knee", 0},
                     {900, "key_highpass", 400},
                     {1111, "mix", 30},
                     {2500, "key_highpass", 10}});
  check_lanes("compressor", options, {left, right}, "threshold", {-60, -10, -20, -35, 0});
  check_lanes("compressor", options, {left, right}, "key_highpass", {10, 100, 1000});
  options.values.push_back({"detector", "rms"});
  check_lanes("compressor", options, {left, right, right, left}, "ratio", {1, 20, 3});
}

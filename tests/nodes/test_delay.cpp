#include "tests/nodes/signals.h"

using namespace mixgraph;
using namespace mixgraph::testing;

namespace {

double tail(std::vector<Setting> values) {
  const NodeType& type = find_type("delay");
  std::vector<Value> all;
  for (int i = 0; i < row_count(type); i++) all.push_back(initial_value(row(type, i)));
  for (auto& s : values) all[size_t(find_row(type, s.row))] = std::get<double>(s.value);
  Environment environment;
  return type.tail(Setup{environment, 2, all});
}

}  // namespace

TEST_CASE("a delay is as long as it says at low rates, too", "[delay]") {
  for (double rate : {8000., 11025., 16000.})
    for (double ms : {1., 2., 50.}) {
      INFO(rate << " Hz, " << ms << " ms");
      NodeRunner run("delay", {.rate = rate, .channels = 1, .values = {{"time", ms}, {"feedback", 0}, {"mix", 100}}});
      Channels impulse(1, std::vector<float>(2000));
      impulse[0][10] = 1;
      const auto out = run.process(impulse)[0];
      const auto peak = std::max_element(out.begin(), out.end(), [](float a, float b) { return std::abs(a) < std::abs(b); }) - out.begin();
      CHECK(double(peak) == Approx(10 + std::max(ms * rate / 1000, 18.0)).margin(1));
    }
}

TEST_CASE("delay: an impulse comes out at the exact frame", "[delay]") {
  for (double rate : {44100.0, 48000.0, 96000.0, 192000.0})
    for (double ms : {1.0, 250.0, 2000.0}) {
      NodeRunner run("delay", {.rate = rate, .channels = 1, .values = {{"time", ms}, {"feedback", 0}}});
      size_t at = size_t(std::floor(ms * rate / 1000)), frames = at + 100;
      Samples out = run.process({impulse(frames)})[0];
      if (std::abs(ms * rate / 1000 - std::round(ms * rate / 1000)) > 1e-6)
        continue;  // a fraction: see below
      for (size_t i = 0; i < frames; i++) REQUIRE(out[i] == (i == at ? 1.f : 0.f));
    }
}

TEST_CASE("delay: fractions of a frame are delayed by as much", "[delay]") {
  for (double frames : {100.25, 100.5, 100.75}) {
    NodeRunner run("delay", {.channels = 1, .values = {{"time", frames / 48}, {"feedback", 0}}});
    for (double hertz : {100.0, 1000.0, 4000.0}) {
      Samples out = run.process({sine(hertz, 1, 1)})[0];
      double w = 2 * kPi * hertz / 48000, re = 0, im = 0;  // 1 s holds whole periods
      run.process({}, 48000);
      for (size_t i = 24000; i < 48000; i++) {
        re += out[i] * std::sin(w * (double(i) - frames));
        im += out[i] * std::cos(w * (double(i) - frames));
      }
      CHECK(std::atan2(im, re) == Approx(0).margin(0.005));
      CHECK(2 * std::hypot(re, im) / 24000 == Approx(1).margin(0.01));
    }
  }
}

TEST_CASE("delay: each echo is lower by the feedback, and darker by the tone", "[delay]") {
  NodeRunner run("delay", {.channels = 1, .values = {{"time", 100}, {"feedback", 50}, {"tone", 2000}}});
  Samples burst(28800);
  Samples low = sine(100, 1, 0.08), high = sine(2000, 1, 0.08);
  auto echo = [&](const Samples& x, double hertz, int n) {
    Samples in = x;
    in.resize(28800);
    Samples out = run.process({in})[0];
    run.process({}, 480000);
    return tone(out, hertz, 48000, size_t(4800 * n) + 480, size_t(4800 * n) + 3840);
  };
  for (int n : {1, 2, 3}) CHECK(decibels(echo(low, 100, n)) == Approx(-6.02 * (n - 1)).margin(0.1));
  CHECK(decibels(echo(high, 2000, 1)) == Approx(0).margin(0.1));
  CHECK(decibels(echo(high, 2000, 2)) == Approx(-6.02 - 3.01).margin(0.3));
}

TEST_CASE("delay: mix", "[delay]") {
  NodeRunner run("delay", {.channels = 1, .values = {{"time", 10}, {"mix", 25}}});
  Samples out = run.process({impulse(1000)})[0];
  CHECK(out[0] == Approx(0.75));
  CHECK(out[480] == Approx(0.25));
}

TEST_CASE("delay: a new time fades in without a step or a change of pitch", "[delay]") {
  NodeRunner run("delay", {.channels = 1, .values = {{"feedback", 0}, {"time", 100}}});
  Samples out = run_with_moves(run, {sine(200, 1, 2)}, {{20000, "time", 707}, {60000, "time", 3.3}}, 64)[0];
  double steepest = 0;
  for (size_t i = 10000; i < out.size(); i++)
    steepest = std::max(steepest, std::abs(double(out[i]) - out[i - 1]));
  CHECK(steepest < 1.6 * 2 * kPi * 200 / 48000);
}

TEST_CASE("delay: at the longest feedback it stays bounded, and ends", "[delay]") {
  NoDenormals no_denormals;
  NodeRunner run("delay", {.channels = 1, .values = {{"time", 5}, {"feedback", 95}, {"tone", 20000}}});
  Samples out = run.process({noise(1, 96000)})[0];
  CHECK(peak(out) < 20);
  double left = tail({{"time", 5}, {"feedback", 95}});
  CHECK(left == Approx(0.68).margin(0.02));
  double before = rms(out, 90000);
  run.process({}, int(left * 48000));
  CHECK(decibels(rms(run.process({}, 480)[0]) / before) < -58);
  run.process({}, 48000 * 10);
  CHECK(peak(run.process({}, 4800)[0]) == 0);
}

TEST_CASE("delay: block sizes and lanes make no difference", "[delay]") {
  Channels in{noise(1, 6000, 1), noise(0.3, 6000, 2)};
  check_block_sizes("delay", {.values = {{"time", 3}}}, in,
                    {{500, "time", 20.01},
                     {2000, "feedback", 80},
                     {3001, "tone", 600},
                     {3100, "time", 7},
                     {4000, "mix", 40}});
  check_lanes("delay", {.values = {{"time", 3}, {"feedback", 90}, {"mix", 60}}}, in, "time",
              {3, 1, 33.3, 17});
  check_lanes("delay", {.channels = 1, .values = {{"time", 3}, {"feedback", 90}}}, {in[0]}, "tone",
              {500, 20000});
}

#include "nodes/dsp/detector.h"
#include "tests/nodes/response.h"

using namespace mixgraph;
using namespace mixgraph::testing;

namespace {

constexpr double kRate = 48000;

/// Steps of a constant: {level in dB, frames} in turn.
Samples steps(const std::vector<std::pair<double, int>>& parts) {
  Samples x;
  for (auto [level, frames] : parts) append(x, Samples(size_t(frames), float(amplitude(level))));
  return x;
}
Channels gated(const RunnerOptions& options, const Channels& x) {
  NoDenormals no_denormals;
  NodeRunner run("gate", options);
  return run.process(x);
}
/// The gate's gain, frame by frame, heard through a constant signal while the key is `key`.
Samples gain(std::vector<Setting> values, const Samples& key) {
  return gated({.channels = 1, .values = std::move(values)}, {Samples(key.size(), 1.f), key})[0];
}
/// The first frame from `from` on where x falls below, or rises above, a level.
size_t falls(const Samples& x, double level, size_t from) {
  while (from < x.size() && x[from] >= level) from++;
  return from;
}
size_t rises(const Samples& x, double level, size_t from) {
  while (from < x.size() && x[from] <= level) from++;
  return from;
}

}  // namespace

TEST_CASE("gate: closed by its range, open to the last bit") {
  for (double range : {6.0, 40.0, 80.0}) {
    Samples g = gain({{"threshold", -30}, {"range", range}}, steps({{-36, 48000}, {-20, 48000}}));
    CHECK(decibels(g[47999]) == Approx(-range).margin(0.01));
    CHECK(g[95999] == 1);
  }
  Samples x = noise(1e-4, 9600);
  CHECK(same(gated({.channels = 1, .values = {{"range", 0}}}, {x}), {x}));
}

TEST_CASE("gate: opens at the threshold and stays open down to the hysteresis") {
  auto open_after = [](double first, double second) {
    return gain({{"threshold", -30}, {"hysteresis", 6}, {"hold", 10}},
                steps({{first, 48000}, {second, 96000}}))
               .back() > 0.9;
  };
  CHECK_FALSE(open_after(-30.1, -30.1));
  CHECK(open_after(-29.9, -29.9));
  CHECK(open_after(-29.9, -35.9));
  CHECK_FALSE(open_after(-29.9, -36.1));
  CHECK_FALSE(open_after(-35.9, -35.9));
}

TEST_CASE("gate: holds exactly, then falls") {
  for (double hold : {0.0, 10.0, 250.0, 2000.0}) {
    Samples g =
        gain({{"threshold", -30}, {"hold", hold}, {"release", 5}}, steps({{-10, 48000}, {-60, 144000}}));
    CHECK(falls(g, 0.999, 48000) == 48000 + size_t(hold * kRate / 1000));
  }
}

TEST_CASE("gate: a hold that changes while it holds counts with the new value") {
  NoDenormals no_denormals;
  constexpr size_t kPeak = 4800, kSet = 9600, kMoved = 700;  // 100 ms after the last peak; the move's frames, and more
  auto closes = [&](double before, double after) {
    NodeRunner run("gate", {.channels = 1, .values = {{"threshold", -30}, {"hold", before}, {"release", 5}}});
    const Samples key = steps({{-10, int(kPeak)}, {-60, int(kSet - kPeak)}}), ones(48000, 1.f);
    Samples g = run.process({Samples(kSet, 1.f), key})[0];
    run.set("hold", after);
    append(g, run.process({ones, Samples(ones.size(), float(amplitude(-60)))})[0]);
    return falls(g, 0.999, kPeak);
  };
  for (auto [before, after] : {std::pair{2000., 300.}, {150., 250.}, {2000., 400.}})
    CHECK(closes(before, after) == kPeak + size_t(after * kRate / 1000));
  CHECK(closes(2000, 0) > kSet);
  CHECK(closes(2000, 0) < kSet + kMoved);
  CHECK(closes(2000, 90) < kSet + kMoved);
}

TEST_CASE("gate: a hold that is raised doesn't open a closed gate") {
  NoDenormals no_denormals;
  NodeRunner run("gate", {.channels = 1, .values = {{"threshold", -30}, {"hold", 10}, {"release", 5}}});
  run.process({Samples(9600, 1.f), steps({{-10, 4800}, {-60, 4800}})});
  run.set("hold", 2000);
  const Samples g = run.process({Samples(9600, 1.f), Samples(9600, float(amplitude(-60)))})[0];
  CHECK(*std::max_element(g.begin(), g.end()) < 0.01);
}

TEST_CASE("gate: attack and release are to 63 % of the way") {
  const double kWay = 1 - std::exp(-1);
  for (double attack : {1.0, 20.0, 100.0})
    for (double release : {10.0, 150.0}) {
      double low = amplitude(-60), open = 10000, close = 10000 + 96000;
      Samples g = gain({{"threshold", -30}, {"attack", attack}, {"release", release}, {"hold", 0}},
                       steps({{-60, int(open)}, {-10, 96000}, {-60, 48000}}));
      CHECK(double(rises(g, low + kWay * (1 - low), 10000)) - open ==
            Approx(attack * kRate / 1000).epsilon(0.03));
      CHECK(double(falls(g, 1 - kWay * (1 - low), size_t(close))) - close ==
            Approx(release * kRate / 1000).epsilon(0.03));
    }
}

TEST_CASE("gate: a held gate does not chatter on a low note, one without hold does") {
  Samples x = sine(41, amplitude(-20), 1);
  auto least = [&](double hold) {
    Samples g = gain({{"threshold", -30}, {"hold", hold}, {"release", 5}, {"hysteresis", 0}}, x);
    return *std::min_element(g.begin() + 24000, g.end());
  };
  CHECK(least(20) > 0.999);
  CHECK(least(0) < 0.9);
}

TEST_CASE("gate: both channels follow the louder, and a key opens it") {
  Samples loud(9600, 0.5f), quiet(9600, 1e-4f);
  Channels linked = gated({.values = {{"threshold", -30}}}, {quiet, loud});
  CHECK(linked[0].back() == Approx(quiet.back()).epsilon(1e-5));
  Channels keyed = gated({.values = {{"threshold", -30}}}, {loud, loud, quiet, quiet});
  CHECK(keyed[0].back() < 0.1);
}

TEST_CASE("gate: shows its gain reduction") {
  NoDenormals no_denormals;
  NodeRunner run("gate", {.channels = 1, .values = {{"threshold", -30}, {"range", 24}, {"hold", 0}}});
  run.process({steps({{-60, 48000}})});
  CHECK(run.meter("gain_reduction") == Approx(24).margin(0.01));
  run.process({steps({{-10, 48000}})});
  run.process({steps({{-10, 4800}})});
  CHECK(run.meter("gain_reduction") == Approx(0).margin(0.01));
}

TEST_CASE("gate: the same bytes whatever the block size and the lane") {
  Samples left = noise(0.5, 6000, 3), right = sine(200, 0.3, 0.125);
  for (size_t i = 0; i < left.size(); i++)
    left[i] *= float(std::exp(-double(i % 2500) / 300)), right[i] *= float(i % 3000 < 1000);
  RunnerOptions options{.values = {{"threshold", -20}, {"hold", 5}, {"release", 20}}};
  check_block_sizes("gate", options, {left, right},
                    {{100, "threshold", -50}, {777, "range", 20}, {1111, "hold", 30}});
  check_lanes("gate", options, {left, right}, "threshold", {-60, -10, -20, -35, 0});
  check_lanes("gate", options, {left, right, right, left}, "attack", {0.1, 100, 3});
}

TEST_CASE("a follower arrives at its target, and then nothing in it changes any more", "[gate]") {
  NoDenormals no_denormals;
  for (const float target : {0.f, 0.01f, 1.f}) {
    const auto share = float(baseline::follow_share(200, 192000));
    baseline::Follower<float> f;
    f.value = 0.7f;
    int frames = 0;
    auto settled = [&] {
      const auto before = f;
      f.follow(target, share);
      return f.value == before.value && f.rest == before.rest && f.rest_before == before.rest_before;
    };
    while (frames < 60 * 192000 && !settled()) frames++;
    INFO(target << " after " << frames << " frames");
    CHECK(frames < 60 * 192000);
    CHECK(f.value == Approx(target).margin(1e-5));
  }
}

#include "tests/nodes/response.h"

using namespace mixgraph;
using namespace mixgraph::testing;

namespace {

Samples highpass(double rate, double freq, const char* slope) {
  return impulse_response("highpass", {.rate = rate, .values = {{"freq", freq}, {"slope", slope}}}, 0.5);
}

}  // namespace

TEST_CASE("high-pass: 3 dB down at the cut-off, at every rate and slope") {
  for (double rate : {44100.0, 48000.0, 96000.0, 192000.0})
    for (const char* slope : {"12", "18", "24"})
      for (double freq : {20.0, 80.0, 500.0, 2000.0}) {
        INFO(rate << " " << slope << " " << freq);
        Samples x = highpass(rate, freq, slope);
        CHECK(gain_at(x, freq, rate) == Approx(-3.0103).margin(0.003));
        CHECK(std::abs(gain_at(x, 18000, rate)) < 0.01);
      }
}

TEST_CASE("high-pass: falls by its slope per octave and keeps nothing at 0 Hz") {
  for (int slope : {12, 18, 24}) {
    Samples x = highpass(48000, 1600, std::to_string(slope).c_str());
    CHECK(gain_at(x, 200, 48000) - gain_at(x, 100, 48000) == Approx(slope * 1.0034).epsilon(0.005));
    CHECK(gain_at(x, 0, 48000) < -100);
  }
}

TEST_CASE("high-pass: is Butterworth's, maximally flat") {
  for (double rate : {44100.0, 192000.0})
    for (int slope : {12, 18, 24}) {
      Samples x = highpass(rate, 150, std::to_string(slope).c_str());
      for (double f : frequencies(50, 20000, 30)) {
        double ratio = std::tan(kPi * 150 / rate) / std::tan(kPi * f / rate), order = slope / 6;
        double expected = -10 * std::log10(1 + std::pow(ratio, 2 * order));
        INFO(rate << " " << slope << " at " << f);
        CHECK(gain_at(x, f, rate) == Approx(expected).margin(2e-4));
      }
    }
  // Sections of equal damping would pass for one at the cut-off's slope, but not for flatness.
  Samples x = highpass(48000, 150, "24");
  double two_equal = 2 * -10 * std::log10(1 + std::pow(150.0 / 200, 4));
  CHECK(std::abs(gain_at(x, 200, 48000) - two_equal) > 0.5);
}

TEST_CASE("high-pass: sweeps without a click, and as if it had never been elsewhere") {
  NoDenormals no_denormals;
  for (const char* slope : {"12", "18", "24"}) {
    NodeRunner run("highpass", {.channels = 1, .values = {{"freq", 30}, {"slope", slope}}});
    Samples x = sine(997, amplitude(-6), 1);
    Samples y = run_with_moves(run, {x}, {{24000, "freq", 2000}, {36000, "freq", 30}}, 64)[0];
    CHECK(peak(y) < amplitude(-6) * 1.5);  // a sweep of 6 octaves in 10 ms rings, but no more than that
    CHECK(click_level(y, 8000, 48000, 4800) < -90);
    CHECK(tone(y, 997, 48000, 40000) == Approx(amplitude(-6)).epsilon(1e-3));
  }
}

TEST_CASE("high-pass: the same bytes whatever the block size and the lane") {
  Samples left = noise(0.5, 6000, 3), right = noise(0.5, 6000, 4);
  for (const char* slope : {"12", "18", "24"}) {
    check_block_sizes("highpass", {.values = {{"slope", slope}}}, {left, right},
                      {{100, "freq", 1500}, {1111, "freq", 25}});
    check_lanes("highpass", {.values = {{"slope", slope}}}, {left, right}, "freq", {20, 100, 333, 2000, 47});
  }
}

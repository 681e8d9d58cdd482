// The spectrum's feeds against sines and noise whose levels are known.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "tests/support/node_runner.h"

using namespace mixgraph;

namespace {

constexpr double kPi = 3.14159265358979;

Channels sine(double hertz, double peak_db, double rate, int channels, double seconds) {
  std::vector<float> samples(size_t(rate * seconds));
  for (size_t i = 0; i < samples.size(); i++) samples[i] = float(std::pow(10, peak_db / 20) * std::sin(2 * kPi * hertz * double(i) / rate));
  return Channels(size_t(channels), samples);
}

/// The values after so much sound, of a run that reads both feeds from the start.
struct Readings {
  std::vector<float> thirds, fine;
};
Readings read(NodeRunner& run, const Channels& input) {
  run.feed("third_octave"), run.feed("fine");
  run.process(input, int(input[0].size()), 64);
  return {run.feed("third_octave"), run.feed("fine")};
}

double centre(int band) { return 1000 * std::pow(10, (band - 17) / 10.0); }
double point(int p) { return 20 * std::pow(1000, p / 255.0); }

}  // namespace

TEST_CASE("a sine reads its RMS level, in its third octave and at its frequency, at every rate", "[spectrum]") {
  for (double rate : {44100., 48000., 96000.})
    for (double hertz : {63.1, 440., 1000., 3333., 12589.}) {
      INFO(rate << " Hz, " << hertz);
      NodeRunner run("spectrum", {.rate = rate, .values = {{"time", 0}}});
      const Readings r = read(run, sine(hertz, -20, rate, 2, 0.6));
      REQUIRE(r.thirds.size() == 31);
      REQUIRE(r.fine.size() == 256);
      const auto loudest = std::max_element(r.thirds.begin(), r.thirds.end());
      CHECK(std::abs(std::log2(centre(int(loudest - r.thirds.begin())) / hertz)) < 0.17);
      // The window spreads a tone beyond the narrow bands of the bass.
      CHECK(*loudest == Approx(-23.01).margin(hertz < 1000 ? 0.4 : 0.1));
      const auto peak = std::max_element(r.fine.begin(), r.fine.end());
      CHECK(std::abs(std::log2(point(int(peak - r.fine.begin())) / hertz)) < std::max(0.03, 6 / hertz));
      CHECK(*peak == Approx(-23.01).margin(0.15));
    }
}

TEST_CASE("white noise rises by a decibel per third octave, and the mean of both channels counts", "[spectrum]") {
  std::mt19937 random(3);
  std::normal_distribution<float> noise(0, 0.1f);
  Channels input(2, std::vector<float>(48000 * 12));
  for (float& x : input[0]) x = noise(random);  // the right channel is silent
  NodeRunner run("spectrum", {.values = {{"time", 3000}}});
  const Readings r = read(run, input);
  for (int band = 10; band < 30; band++) {
    const double width = centre(band) * (std::pow(10, 0.05) - std::pow(10, -0.05));
    const double wanted = 10 * std::log10(0.01 * width / 24000 / 2);
    INFO(centre(band) << " Hz");
    CHECK(r.thirds[size_t(band)] == Approx(wanted).margin(band < 16 ? 1.5 : 0.5));
  }
}

TEST_CASE("a spectrum passes sound on, and computes nothing while nobody reads it", "[spectrum]") {
  NodeRunner run("spectrum", {.channels = 1});
  const Channels input = sine(1000, -6, 48000, 1, 0.5);
  CHECK(run.process(input, int(input[0].size()), 17) == input);
  CHECK(run.feed("fine").empty());
  run.process(input, 640, 64);
  CHECK(run.feed("fine").empty());  // it takes seventeen ticks
  run.process(input, 9600, 64);
  CHECK(run.feed("fine").size() == 256);
  CHECK(run.feed("fine").empty());
}

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/tools/program.h"
#include "tools/render/measure.h"

using namespace mixgraph;
using namespace mixgraph::program;

TEST_CASE("A stereo tone of 1 kHz at -23 dBFS measures -23 LUFS (EBU Tech 3341, case 1)",
          "[tools][measure]") {
  const Folder folder;
  const auto tone = sine(1000, std::pow(10, -23 / 20.0), 20);
  write_sound(folder / "tone.wav", {tone, tone});
  const auto m = measure(folder / "tone.wav");
  REQUIRE(m);
  CHECK(m->integrated == Approx(-23).margin(0.1));
  CHECK(m->max_momentary == Approx(-23).margin(0.1));
  CHECK(m->max_short_term == Approx(-23).margin(0.1));
  CHECK(m->range == Approx(0).margin(0.1));
  CHECK(m->sample_peak == Approx(-23).margin(0.01));
  CHECK(m->seconds == Approx(20));
  CHECK(m->channels == 2);
}

TEST_CASE("The same tone in one channel alone is 3 dB quieter", "[tools][measure]") {
  const Folder folder;
  write_sound(folder / "tone.wav", {sine(1000, std::pow(10, -23 / 20.0), 5)});
  const auto m = measure(folder / "tone.wav");
  REQUIRE(m);
  CHECK(m->integrated == Approx(-26).margin(0.1));
}

TEST_CASE("True peak finds what lies between the samples (EBU Tech 3341, case 16)", "[tools][measure]") {
  const Folder folder;
  // A quarter of the sample rate, 45 degrees: every sample is at 0.707 of the peak.
  const auto tone = sine(12000, 0.5, 1, 48000, M_PI / 4);
  write_sound(folder / "tone.wav", {tone, tone});
  const auto m = measure(folder / "tone.wav");
  REQUIRE(m);
  CHECK(m->true_peak > -6.4);
  CHECK(m->true_peak < -5.8);
  CHECK(m->sample_peak == Approx(-9.03).margin(0.01));
}

TEST_CASE("Silence has no level, and JSON says null", "[tools][measure]") {
  const Folder folder;
  write_sound(folder / "silence.wav", {std::vector<float>(48000)});
  const auto m = measure(folder / "silence.wav");
  REQUIRE(m);
  CHECK(std::isinf(m->integrated));
  const auto json = nlohmann::json::parse(to_json("silence.wav", *m));
  CHECK(json["integrated_lufs"].is_null());
  CHECK(json["true_peak_dbtp"].is_null());
  CHECK(json["seconds"] == 1.0);
}

TEST_CASE("What isn't a sound file is a problem that names it", "[tools][measure]") {
  const Folder folder;
  const std::string path = folder.write("text.wav", "no sound");
  const auto m = measure(path);
  REQUIRE_FALSE(m);
  CHECK(m.problems()[0].where == path);
}

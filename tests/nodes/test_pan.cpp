#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/node_runner.h"

using namespace mixgraph;

namespace {

struct Sides {
  double left, right;
};
/// Gains of a position, for a constant input.
Sides gains(const char* law, double position, int channels = 1) {
  NodeRunner run("pan", {.channels = channels, .values = {{"position", position}, {"law", law}}});
  auto out = run.process(Channels(size_t(channels), std::vector<float>(64, 1.f)));
  return {double(out[0][63]), double(out[1][63])};
}
double decibels(double gain) {
  return 20 * std::log10(gain);
}

}  // namespace

TEST_CASE("each pan law has its level in the centre", "[pan]") {
  struct Case {
    const char* law;
    double db;
  };
  for (auto [law, db] : {Case{"sine", -3.0103}, Case{"linear", -6.0206}, Case{"compromise", -4.5154}}) {
    INFO(law);
    auto [left, right] = gains(law, 0);
    CHECK(decibels(left) == Approx(db).margin(1e-4));
    CHECK(decibels(right) == Approx(db).margin(1e-4));
  }
}

TEST_CASE("at the ends a sound is on one side, at full level", "[pan]") {
  for (const char* law : {"sine", "linear", "compromise"}) {
    INFO(law);
    CHECK(gains(law, -1).left == Approx(1).margin(1e-6));
    CHECK(gains(law, -1).right == 0);
    CHECK(gains(law, 1).left == 0);
    CHECK(gains(law, 1).right == Approx(1).margin(1e-6));
  }
}

TEST_CASE("sine keeps the power, linear the sum, and all are the same seen in a mirror", "[pan]") {
  for (double position = -1; position <= 1; position += 0.125) {
    INFO(position);
    auto sine = gains("sine", position), linear = gains("linear", position);
    CHECK(sine.left * sine.left + sine.right * sine.right == Approx(1).margin(1e-6));
    CHECK(linear.left + linear.right == Approx(1).margin(1e-6));
    for (const char* law : {"sine", "linear", "compromise"})
      CHECK(gains(law, position).left == Approx(gains(law, -position).right).margin(1e-6));
  }
  // Negative control: the other law keeps neither.
  auto [left, right] = gains("linear", 0);
  CHECK(left * left + right * right < 0.6);
}

TEST_CASE("the compromise dips by 1.5 dB in power in the centre", "[pan]") {
  auto [left, right] = gains("compromise", 0);
  CHECK(10 * std::log10(left * left + right * right) == Approx(-1.505).margin(1e-3));
}

TEST_CASE("balance leaves the centre alone, and only attenuates", "[pan]") {
  for (const char* law : {"sine", "linear", "compromise"}) {
    INFO(law);
    CHECK(gains(law, 0, 2).left == 1);
    CHECK(gains(law, 0, 2).right == 1);
    CHECK(gains(law, 0.5, 2).right == 1);
    CHECK(gains(law, 0.5, 2).left < 1);
    CHECK(gains(law, 1, 2).left == 0);
    CHECK(gains(law, -1, 2).right == 0);
    for (double last = 1, position = 0; position <= 1; position += 0.0625) {
      double left = gains(law, position, 2).left;
      CHECK(left <= last);
      last = left;
    }
  }
}

TEST_CASE("balance doesn't mix the sides", "[pan]") {
  NodeRunner run("pan", {.values = {{"position", 0.3}}});
  auto out = run.process({std::vector<float>(64, 0.f), std::vector<float>(64, 1.f)});
  CHECK(out[0][63] == 0);
  CHECK(out[1][63] == 1);
}

TEST_CASE("a sound moves across without a step", "[pan]") {
  for (int channels : {1, 2})
    for (const char* law : {"sine", "linear", "compromise"}) {
      NodeRunner run("pan", {.channels = channels, .values = {{"position", -1}, {"law", law}}});
      run.process(Channels(size_t(channels), std::vector<float>(640, 1.f)));
      run.set("position", 1);
      auto out = run.process(Channels(size_t(channels), std::vector<float>(1000, 1.f)));
      for (auto& side : out)
        for (size_t i = 1; i < side.size(); i++) CHECK(std::abs(side[i] - side[i - 1]) < 0.0125f);
      CHECK(out[1][999] == Approx(1).margin(1e-6));
    }
}

namespace {

/// Gains of the channels for a sound of 1.
std::vector<double> room_gains(const char* format, double x, double front, double height = 0, double lfe = -90, const char* law = "sine") {
  NodeRunner run("pan", {.channels = 1, .values = {{"format", format}, {"position", x}, {"front", front}, {"height", height}, {"lfe", lfe}, {"law", law}}});
  std::vector<double> list;
  for (const auto& channel : run.process({std::vector<float>(64, 1.f)}, 64)) list.push_back(channel[63]);
  return list;
}
double power(const std::vector<double>& gains) {
  double sum = 0;
  for (double g : gains) sum += g * g;
  return sum;
}

}  // namespace

TEST_CASE("a sound in the place of a loudspeaker comes from that alone", "[pan][formats]") {
  const auto alone = [](const char* format, double x, double front, double height, size_t channel) {
    const auto all = room_gains(format, x, front, height);
    INFO(format << " " << x << " " << front << " " << height);
    for (size_t c = 0; c < all.size(); c++) CHECK(all[c] == Approx(c == channel ? 1 : 0).margin(1e-6));
  };
  for (const char* format : {"5.1", "7.1", "5.1.4", "7.1.4"}) {
    alone(format, -1, 1, 0, 0), alone(format, 1, 1, 0, 1), alone(format, 0, 1, 0, 2);
    const bool has_sides = format[0] == '7';
    alone(format, -1, -1, 0, has_sides ? 6 : 4), alone(format, 1, -1, 0, has_sides ? 7 : 5);
    if (has_sides) alone(format, -1, 0, 0, 4), alone(format, 1, 0, 0, 5);
    if (format[3] != '.') continue;
    const size_t top = has_sides ? 8 : 6;
    alone(format, -1, 1, 1, top), alone(format, 1, 1, 1, top + 1), alone(format, -1, -1, 1, top + 2), alone(format, 1, -1, 1, top + 3);
  }
}

TEST_CASE("wherever a sound is in a room, its power is the same, and the LFE has its own level", "[pan][formats]") {
  for (const char* format : {"5.1", "7.1", "5.1.4", "7.1.4"})
    for (int i = 0; i < 200; i++) {
      const double x = (i * 37 % 101) / 50.0 - 1, front = (i * 53 % 101) / 50.0 - 1, height = (i * 71 % 101) / 100.0;
      const auto all = room_gains(format, x, front, height);
      CHECK(power(all) == Approx(1).margin(2e-6));
      CHECK(all[3] == 0);
      CHECK(room_gains(format, x, front, height, -6)[3] == Approx(0.501187).margin(1e-5));
    }
  // The other laws are other laws.
  CHECK(power(room_gains("5.1", -0.5, 1, 0, -90, "linear")) == Approx(0.5));
}

TEST_CASE("ambisonic panning is the formula of AmbiX, and turns into omni in the middle", "[pan][formats]") {
  for (int i = 0; i < 50; i++) {
    const double azimuth = i * 0.7, elevation = std::sin(i * 1.3);
    const double forward = std::cos(azimuth) * std::cos(elevation), left = std::sin(azimuth) * std::cos(elevation), up = std::sin(elevation);
    const auto all = room_gains("ambisonic_3", -left, forward, up);
    const double wanted[] = {1, left, up, forward, std::sqrt(3.) / 2 * std::sin(2 * azimuth) * std::cos(elevation) * std::cos(elevation),
                             std::sqrt(3.) / 2 * std::sin(azimuth) * std::sin(2 * elevation), (3 * up * up - 1) / 2,
                             std::sqrt(3.) / 2 * std::cos(azimuth) * std::sin(2 * elevation), std::sqrt(3.) / 2 * std::cos(2 * azimuth) * std::cos(elevation) * std::cos(elevation),
                             std::sqrt(5. / 8) * std::sin(3 * azimuth) * std::pow(std::cos(elevation), 3)};
    for (size_t c = 0; c < std::size(wanted); c++) CHECK(all[c] == Approx(wanted[c]).margin(2e-6));
    double third = 0;
    for (size_t c = 9; c < 16; c++) third += all[c] * all[c];
    CHECK(third == Approx(1).margin(1e-5));  // the orders of a plane wave have equal power in SN3D
  }
  const auto middle = room_gains("ambisonic_3", 0, 0, 0);
  CHECK(middle[0] == 1);
  CHECK(power(middle) == 1);
}

TEST_CASE("stereo is placed in a room as its two sides", "[pan][formats]") {
  NodeRunner run("pan", {.channels = 2, .values = {{"format", "5.1"}}});
  const auto out = run.process({std::vector<float>(64, 1.f), std::vector<float>(64, 0.5f)}, 64);
  CHECK(out[0][63] == 1);
  CHECK(out[1][63] == 0.5f);
  for (size_t c = 2; c < 6; c++) CHECK(out[c][63] == 0);
}

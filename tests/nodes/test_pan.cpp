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

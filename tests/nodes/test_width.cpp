#include "tests/nodes/signals.h"

using namespace mixgraph;
using namespace mixgraph::testing;

namespace {

Channels widened(const Channels& x, std::vector<Setting> values) {
  NodeRunner run("width", {.values = values});
  return run.process(x);
}
Samples sum(const Samples& a, const Samples& b, float sign) {
  Samples x(a.size());
  for (size_t i = 0; i < x.size(); i++) x[i] = (a[i] + sign * b[i]) / 2;
  return x;
}

}  // namespace

TEST_CASE("width: 100 % changes no bit", "[width]") {
  Channels in{noise(1, 5000, 1), noise(0.3, 5000, 2)};
  CHECK(same(widened(in, {}), in));
  CHECK_FALSE(same(widened(in, {{"width", 100.01}}), in));
}

TEST_CASE("width: scales the side and leaves the mid", "[width]") {
  Channels in{noise(1, 5000, 1), noise(1, 5000, 2)};
  Samples mid = sum(in[0], in[1], 1), side = sum(in[0], in[1], -1);
  for (double percent : {0.0, 50.0, 150.0, 200.0}) {
    Channels out = widened(in, {{"width", percent}});
    Samples mid_out = sum(out[0], out[1], 1), side_out = sum(out[0], out[1], -1);
    for (size_t i = 0; i < mid.size(); i++) {
      REQUIRE(mid_out[i] == Approx(mid[i]).margin(2e-7));
      REQUIRE(side_out[i] == Approx(side[i] * percent / 100).margin(4e-7));
    }
  }
}

TEST_CASE("width: bass is mono below the frequency, 12 dB per octave", "[width]") {
  for (double hertz : {30.0, 120.0, 500.0}) {
    auto side_level = [&](double f) {
      Samples l = sine(f, 0.5, 2), r = sine(f, -0.5, 2);
      Channels out = widened({l, r}, {{"mono_below", hertz}});
      return decibels(tone(sum(out[0], out[1], -1), f, 48000, 48000) / 0.5);
    };
    CHECK(side_level(hertz) == Approx(-3.01).margin(0.05));
    CHECK(side_level(hertz / 4) == Approx(-24.1).margin(0.3));
    CHECK(side_level(hertz * 8) == Approx(0).margin(0.05));
    Samples mono = sine(hertz / 2, 0.5, 0.5);
    CHECK(same(widened({mono, mono}, {{"mono_below", hertz}}), {mono, mono}));
  }
}

TEST_CASE("width: correlation", "[width]") {
  auto correlation = [](const Channels& x, double percent = 100) {
    NodeRunner run("width", {.values = {{"width", percent}}});
    run.process(x);
    return run.meter("correlation");
  };
  Samples a = sine(440, 0.5, 3), quadrature = sine(440, 0.5, 3, 48000, 90),
          half = sine(440, 0.5, 3, 48000, 60);
  Samples minus = sine(440, -0.1, 3), silence(a.size());
  CHECK(correlation({a, a}) == Approx(1).margin(1e-4));
  CHECK(correlation({a, minus}) == Approx(-1).margin(1e-4));
  CHECK(correlation({a, quadrature}) == Approx(0).margin(0.01));
  CHECK(correlation({a, half}) == Approx(0.5).margin(0.01));
  CHECK(correlation({noise(1, 144000, 1), noise(1, 144000, 77)}) == Approx(0).margin(0.05));
  CHECK(correlation({noise(1, 144000, 1), noise(1, 144000, 77)}, 0) == Approx(1).margin(1e-3));
  CHECK(correlation({silence, silence}) == 0);
  CHECK(correlation({a, silence}) == 0);
}

TEST_CASE("width: block sizes and lanes make no difference", "[width]") {
  Channels in{noise(1, 4000, 1), noise(0.3, 4000, 2)};
  check_block_sizes(
      "width", {}, in,
      {{500, "width", 0}, {900, "mono_below", 200}, {1501, "width", 180}, {2500, "mono_below", 20}});
  check_lanes("width", {}, in, "width", {100, 0, 33, 200});
  check_lanes("width", {}, in, "mono_below", {20, 21, 100, 500});
}

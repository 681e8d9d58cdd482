#include "tests/nodes/signals.h"

using namespace mixgraph;
using namespace mixgraph::testing;

TEST_CASE("feedback: puts out its input after whole frames, at its gain", "[feedback]") {
  for (double rate : {44100.0, 48000.0, 192000.0})
    for (double ms : {2.0, 10.0, 33.3, 1000.0}) {
      NodeRunner run("feedback", {.rate = rate, .channels = 1, .values = {{"time", ms}, {"gain", 0}}});
      size_t delay = size_t(std::lround(ms * rate / 1000));
      Samples x = noise(1, delay + 3000), out = run.process({x}, int(x.size()), 17)[0];
      CHECK(peak(out, 0, delay) == 0);
      for (size_t i = delay; i < x.size(); i++) REQUIRE(out[i] == x[i - delay]);
    }
  NodeRunner run("feedback", {.values = {{"gain", -20}}});
  Channels out = run.process({impulse(1000, 5), impulse(1000, 9)});
  CHECK(out[0][485] == Approx(0.1));
  CHECK(out[1][489] == Approx(0.1));
}

TEST_CASE("feedback: no time is shorter than the longest block", "[feedback]") {
  NodeRunner run("feedback", {.rate = 8000, .channels = 1, .values = {{"time", 2}, {"gain", 0}}});
  Samples out = run.process({impulse(1000)})[0];
  CHECK(out[64] == 1);
}

TEST_CASE("feedback: a new time fades in without a step", "[feedback]") {
  NodeRunner run("feedback", {.channels = 1, .values = {{"gain", 0}}});
  Samples out = run_with_moves(run, {sine(200, 1, 1)},
                               {{10000, "time", 500}, {30000, "time", 2}, {40000, "gain", -30}}, 64)[0];
  double steepest = 0;
  for (size_t i = 5000; i < out.size(); i++)
    steepest = std::max(steepest, std::abs(double(out[i]) - out[i - 1]));
  CHECK(steepest < 2 * 2 * kPi * 200 / 48000);
}

TEST_CASE("feedback: block sizes and lanes make no difference", "[feedback]") {
  Channels in{noise(1, 6000, 1), noise(0.3, 6000, 2)};
  check_block_sizes("feedback", {}, in,
                    {{500, "time", 2}, {2000, "gain", -20}, {3001, "time", 50}, {3100, "time", 20}});
  check_lanes("feedback", {}, in, "time", {10, 2, 33.3, 100});
}

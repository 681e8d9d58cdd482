#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/node_runner.h"

using namespace mixgraph;

TEST_CASE("A tremolo lets the level fall by its depth, as often as its rate says", "[nodes][tremolo]") {
  NodeRunner run("tremolo", {.channels = 1, .values = {{"depth", 60}, {"rate", 4}}});
  auto out = run.process({std::vector<float>(48000, 1.f)}, 48000)[0];
  CHECK(*std::max_element(out.begin(), out.end()) == Approx(1).margin(1e-5));
  CHECK(*std::min_element(out.begin(), out.end()) == Approx(0.4).margin(1e-5));
  int falls = 0;
  for (size_t i = 1; i < out.size(); i++) falls += out[i - 1] >= 0.7f && out[i] < 0.7f;
  CHECK(falls == 4);
}

TEST_CASE("A tremolo without depth changes nothing", "[nodes][tremolo]") {
  NodeRunner run("tremolo", {.channels = 1, .values = {{"depth", 0}}});
  std::vector<float> in(4800);
  for (size_t i = 0; i < in.size(); i++) in[i] = float(i % 100) / 100;
  CHECK(run.process({in}, 4800)[0] == in);
}

#include "tests/nodes/signals.h"

using namespace mixgraph;
using namespace mixgraph::testing;

TEST_CASE("meter: passes the signal on untouched", "[meter]") {
  Channels in{noise(1, 3000, 1), noise(0.3, 3000, 2)};
  NodeRunner run("meter", {});
  CHECK(same(run.process(in), in));
}

TEST_CASE("meter: a sine at 0 dB peak reads 0 dB peak and -3.01 dB RMS", "[meter]") {
  for (double rate : {44100.0, 96000.0}) {
    NodeRunner run("meter", {.rate = rate});
    run.process({sine(997, 1, 4, rate), sine(997, 0.1, 4, rate)});
    run.process({sine(997, 1, 0.1, rate), sine(997, 0.1, 0.1, rate)});
    CHECK(run.meter("peak_l") == Approx(0).margin(0.02));
    CHECK(run.meter("peak_r") == Approx(-20).margin(0.02));
    CHECK(run.meter("rms_l") == Approx(-3.01).margin(0.03));
    CHECK(run.meter("rms_r") == Approx(-23.01).margin(0.03));
  }
}

TEST_CASE("meter: RMS rises to 63 % of the power in 300 ms and falls likewise", "[meter]") {
  NodeRunner run("meter", {.channels = 1});
  run.process({sine(1000, 1, 0.3)});
  CHECK(run.meter("rms_l") == Approx(10 * std::log10(0.5 * (1 - std::exp(-1.0)))).margin(0.05));
  run.process({sine(1000, 1, 3)});
  run.process({Samples(28800)});
  CHECK(run.meter("rms_l") == Approx(10 * std::log10(0.5 * std::exp(-2.0))).margin(0.05));
}

TEST_CASE("meter: the peak is that of a single frame, silence and mono", "[meter]") {
  NodeRunner run("meter", {.channels = 1});
  run.process({Samples(4800)});
  for (const char* id : {"peak_l", "peak_r", "rms_l", "rms_r"}) CHECK(run.meter(id) == -150);
  Samples click(4800);
  click[1234] = -0.5f;
  run.process({click});
  CHECK(run.meter("peak_l") == Approx(-6.02).margin(0.01));
  CHECK(run.meter("peak_r") == run.meter("peak_l"));
  CHECK(run.meter("rms_r") == run.meter("rms_l"));
}

TEST_CASE("meter: lanes read what an instance alone reads", "[meter]") {
  for (const Kernel& kernel : find_type("meter").kernels) {
    NodeRunner bank("meter", {.lanes = kernel.lanes}), alone("meter", {});
    std::vector<Channels> inputs;
    for (int l = 0; l < kernel.lanes; l++)
      inputs.push_back({noise(0.01 * (l + 1), 1000, uint32_t(l)), noise(0.5, 1000, uint32_t(l + 99))});
    auto out = bank.process_lanes(inputs, 1000);
    int last = kernel.lanes - 1;
    alone.process(inputs[size_t(last)]);
    CHECK(same(out[size_t(last)], inputs[size_t(last)]));
    for (const char* id : {"peak_l", "peak_r", "rms_l", "rms_r"})
      CHECK(bank.meter(id, last) == alone.meter(id));
  }
}

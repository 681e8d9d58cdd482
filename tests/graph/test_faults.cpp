#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/support/engine_runner.h"
#include "tests/support/test_types.h"

using namespace mixgraph;

namespace {

constexpr float kPoison = 0.75f, kBlast = 0.8f;
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

/// Passes sound on until it hears one of two samples; from then on its state is spoilt.
template <class V>
class Fragile {
 public:
  explicit Fragile(const Setup&) {}
  void process(baseline::Block<V> b) {
    using namespace baseline;
    for (int i = 0; i < b.frames(); i++) {
      V x = b.in(0)[i];
      state_ += select(both(V(kPoison) <= x, x <= V(kPoison)), V(std::numeric_limits<float>::quiet_NaN()), V(0.f));
      state_ = state_ * V(2.f) + select(both(V(kBlast) <= x, x <= V(kBlast)), V(1.f), V(0.f));
      b.out(0)[i] = x + state_;
    }
  }

 private:
  V state_ = V(0.f);
};

constexpr NodeType kFragile{.id = "fragile",
                            .label = "Fragile",
                            .doc = "Breaks.",
                            .category = "test",
                            .inputs = kIn,
                            .outputs = kOut,
                            .parameters = {},
                            .meters = {},
                            .kernels = baseline::kLaneKernels<Fragile>};

/// Two inputs through a fragile node each, to an output each; input 1 has `bad` at frame `at`.
struct TwoPaths {
  std::vector<const NodeType*> list = all_types_and({&kFragile});
  EngineRunner r{{.environment = {}, .inputs = 2, .outputs = 2, .ceiling_db = 0}, list};
  std::vector<uint64_t> bad_frames;
  float bad = 0;

  TwoPaths() {
    for (std::string n : {"1", "2"}) {
      r.add("in/" + n, "input", {{"channels", n}});
      r.add("mix/" + n, "fragile");
      r.add("out/" + n, "output", {{"to", n}});
      r.connect("in/" + n, "mix/" + n);
      r.connect("mix/" + n, "out/" + n);
    }
    r.update();
    r.input = [this](int channel, uint64_t frame) {
      if (channel == 0)
        for (uint64_t b : bad_frames)
          if (b == frame) return bad;
      return 0.4f * std::sin(0.05f * float(frame));
    };
  }
};

}  // namespace

TEST_CASE("a node that puts out no number, or runs away, is silenced within the block, rebuilt and named") {
  auto [bad, fault] = GENERATE(std::pair(kPoison, Fault::not_finite), std::pair(kBlast, Fault::runaway));
  int block = GENERATE(17, 64);
  TwoPaths t;
  t.bad = bad, t.bad_frames = {1000};
  auto out = t.r.run(9600, block);
  for (uint64_t i = 0; i < 9600; i++) {
    REQUIRE(out[1][i] == t.r.input(1, i));
    REQUIRE(std::isfinite(out[0][i]));
    REQUIRE(std::abs(out[0][i]) <= 1);
    if (i < 960 || i > 4000) REQUIRE(out[0][i] == t.r.input(0, i));
  }
  auto faults = t.r.engine.take_faults();
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].path == "mix/1");
  CHECK(faults[0].fault == fault);
  CHECK(!faults[0].given_up);
  CHECK(t.r.engine.counters().faults == 1);
  CHECK(t.r.engine.counters().bad_samples == 0);
  CHECK(t.r.engine.take_faults().empty());
}

TEST_CASE("a node that was silenced three times within ten seconds stays silent, until an edit rebuilds it") {
  TwoPaths t;
  t.bad = kPoison, t.bad_frames = {1000, 10000, 20000};
  auto out = t.r.run(30000);
  auto faults = t.r.engine.take_faults();
  REQUIRE(faults.size() == 3);
  CHECK(!faults[1].given_up);
  CHECK(faults[2].given_up);
  for (uint64_t i = 20100; i < 30000; i++) {
    REQUIRE(out[0][i] == 0);
    REQUIRE(out[1][i] == t.r.input(1, i));
  }
  t.r.remove("mix/1");
  t.r.update();
  t.r.run(4800);
  t.r.add("mix/1", "fragile");
  t.r.connect("in/1", "mix/1");
  t.r.connect("mix/1", "out/1");
  t.r.update();
  CHECK(std::abs(t.r.run(9600)[0][9599]) > 0);
}

TEST_CASE("what comes from the device is silence where it is no number") {
  TwoPaths t;
  t.bad = std::numeric_limits<float>::infinity(), t.bad_frames = {500, 501};
  auto out = t.r.run(1000);
  CHECK(out[0][500] == 0);
  CHECK(out[0][502] == t.r.input(0, 502));
  CHECK(t.r.engine.take_faults().empty());
}

// Musical time in every block.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/engine_runner.h"
#include "tests/support/test_types.h"

using namespace mixgraph;

namespace {

constexpr double kRate = 48000;

/// Puts out one more than the beat of each frame, on channel 2 than the seconds, and both negative while time stands still.
template <class V>
struct Watch {
  explicit Watch(const Setup&) {}
  void process(baseline::Block<V> b) {
    const Transport& t = b.transport();
    for (int i = 0; i < b.frames(); i++) {
      const double passed = t.rolling ? i / kRate : 0, sign = t.rolling ? 1 : -1;
      b.out(0)[i] = V(float(sign * (1 + t.beat + passed * t.tempo / 60)));
      b.out(1)[i] = V(float(sign * (1 + t.seconds + passed)));
    }
  }
  V none = V(0.f);
};
constexpr Port kOut[] = {{"out", 2}};
const NodeType kWatch{.id = "watch",
                      .label = "Watch",
                      .doc = "Tells the time.",
                      .category = "test",
                      .outputs = kOut,
                      .kernels = baseline::kLaneKernels<Watch>};

struct Clock {
  std::vector<const NodeType*> types = all_types_and({&kWatch});
  EngineRunner r{{.inputs = 1, .outputs = 2, .ceiling_db = 120}, types};
  Clock() {
    r.add("watch", "watch");
    r.add("out", "output", {{"to", std::string("1+2")}});
    r.connect("watch", "out");
    r.update();
    r.run(6400);
  }
};

}  // namespace

TEST_CASE("Time stands still until it rolls, goes on without a gap through tempos, and stops where it is", "[transport]") {
  std::vector<std::vector<float>> first;
  for (const int block : {64, 1, 17, 1000}) {
    Clock c;
    Engine& engine = c.r.engine;
    engine.change_transport({.rolling = true}, 9601);
    engine.change_transport({.tempo = 90}, 57'603);
    engine.change_transport({.rolling = false}, 105'605);
    engine.change_transport({.seconds = 60}, 106'000);
    engine.change_transport({.rolling = true, .tempo = 240}, 110'000);
    const auto out = c.r.run(120'000, block);
    const auto beat = [&](uint64_t frame) { return out[0][frame - 6400] - (out[0][frame - 6400] > 0 ? 1 : -1); };
    const auto seconds = [&](uint64_t frame) { return out[1][frame - 6400] - 1; };
    CHECK(out[0][9600 - 6400] == -1);
    CHECK(out[0][9601 - 6400] == 1);
    CHECK(beat(57'602) == Approx(2 * 48'001 / kRate));
    CHECK(beat(57'603) == Approx(2 * 48'002 / kRate));
    CHECK(beat(105'604) == Approx(2 * 48'002 / kRate + 1.5 * 48'001 / kRate));
    CHECK(seconds(105'604) == Approx(96'003 / kRate));
    const double stopped = 2 * 48'002 / kRate + 1.5 * 48'002 / kRate;
    CHECK(beat(105'605) == Approx(-stopped));
    CHECK(beat(106'000) == Approx(-90));
    CHECK(beat(110'000) == Approx(90));
    CHECK(beat(112'000) == Approx(90 + 4 * 2000 / kRate));
    CHECK(seconds(112'000) == Approx(60 + 2000 / kRate));
    CHECK(engine.transport(engine.frame()).beat == Approx(90 + 4 * 16'400 / kRate));
    if (first.empty()) first = out;
    for (size_t i = 0; i < out[0].size(); i++) REQUIRE(out[0][i] == Approx(first[0][i]).margin(1e-5));
  }
}

TEST_CASE("Both sides of an engine agree on musical time, however late a change comes", "[transport]") {
  Clock c;
  c.r.engine.change_transport({.rolling = true}, 5000);  // past
  c.r.engine.change_transport({.beat = 3}, 0);           // no place: nothing
  const uint64_t said = c.r.engine.now();
  const auto out = c.r.run(6400);
  CHECK(out[1].back() - 1 == Approx(double(c.r.engine.frame() - 1 - said) / kRate));
  CHECK(c.r.engine.transport(c.r.engine.frame()).seconds == Approx(double(c.r.engine.frame() - said) / kRate));
}

// The law for what is read, and for what depends on where instances run.
#include <catch2/catch.hpp>
#include <memory>
#include <random>

#include "config/session.h"
#include "tests/support/fresh.h"

using namespace mixgraph;

namespace {

constexpr int kSources = 24;

/// Many sources in one sum, which are wired, taken away and put back at random: always the same.
void edit(EngineRunner& r, std::mt19937& random) {
  const std::string path = "t" + std::to_string(random() % kSources);
  const std::string from = "in/" + std::to_string(1 + random() % 4), before = "t" + std::to_string(random() % kSources);
  const int dice = int(random() % 4);
  if (!r.graph.find(path)) {
    r.add(path, dice ? "trim" : "fader", {{dice ? "gain" : "level", -double(random() % 200) / 10}});
    r.connect(from, path);
    r.connect(path, "sum");
  } else if (dice == 0) {
    r.remove(path);
  } else if (r.graph.find(before) && std::stoi(before.substr(1)) < std::stoi(path.substr(1)) && !r.graph.has({before, 0, path, 0})) {
    r.connect(before, path);
  }
  r.update();
}
struct Mix {
  EngineRunner r{{.inputs = 4, .outputs = 2, .ceiling_db = 60}};
  explicit Mix(int edits) {
    r.input = device_noise;
    for (std::string n : {"1", "2", "3", "4"}) r.add("in/" + n, "input", {{"channels", n}});
    r.add("sum", "sum");
    r.add("out", "output");
    r.connect("sum", "out");
    r.update();
    std::mt19937 random{3};
    for (int i = 0; i < edits; i++) {
      edit(r, random);
      r.run(int(random() % 3) * 700);
    }
  }
};

/// A node of a type that hears a sine, after a while.
EngineRunner& heard(EngineRunner& r, std::string_view type, std::vector<EngineRunner::Set> values) {
  r.input = sine(300);
  r.add("in/1", "input");
  r.add("x", type, std::move(values));
  r.add("out", "output");
  r.connect("in/1", "x");
  r.connect("x", "out");
  r.update();
  r.run(24'000);
  return r;
}

}  // namespace

TEST_CASE("A peak that was read before an edit is told after it", "[law]") {
  EngineRunner r;
  heard(r, "meter", {});
  r.input = [](int, uint64_t frame) { return frame == 24'010 ? 0.9f : 0.01f; };
  r.engine.meters();
  r.run(64);
  r.add("other", "trim");
  r.update();
  r.run(4800);
  CHECK(r.meter("x", "peak_l") == Approx(20 * std::log10(0.9)).margin(0.01));
}

TEST_CASE("The same edits give the same bytes, wherever memory is", "[law]") {
  std::mt19937 random{5};
  std::vector<std::unique_ptr<char[]>> litter;
  const auto first = Mix(60).r.run(4800);
  for (int i = 0; i < 8; i++) {
    for (int k = 0; k < 200; k++) litter.push_back(std::make_unique<char[]>(random() % 5000));
    for (int k = 0; k < 100; k++) litter[random() % litter.size()].reset();
    CHECK((Mix(60).r.run(4800) == first));
  }
}

TEST_CASE("A graph after live edits gives the bytes of its document freshly loaded", "[law]") {
  const int edits = GENERATE(30, 60);
  Mix mix(edits);
  mix.r.run(9600);
  CHECK(unlike_fresh(mix.r) == 0);
}

TEST_CASE("Meters of a bypassed node read as at rest", "[law]") {
  const auto [type, threshold] = GENERATE(std::pair("compressor", -40.0), std::pair("gate", -1.0), std::pair("limiter", -24.0));
  INFO(type);
  const std::string row = type == std::string("limiter") ? "ceiling" : "threshold";
  EngineRunner from_start, switched;
  heard(from_start, type, {{row, threshold}, {"bypass", 1.0}});
  from_start.engine.meters();
  from_start.run(4800);
  CHECK(from_start.meter("x", "gain_reduction") == 0);
  heard(switched, type, {{row, threshold}});
  switched.engine.meters();
  switched.run(9600);
  CHECK(switched.meter("x", "gain_reduction") > 3);
  const Move bypass = switched.move("x", "bypass", 1);
  switched.engine.move({&bypass, 1});
  for (int i = 0; i < 2; i++) {  // a reading is of the time before the one before
    switched.run(4800);
    switched.engine.meters();
  }
  switched.run(4800);
  CHECK(switched.meter("x", "gain_reduction") == 0);
}

TEST_CASE("The meter of a strip's compressor that was never on reads as at rest", "[law]") {
  auto session = parse_session("mixgraph: 1\nmix:\n  a: {type: strip, from: in/1}\nmaster:\n  out: {type: output, from: mix/a}\n", "t.yaml", ".",
                               node_types());
  REQUIRE(session);
  EngineRunner r;
  r.input = sine(300);
  r.graph = session->graph;
  r.update();
  r.run(24'000);
  r.engine.meters();
  r.run(4800);
  CHECK(r.meter("mix/a/compressor", "gain_reduction") == 0);
  CHECK(r.meter("mix/a/gate", "gain_reduction") == 0);
}

TEST_CASE("A gate's hold that is made shorter while it holds ends sooner", "[law]") {
  EngineRunner r;
  heard(r, "gate", {{"hold", 2000.0}, {"release", 5.0}});
  r.input = [](int, uint64_t frame) { return frame < 28'800 ? 0.5f : 0.001f; };
  r.run(9600);
  const Move hold = r.move("x", "hold", 0);
  r.engine.move({&hold, 1});
  r.run(4800);
  r.engine.meters();
  r.run(4800);
  CHECK(r.meter("x", "gain_reduction") > 30);
}

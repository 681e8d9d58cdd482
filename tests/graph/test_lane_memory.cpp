// Delay lines of lanes: they go where their lane goes, and a bank rests only when all of them are silent.
#include <catch2/catch.hpp>

#include <random>

#include "tests/support/engine_runner.h"

using namespace mixgraph;

namespace {

float noise(uint64_t frame) { return float(int32_t(uint32_t(frame) * 2654435761u)) * 0x1p-33f; }

/// `count` delays, each from an input to an output of its own.
struct Delays : EngineRunner {
  explicit Delays(int count) : EngineRunner({.inputs = count, .outputs = count, .ceiling_db = 60}) {
    for (int i = 0; i < count; i++) add_delay(i);
    update();
  }
  static std::string name(int i) { return "d" + std::to_string(i); }
  void add_delay(int i, const std::string& from = "") {
    const std::string in = "in" + std::to_string(i), out = "out" + std::to_string(i);
    add(in, "input", {{"channels", std::to_string(i + 1)}});
    add(name(i), "delay", {{"time", 20.0 + i}, {"feedback", 50.0}, {"mix", 50.0}});
    add(out, "output", {{"to", std::to_string(i + 1)}});
    connect(from.empty() ? in : from, name(i));
    connect(name(i), out);
  }
};

}  // namespace

TEST_CASE("a delay's echoes go on when an edit moves it to another bank", "[lane_memory]") {
  const auto play = [](bool edits) {
    Delays r(3);
    r.input = [](int channel, uint64_t frame) { return frame % 9600 < 480 ? noise(frame * 4 + uint64_t(channel)) : 0.f; };
    r.run(4800);
    if (edits) {
      r.connect("d0", "d1"), r.update();  // one bank can't run both
      r.run(960);
      r.disconnect("d0", "d1"), r.update();
      r.run(960);
      for (int i = 0; i < 3; i++) r.remove(Delays::name(1)), r.update(), r.run(64), r.add("d1", "delay"), r.update(), r.run(64);
    } else {
      r.run(1920 + 6 * 64);
    }
    auto heard = r.run(19'200);
    heard.erase(heard.begin() + 1);  // what was edited
    return heard;
  };
  CHECK(play(true) == play(false));
}

TEST_CASE("a delay that has rested sounds as one that never could", "[lane_memory]") {
  const auto play = [](bool may_rest, double mix) {
    Delays r(2);
    // The other delay of the bank keeps it awake.
    r.input = [may_rest](int channel, uint64_t frame) {
      if (channel == 1) return may_rest ? 0.f : noise(frame);
      return frame < 4800 || (frame > 480'000 && frame < 484'800) ? noise(frame) : 0.f;
    };
    r.set("d0", "mix", mix), r.update();
    std::vector<float> heard;
    const auto listen = [&](int frames) {
      const auto more = r.run(frames)[0];
      heard.insert(heard.end(), more.begin(), more.end());
    };
    listen(8000);
    r.set("d0", "mix", 100.0), r.update();
    listen(480'000);
    listen(48'000);
    return heard;
  };
  for (const double mix : {0.0, 50.0}) CHECK(play(true, mix) == play(false, mix));
}

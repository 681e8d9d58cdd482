#include <catch2/catch.hpp>
#include <chrono>
#include <random>
#include <thread>

#include "tests/support/engine_runner.h"

using namespace mixgraph;

namespace {

float noise(int channel, uint64_t frame) {
  uint64_t x = (frame + 1) * 6364136223846793005ull + uint64_t(channel) * 1442695040888963407ull;
  x ^= x >> 33, x *= 0xff51afd7ed558ccdull, x ^= x >> 33;
  return float(double(int64_t(x)) / 9.3e18 * 0.5);
}

/// Two groups of strips with sends to a reverb, a loop through a feedback node, and a master to two outputs.
void build(EngineRunner& r, int strips) {
  r.input = noise;
  r.add("mix/sum", "sum");
  r.add("mix/hall", "reverb");
  r.connect("mix/hall", "mix/sum");
  for (int i = 0; i < strips; i++) {
    std::string strip = "mix/" + std::to_string(i), in = "in/" + std::to_string(i);
    r.add(in, "input", {{"channels", std::to_string(i % 4 + 1)}});
    r.add(strip + "/eq", "eq", {{"2/gain", double(i % 7)}});
    r.add(strip + "/compressor", "compressor");
    r.add(strip + "/send", "send", {{"level", -12.}});
    r.connect(in, strip + "/eq");
    r.connect(strip + "/eq", strip + "/compressor");
    r.connect(strip + "/compressor", strip + "/send");
    r.connect(strip + "/compressor", "mix/sum");
    r.connect(strip + "/send", "mix/hall");
  }
  r.add("mix/loop", "feedback");
  r.add("mix/echo", "delay", {{"mix", 30.}});
  r.connect("mix/sum", "mix/echo");
  r.connect("mix/echo", "mix/loop");
  r.connect("mix/loop", "mix/hall");
  r.add("master/limiter", "limiter");
  r.add("master/out", "output");
  r.add("out/direct", "output", {{"to", "1+2"}});
  r.connect("mix/echo", "master/limiter");
  r.connect("master/limiter", "master/out");
  r.connect("mix/0/eq", "out/direct");
  r.update();
}

EngineSettings settings(int threads, double share_above_us) {
  EngineSettings s{.environment = {}, .inputs = 4, .outputs = 2, .ceiling_db = 60};
  s.threads = threads, s.share_above_us = share_above_us;
  return s;
}

/// The same edits and moves at the same frames, whoever runs it.
std::vector<std::vector<float>> play(EngineRunner& r) {
  std::mt19937 random(7);
  std::vector<std::vector<float>> all(2);
  for (int step = 0; step < 60; step++) {
    const std::string strip = "mix/" + std::to_string(random() % 40), eq = strip + "/eq", send = strip + "/send";
    const double gain = double(random() % 24) - 12;
    const uint64_t frame = r.engine.frame() + random() % 900;
    std::vector<Move> moves = {r.move(eq, "1/gain", gain, frame), r.move(send, "level", -double(random() % 40), 0, 0.02)};
    r.engine.move(moves);
    if (step % 6 == 1 && r.graph.has({strip + "/compressor", 0, "mix/sum", 0})) r.disconnect(strip + "/compressor", "mix/sum"), r.update();
    if (step % 6 == 4) r.set(strip + "/compressor", "bypass", 1.), r.update();
    auto out = r.run(int(500 + random() % 1500), int(16 + random() % 100));
    for (int c = 0; c < 2; c++) all[size_t(c)].insert(all[size_t(c)].end(), out[size_t(c)].begin(), out[size_t(c)].end());
  }
  return all;
}

}  // namespace

TEST_CASE("several threads put out what one does, bit by bit, while the graph is edited") {
  EngineRunner one(settings(1, 0)), three(settings(3, 0));
  for (EngineRunner* r : {&one, &three}) build(*r, 40);
  REQUIRE(play(one) == play(three));
  CHECK(one.engine.counters().tasks == 1);
  CHECK(three.engine.counters().tasks > 2);
}

TEST_CASE("a graph that is too small to pay stays on one thread") {
  EngineRunner small(settings(2, 1e6));  // under a sanitizer too
  build(small, 2);
  small.run(96000);
  CHECK(small.engine.counters().tasks == 1);

  EngineRunner chain(settings(2, 0));
  chain.input = noise;
  chain.add("in", "input");
  chain.add("mix/a", "eq");
  chain.add("mix/b", "compressor");
  chain.add("out", "output");
  chain.connect("in", "mix/a");
  chain.connect("mix/a", "mix/b");
  chain.connect("mix/b", "out");
  chain.update();
  chain.run(96000);
  CHECK(chain.engine.counters().tasks == 1);
}

TEST_CASE("threads that help nothing are seen not to pay") {
  using namespace std::chrono_literals;
  EngineSettings late = settings(2, 0.001);  // any graph is large enough
  std::atomic<bool> released{false};
  late.on_thread_start = [&released] {
    while (!released) std::this_thread::sleep_for(1ms);
  };
  EngineRunner r(late);
  r.input = noise;
  r.add("out", "output");
  for (int i = 0; i < 64; i++) {
    const std::string strip = "mix/" + std::to_string(i);
    r.add("in/" + std::to_string(i), "input", {{"channels", std::to_string(i % 4 + 1)}});
    r.add(strip + "/eq", "eq");
    r.add(strip + "/compressor", "compressor");
    r.connect("in/" + std::to_string(i), strip + "/eq");
    r.connect(strip + "/eq", strip + "/compressor");
    r.connect(strip + "/compressor", "out");
  }
  r.update();
  uint64_t most = 0;
  const auto until = std::chrono::steady_clock::now() + 60s;
  do {
    r.run(9600);
    most = std::max(most, r.engine.counters().tasks);
  } while ((most == 1 || r.engine.counters().tasks > 1) && std::chrono::steady_clock::now() < until);
  CHECK(most > 1);
  CHECK(r.engine.counters().tasks == 1);
  r.run(96000);
  CHECK(r.engine.counters().tasks == 1);
  released = true;
}

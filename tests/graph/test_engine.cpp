#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/engine_runner.h"

using namespace mixgraph;

namespace {

/// Device input 1 through a trim and a fader to both outputs.
void add_strip(EngineRunner& r, const std::string& name, const std::string& in = "in/1") {
  if (!r.graph.find(in)) r.add(in, "input", {{"channels", in.substr(3)}});
  if (!r.graph.find("out")) r.add("out", "output");
  r.add(name + "/trim", "trim");
  r.add(name + "/fader", "fader");
  r.connect(in, name + "/trim");
  r.connect(name + "/trim", name + "/fader");
  r.connect(name + "/fader", "out");
}

float noise(int channel, uint64_t frame) {
  uint64_t x = (frame + 1) * 6364136223846793005ull + uint64_t(channel) * 1442695040888963407ull;
  x ^= x >> 33, x *= 0xff51afd7ed558ccdull, x ^= x >> 33;
  return float(double(int64_t(x)) / 9.3e18 * 0.5);
}

}  // namespace

TEST_CASE("at rest the engine passes samples through exactly") {
  EngineRunner r;
  r.input = noise;
  add_strip(r, "mix/a");
  r.update();
  auto out = r.run(1000, 48);
  for (uint64_t i = 0; i < 1000; i++) REQUIRE(out[0][i] == noise(0, i));
}

TEST_CASE("a fader's jump is an S-curve to the exact new gain") {
  EngineRunner r;
  r.input = [](int, uint64_t) { return 1.f; };
  add_strip(r, "mix/a");
  r.update();
  r.run(640);
  Move m = r.move("mix/a/fader", "level", -20);
  r.engine.move({&m, 1});
  auto out = r.run(1024)[0];
  CHECK(out[0] == 1);
  CHECK(out[256] == Approx(0.55).epsilon(0.01));
  CHECK(out[512] == Approx(0.1f).epsilon(1e-6));
  CHECK(out[1023] == Approx(0.1f).epsilon(1e-6));
  for (size_t i = 1; i < 512; i++) REQUIRE(out[i] <= out[i - 1] + 1e-6f);
}

TEST_CASE("a timed move follows its course, and a new one takes over where it is") {
  EngineRunner r;
  r.input = [](int, uint64_t) { return 1.f; };
  add_strip(r, "mix/a");
  r.update();
  r.run(64);
  auto level_after = [&](Course course, double seconds) {
    Move m = r.move("mix/a/fader", "level", -40, 0, 1, course);
    r.engine.move({&m, 1});
    return 20 * std::log10(r.run(int(seconds * 48000))[0].back());
  };
  SECTION("along the fader's scale") { CHECK(level_after(Course::position, 0.5) == Approx(from_position(r.type("fader").parameters[0], (0.75 + 0.1875) / 2)).margin(0.05)); }
  SECTION("straight in dB") { CHECK(level_after(Course::linear, 0.5) == Approx(-20).margin(0.05)); }
  SECTION("eased") { CHECK(level_after(Course::s_curve, 0.1) > -1.5); }
  SECTION("overtaken") {
    level_after(Course::linear, 0.5);
    Move m = r.move("mix/a/fader", "level", 0);
    r.engine.move({&m, 1});
    auto out = r.run(4800)[0];
    CHECK(out.front() == Approx(0.1).epsilon(0.02));
    CHECK(out.back() == Approx(1));
  }
}

TEST_CASE("the output does not depend on the device's block size") {
  auto render = [](int block) {
    EngineRunner r;
    r.input = noise;
    for (int i = 0; i < 20; i++) add_strip(r, "mix/s" + std::to_string(i), "in/" + std::to_string(i % 4 + 1));
    r.update();
    std::vector<Move> moves;
    for (uint64_t f : {100u, 101u, 777u, 1000u, 1023u, 1024u}) moves.push_back(r.move("mix/s3/fader", "level", -double(f % 50), f));
    moves.push_back(r.move("mix/s7/trim", "gain", 12, 333, 0.05, Course::exponential));
    r.engine.move(moves);
    return r.run(6000, block);
  };
  auto reference = render(64);
  for (int block : {1, 17, 256}) CHECK(render(block) == reference);
}

TEST_CASE("a timed move begins on its sample, and two keep their distance") {
  EngineRunner r;
  r.input = [](int channel, uint64_t) { return channel == 0 ? 1.f : 2.f; };
  add_strip(r, "mix/a");
  r.update();
  std::vector<Move> moves{r.move("mix/a/fader", "level", -90, 1001)};
  r.engine.move(moves);
  auto out = r.run(4000, 96)[0];
  size_t first = 0;
  while (out[first] == 1) first++;
  // The S-curve leaves from rest: its first steps are below a float's resolution.
  CHECK(first > 1001);
  CHECK(first < 1006);
  CHECK(r.engine.counters().late_changes == 0);
  moves[0] = r.move("mix/a/fader", "level", 0, 2000);
  r.engine.move(moves);
  r.run(64);
  CHECK(r.engine.counters().late_changes == 1);
}

TEST_CASE("a batch is heard in one block") {
  EngineRunner r;
  r.input = [](int, uint64_t) { return 1.f; };
  for (int i = 0; i < 100; i++) add_strip(r, "mix/s" + std::to_string(i));
  r.update();
  r.run(64);
  std::vector<Move> moves;
  for (int i = 0; i < 100; i++) moves.push_back(r.move(r.graph.find("mix/s" + std::to_string(i) + "/trim")->path, "invert", i % 2));
  r.engine.move(moves);
  auto out = r.run(2000)[0];
  CHECK(out.back() == Approx(0).margin(1e-4));
  for (size_t i = 1; i < out.size(); i++) REQUIRE(out[i] <= out[i - 1] + 1e-3);
}

TEST_CASE("more moves than the ring holds lose nothing") {
  EngineRunner r;
  r.input = [](int, uint64_t) { return 1.f; };
  add_strip(r, "mix/a");
  r.update();
  r.run(64);
  for (int i = 0; i < 70000; i++) {
    Move m = r.move("mix/a/fader", "level", -double(i % 60));
    r.engine.move({&m, 1});
  }
  Move last = r.move("mix/a/fader", "level", -20);
  r.engine.move({&last, 1});
  CHECK(r.run(4800)[0].back() == Approx(0.1));
}

TEST_CASE("a loop is refused and named, and nothing changes") {
  EngineRunner r;
  r.input = noise;
  add_strip(r, "mix/a");
  r.update();
  r.run(64);
  r.connect("mix/a/fader", "mix/a/trim");
  Problems problems = r.engine.update(r.graph);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].what.find("/mix/a/trim -> /mix/a/fader -> /mix/a/trim") != std::string::npos);
  CHECK(problems[0].hint.find("feedback") != std::string::npos);
  uint64_t now = r.engine.frame();
  CHECK(r.run(64)[0][10] == noise(0, now + 10));
}

TEST_CASE("a mono sound feeds both sides, two sides feed a mono input by their mean") {
  EngineRunner r;
  r.input = noise;
  r.add("in/1+2", "input", {{"channels", "1+2"}});
  r.add("in/3", "input", {{"channels", "3"}});
  r.add("sum", "sum");
  r.add("out", "output");
  r.connect("in/1+2", "sum");
  r.connect("in/3", "sum");
  r.connect("sum", "out");
  r.update();
  auto out = r.run(64);
  CHECK(out[0][9] == Approx(noise(0, 9) + noise(2, 9)));
  CHECK(out[1][9] == Approx(noise(1, 9) + noise(2, 9)));
}

TEST_CASE("a loop with a feedback node repeats") {
  EngineRunner r;
  r.input = [](int, uint64_t frame) { return frame == 100 ? 1.f : 0.f; };
  r.add("in/1", "input", {{"channels", "1"}});
  r.add("sum", "sum");
  r.add("loop", "feedback", {{"time", 10.0}, {"gain", -6.0}});
  r.add("out", "output");
  r.connect("in/1", "sum");
  r.connect("loop", "sum");
  r.connect("sum", "loop");
  r.connect("sum", "out");
  r.update();
  auto out = r.run(2000, 100)[0];
  double gain = std::pow(10, -6 / 20.0);
  CHECK(out[100] == 1);
  CHECK(out[580] == Approx(gain));
  CHECK(out[1060] == Approx(gain * gain));
  CHECK(out[1540] == Approx(gain * gain * gain));
  CHECK(out[300] == 0);
}

TEST_CASE("parallel paths of different latency are aligned") {
  // A limiter far below its ceiling only delays. Against it in the other polarity nothing is left.
  EngineRunner r;
  r.input = [](int channel, uint64_t frame) { return 0.2f * noise(channel, frame); };
  r.add("in/1", "input", {{"channels", "1"}});
  r.add("limiter", "limiter");
  r.add("inverted", "trim", {{"invert", 1.0}});
  r.add("out", "output");
  r.connect("in/1", "limiter");
  r.connect("in/1", "inverted");
  r.connect("limiter", "out");
  r.connect("inverted", "out");
  r.update();
  auto out = r.run(9600)[0];
  CHECK(*std::max_element(out.begin(), out.end()) == 0);
  CHECK(r.engine.latency() > 200);
  SECTION("and with the limiter bypassed, too") {
    Move m = r.move("limiter", "bypass", 1);
    r.engine.move({&m, 1});
    out = r.run(9600)[0];
    CHECK(*std::max_element(out.begin(), out.end()) == 0);
  }
}

TEST_CASE("what is removed rings out") {
  EngineRunner r;
  r.input = [](int, uint64_t frame) { return frame < 4800 ? 0.5f * float(std::sin(double(frame) * 0.05)) : 0.f; };
  r.add("in/1", "input", {{"channels", "1"}});
  r.add("echo", "delay", {{"time", 200.0}, {"feedback", 50.0}});
  r.add("out", "output");
  r.connect("in/1", "echo");
  r.connect("echo", "out");
  r.update();
  r.run(4800);
  r.remove("echo");
  r.update();
  auto out = r.run(48000)[0];
  CHECK(*std::max_element(out.begin() + 9600 - 2400, out.begin() + 9600 + 2400) > 0.2);
  r.run(48000 * 20);
  CHECK(r.engine.settled());
}

TEST_CASE("inputs of different channels share a bank, and each plays its own", "[engine]") {
  constexpr int kInputs = 24;
  EngineRunner r({.inputs = kInputs, .outputs = kInputs, .ceiling_db = 60});
  r.input = [](int channel, uint64_t frame) {
    if (channel == 6) return std::numeric_limits<float>::quiet_NaN();
    return channel == 7 ? 2000.f : 0.01f * float(channel + 1) + 1e-6f * float(frame % 64);
  };
  const auto heard_by = [](int output) { return (output * 7 + 3) % kInputs; };
  for (int k = 0; k < kInputs; k++) {
    const std::string n = std::to_string(k);
    r.add("in/" + n, "input", {{"channels", std::to_string(heard_by(k) + 1)}});
    r.add("trim/" + n, "trim");
    r.add("out/" + n, "output", {{"to", std::to_string(k + 1)}});
    r.connect("in/" + n, "trim/" + n);
    r.connect("trim/" + n, "out/" + n);
  }
  r.add("in/lost", "input", {{"channels", "60"}});  // the device has no such channel
  r.connect("in/lost", "trim/0");
  r.update();
  const auto expected = [&](int channel, int i) { return channel == 6 || channel == 7 ? 0.f : r.input(channel, uint64_t(i)); };
  r.run(64 * 40);  // faded in
  auto out = r.run(64);
  for (int k = 0; k < kInputs; k++)
    for (int i = 0; i < 64; i++) REQUIRE(out[size_t(k)][size_t(i)] == expected(heard_by(k), i));

  // One of them hears another channel from now on; nobody else notices.
  r.set("in/5", "channels", "1");
  r.update();
  for (int block = 0; block < 40; block++) {
    out = r.run(64);
    for (int k = 0; k < kInputs; k++)
      for (int i = 0; k != 5 && i < 64; i++) REQUIRE(out[size_t(k)][size_t(i)] == expected(heard_by(k), i));
  }
  for (int i = 0; i < 64; i++) CHECK(out[5][size_t(i)] == expected(0, i));
}

TEST_CASE("an instance that starts in a bank starts as it would alone", "[engine]") {
  const auto floor_of = [](int gates) {
    EngineRunner r({.inputs = 1, .outputs = 1, .ceiling_db = 60});
    r.input = [](int, uint64_t) { return 1e-4f; };
    r.add("in", "input");
    for (int g = 0; g < gates; g++) {  // closed from the start, each by its own range
      r.add("g" + std::to_string(g), "gate", {{"range", 10. + 5 * g}});
      r.connect("in", "g" + std::to_string(g));
    }
    r.add("out", "output", {{"to", "1"}});
    r.connect("g0", "out");
    r.update();
    return r.run(64 * 20)[0];
  };
  CHECK(floor_of(1) == floor_of(5));
  // The last one of five is the model of none.
  EngineRunner both({.inputs = 1, .outputs = 2, .ceiling_db = 60});
  both.input = [](int, uint64_t) { return 1e-4f; };
  both.add("in", "input");
  for (int g = 0; g < 2; g++) {
    const std::string n = std::to_string(g);
    both.add("g" + n, "gate", {{"range", g == 0 ? 60. : 10.}});
    both.add("out" + n, "output", {{"to", std::to_string(g + 1)}});
    both.connect("in", "g" + n);
    both.connect("g" + n, "out" + n);
  }
  both.update();
  CHECK(both.run(64 * 20)[1] == floor_of(1));
}

TEST_CASE("what rested in silence goes on as it would have, whatever the periods") {
  // Sound, then silence of an odd length in which banks come to rest, then sound again, for which gates open.
  constexpr int kSound = 14'400, kSilence = 4 * 48'000 + 1, kEnd = kSound + kSilence + kSound;
  const auto played = [](int period) {
    EngineRunner r;
    r.input = [](int channel, uint64_t frame) {
      const uint32_t random = uint32_t(frame * 4 + uint64_t(channel) + 1) * 2654435761u;
      return frame < kSound || frame >= kSound + kSilence ? float(int32_t(random ^ random >> 15)) * 2e-10f : 0.f;
    };
    r.add("out", "output");
    for (int i = 0; i < 20; i++) {
      const std::string strip = "mix/" + std::to_string(i);
      r.add("in/" + std::to_string(i), "input", {{"channels", std::to_string(i % 4 + 1)}});
      r.add(strip + "/gate", "gate", {{"release", 20. + i}});
      r.add(strip + "/compressor", "compressor", {{"threshold", -30.}, {"release", 20.}});
      r.connect("in/" + std::to_string(i), strip + "/gate");
      r.connect(strip + "/gate", strip + "/compressor");
      r.connect(strip + "/compressor", "out");
    }
    r.update();
    return r.run(kEnd, period);
  };
  const auto whole = played(64);
  CHECK(played(17) == whole);
  CHECK(played(1021) == whole);
}

// Wide instances: what each channel does, what a cable makes of a format, and that the sound follows the document when formats change.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "tests/support/engine_runner.h"
#include "tests/support/fresh.h"

using namespace mixgraph;

namespace {

constexpr int kChannels = 12;

float noise(int channel, uint64_t frame) {
  uint64_t x = (frame + 1) * 0x9e3779b97f4a7c15ull + uint64_t(channel) * 0xbf58476d1ce4e5b9ull;
  x ^= x >> 31, x *= 0x94d049bb133111ebull, x ^= x >> 29;
  return float(double(x >> 40) / double(1 << 24) - 0.5);
}

struct NoiseRunner : EngineRunner {
  explicit NoiseRunner(int inputs, int outputs = kChannels) : EngineRunner({.inputs = inputs, .outputs = outputs, .ceiling_db = 60}) { input = noise; }
};

/// A node twelve channels wide, and twelve of one channel, told the same.
class Twins {
 public:
  explicit Twins(std::string_view type) {
    wide.add("in/all", "input", {{"channels", "1-12"}});
    wide.add("x", type);
    wide.add("out", "output", {{"to", "1-12"}});
    wide.connect("in/all", "x");
    wide.connect("x", "out");
    for (int c = 1; c <= kChannels; c++) {
      const std::string n = std::to_string(c);
      narrow.add("in/" + n, "input", {{"channels", n}});
      narrow.add("x" + n, type);
      narrow.add("out" + n, "output", {{"to", n}});
      narrow.connect("in/" + n, "x" + n);
      narrow.connect("x" + n, "out" + n);
    }
    wide.update();
    narrow.update();
  }
  void set(std::string_view row, double value, double seconds) {
    std::vector<std::string> names;  // which moves refer to
    for (int c = 1; c <= kChannels; c++) names.push_back("x" + std::to_string(c));
    std::vector<Move> moves{wide.move("x", row, value, 0, seconds)}, each;
    for (const std::string& name : names) each.push_back(narrow.move(name, row, value, 0, seconds));
    wide.engine.move(moves);
    narrow.engine.move(each);
  }
  bool sound_alike(int frames) { return wide.run(frames) == narrow.run(frames); }

  NoiseRunner wide{kChannels}, narrow{kChannels};
};

}  // namespace

TEST_CASE("channels that are apart sound as if each were a node of its own", "[formats]") {
  for (const NodeType* type : node_types()) {
    if (type->multichannel != Multichannel::apart) continue;
    INFO(type->id);
    Twins twins(type->id);
    CHECK(twins.sound_alike(2000));
    std::mt19937 random(7);
    for (int round = 0; round < 12; round++) {
      const int r = int(random() % unsigned(std::max(1, row_count(*type))));
      if (row_count(*type) > 0 && row(*type, r).update == Update::live && row(*type, r).group == GroupPart::none)
        twins.set(row(*type, r).id, from_position(row(*type, r), double(random() % 101) / 100), round % 3 * 0.01);
      CHECK(twins.sound_alike(700));
    }
  }
}

TEST_CASE("a bus of many wide sources adds each channel as a bus of mono ones does", "[formats]") {
  constexpr int kSources = 21;
  NoiseRunner wide(kChannels), narrow(kChannels);
  for (int s = 0; s < kSources; s++) {
    const std::string n = std::to_string(s);
    wide.add("in/" + n, "input", {{"channels", "1-12"}});
    wide.add("t" + n, "trim", {{"gain", -0.5 * s}});
    wide.connect("in/" + n, "t" + n);
  }
  wide.add("bus", "sum");
  wide.add("out", "output", {{"to", "1-12"}});
  for (int s = 0; s < kSources; s++) wide.connect("t" + std::to_string(s), "bus");
  wide.connect("bus", "out");
  for (int c = 1; c <= kChannels; c++) {
    const std::string at = "/" + std::to_string(c);
    narrow.add("bus" + at, "sum");
    narrow.add("out" + at, "output", {{"to", std::to_string(c)}});
    for (int s = 0; s < kSources; s++) {
      const std::string name = std::to_string(s) + at;
      narrow.add("in/" + name, "input", {{"channels", std::to_string(c)}});
      narrow.add("t" + name, "trim", {{"gain", -0.5 * s}});
      narrow.connect("in/" + name, "t" + name);
      narrow.connect("t" + name, "bus" + at);
    }
    narrow.connect("bus" + at, "out" + at);
  }
  wide.update();
  narrow.update();
  CHECK(wide.run(1000, 48) == narrow.run(1000, 48));
}

TEST_CASE("a cable folds 5.1 to stereo as BS.775 says, and the setting can say otherwise", "[formats]") {
  for (const double centre : {-3.0102999566398120, -6.0}) {
    EngineRunner r({.environment = {.downmix = {.centre = centre}}, .inputs = 6, .outputs = 2, .ceiling_db = 60});
    r.input = noise;
    r.add("in/all", "input", {{"channels", "1-6"}});
    r.add("delay", "limiter", {{"ceiling", 0.0}});  // so that the other way has delays for each of its channels
    r.add("out", "output");
    r.connect("in/all", "delay");
    r.connect("in/all", "out");
    r.connect("delay", "out");
    r.update();
    const int latency = r.engine.latency();
    REQUIRE(latency > 0);
    const auto out = r.run(4000);
    double worst = 0;
    for (int side = 0; side < 2; side++)
      for (int i = latency; i < 4000; i++) {
        const auto in = [&](int c) { return double(noise(c, uint64_t(i - latency))); };
        const double fold = in(side) + std::pow(10, centre / 20) * in(2) + std::sqrt(0.5) * in(4 + side);
        worst = std::max(worst, std::abs(double(out[size_t(side)][size_t(i)]) - 2 * fold));
      }
    CHECK(worst < 1e-6);
  }
}

TEST_CASE("linked dynamics hear all channels, and turn all of them down alike", "[formats]") {
  for (const char* type : {"compressor", "gate", "limiter"}) {
    INFO(type);
    EngineRunner r({.inputs = 6, .outputs = 6, .ceiling_db = 60});
    const float level = std::string_view(type) == "gate" ? 1e-4f : 0.05f;
    r.input = [level](int channel, uint64_t frame) { return (channel == 4 && frame > 9600 ? 8.f : level) * float(std::sin(0.05 * double(frame))); };
    r.add("in/all", "input", {{"channels", "1-6"}});
    r.add("x", type);
    r.add("out", "output", {{"to", "1-6"}});
    r.connect("in/all", "x");
    r.connect("x", "out");
    r.update();
    const auto quiet = r.run(9600), loud = r.run(9600);
    const auto peak = [](const std::vector<float>& of) { return *std::max_element(of.begin() + 4800, of.end()); };
    CHECK(peak(quiet[0]) == peak(quiet[5]));
    CHECK(peak(loud[0]) == peak(loud[5]));
    if (std::string_view(type) == "gate")
      CHECK(peak(loud[0]) > 2 * peak(quiet[0]));
    else
      CHECK(peak(loud[0]) < 0.5 * peak(quiet[0]));
  }
}

TEST_CASE("formats that don't go together are refused by name", "[formats]") {
  NoiseRunner r(8, 8);
  r.add("in/all", "input", {{"channels", "1-6"}});
  r.add("in/three", "input", {{"channels", "1-3"}});
  r.add("bus", "sum");
  r.connect("in/all", "bus");
  r.connect("in/three", "bus");
  const Problems problems = r.engine.update(r.graph);
  REQUIRE_FALSE(problems.empty());
  CHECK(problems[0].text() == "/bus: 5.1 and 3 discrete channels can't become one format; a format of as many channels as there are discrete ones: 3");
  r.disconnect("in/all", "bus");
  r.add("out", "output");
  r.connect("bus", "out");
  const Problems folded = r.engine.update(r.graph);
  REQUIRE(folded.size() == 1);
  CHECK(folded[0].where == "/bus -> /out");
  CHECK(folded[0].what == "3 discrete channels can't become stereo");
  r.set("out", "to", "1+2+3");
  CHECK(r.engine.update(r.graph).empty());
  r.set("out", "format", 3.0);
  CHECK(r.engine.update(r.graph)[0].what == "5.1 has 6 channels, not 3");
}

TEST_CASE("a bus that becomes wide, and narrow again, sounds as one that always was", "[formats]") {
  NoiseRunner r(8);
  r.add("in/pair", "input", {{"channels", "7+8"}});
  r.add("in/all", "input", {{"channels", "1-6"}});
  r.add("bus", "sum");
  for (const char* node : {"eq", "compressor", "fader", "meter", "mute"}) r.add(node, node);
  r.add("out", "output", {{"to", "1-12"}});
  const std::vector<std::string> way{"in/pair", "bus", "eq", "compressor", "fader", "meter", "mute", "out"};
  for (size_t i = 0; i + 1 < way.size(); i++) r.connect(way[i], way[i + 1]);
  r.update();
  CHECK(unlike_fresh(r, 24000) == 0);
  r.connect("in/all", "bus");
  r.update();
  r.engine.move(std::vector<Move>{r.move("fader", "level", -7)});
  r.set("fader", "level", -7.0);
  CHECK(unlike_fresh(r, 48000) < 1e-6f);
  r.disconnect("in/all", "bus");
  r.update();
  CHECK(unlike_fresh(r, 48000) < 1e-6f);
}

TEST_CASE("a wide node that runs away is silenced with all of its channels, and named", "[formats]") {
  NoiseRunner r(6, 6);
  bool bad = false;
  r.input = [&](int channel, uint64_t frame) { return bad && channel == 3 ? 900.f : noise(channel, frame); };
  r.add("in/all", "input", {{"channels", "1-6"}});
  r.add("t1", "trim", {{"gain", 24.0}});
  r.add("t2", "trim", {{"gain", 24.0}});
  r.add("t3", "trim", {{"gain", 24.0}});
  r.add("out", "output", {{"to", "1-6"}});
  r.connect("in/all", "t1"), r.connect("t1", "t2"), r.connect("t2", "t3"), r.connect("t3", "out");
  r.update();
  r.run(640);
  bad = true;
  const auto out = r.run(640);
  for (int c = 0; c < 6; c++) CHECK(*std::max_element(out[size_t(c)].end() - 64, out[size_t(c)].end()) == 0);
}

// The law: the sound follows the document, and nothing is heard that has no way to the output.
#include <catch2/catch.hpp>

#include "graph/listen.h"
#include "tests/support/bomb.h"
#include "tests/support/fresh.h"
#include "tests/support/sequence.h"
#include "tests/support/sound_files.h"

using namespace mixgraph;

namespace {

/// Types whose instances run beside each other: not the one of which there is one.
std::vector<const NodeType*> lane_types() {
  std::vector<const NodeType*> types;
  for (const NodeType* t : node_types())
    if (!t->inputs.empty() && !t->outputs.empty() && t->runs_in_lanes() && !listens(*t)) types.push_back(t);
  return types;
}

/// Nodes `a` and `b` of a type side by side: inputs 1 and 2, outputs 1 and 2.
struct Pair {
  EngineRunner r{{.inputs = 2, .outputs = 2, .ceiling_db = 60}};
  explicit Pair(std::string_view type) {
    r.input = device_noise;
    for (auto [n, path] : {std::pair("1", "a"), std::pair("2", "b")}) {
      r.add("in/" + std::string(n), "input", {{"channels", n}});
      r.add(path, type);
      r.add("out/" + std::string(n), "output", {{"to", n}});
      r.connect("in/" + std::string(n), path);
      r.connect(path, "out/" + std::string(n));
    }
    r.update();
    r.run(960);
  }
  void move(std::string_view path, std::string_view row, double value, uint64_t frame = 0, double seconds = 0) {
    const Move move = r.move(path, row, value, frame, seconds);
    if (frame <= r.engine.frame()) r.graph.set_value(path, move.row, value);  // the document is as of now
    r.engine.move({&move, 1});
  }
  /// From now on one of them has to run before the other, which takes them apart.
  void take_apart() {
    r.connect("a", "b");
    r.update();
  }
};

/// What `a` puts out after some edit, with a move and without the edit: the same, or not.
template <class Before, class Edit>
bool same_with_and_without(std::string_view type, Before before, Edit edit) {
  auto render = [&](bool edits) {
    Pair p(type);
    before(p);
    if (edits) edit(p);
    return p.r.run(48'000)[0];
  };
  return render(true) == render(false);
}

}  // namespace

TEST_CASE("A node without a source puts out nothing, whoever runs beside it", "[law]") {
  for (const NodeType* before : lane_types())
    for (const NodeType* type : lane_types()) {
      EngineRunner r({.inputs = 2, .outputs = 4, .ceiling_db = 60});
      r.input = device_noise;
      for (std::string n : {"1", "2"}) {
        r.add("in/" + n, "input", {{"channels", n}});
        r.add("t" + n, before->id);
        r.add("e" + n, type->id);
        r.add("out/" + n, "output", {{"to", n == "1" ? "1+2" : "3+4"}});
        r.connect("in/" + n, "t" + n);
        r.connect("e" + n, "out/" + n);
      }
      r.connect("t1", "e1");
      r.update();
      const auto out = r.run(1920);
      const std::vector<float> silence(1920);
      INFO(type->id << " after " << before->id);
      CHECK((out[2] == silence));
      CHECK((out[3] == silence));
    }
}

TEST_CASE("A fault leaves what other nodes were told since the last edit", "[law]") {
  const std::vector<std::string> types = {"fader", "mute", "trim", "send"};
  auto render = [&](bool fault) {
    EngineRunner r({.inputs = 1, .outputs = 5, .ceiling_db = 60}, types_with_bomb());
    r.input = device_noise;
    r.add("in/1", "input");
    for (std::string type : {"fader", "mute", "trim", "send", "bomb"}) {
      r.add(type, type);
      r.add("out/" + type, "output", {{"to", std::to_string(r.graph.nodes().size() / 2)}});
      r.connect("in/1", type);
      r.connect(type, "out/" + type);
    }
    r.update();
    r.run(960);
    const uint64_t now = r.engine.frame();
    const Move moves[] = {r.move("fader", "level", -20), r.move("mute", "on", 1), r.move("trim", "gain", -30, 0, 1),
                          r.move("send", "level", -12, now + 14'400)};
    r.engine.move(moves);
    r.run(4800);
    const Move fuse = r.move("bomb", "fuse", 1);
    if (fault) r.engine.move({&fuse, 1});
    const auto out = r.run(72'000);
    CHECK(r.engine.take_faults().size() == size_t(fault));
    return out;
  };
  const auto still = render(false), faulty = render(true);
  for (size_t c = 0; c < types.size(); c++) {
    INFO(types[c]);
    CHECK((still[c] == faulty[c]));  // not to be told: it is long
  }
  CHECK((still[4] != faulty[4]));
}

TEST_CASE("What is set right after a node was added is where it starts", "[law]") {
  struct Case {
    std::string_view type, row;
    double value;
  };
  const auto set = GENERATE(Case{"limiter", "gain", 24}, Case{"delay", "mix", 0}, Case{"delay", "time", 20}, Case{"reverb", "mix", 0},
                            Case{"feedback", "gain", -60}, Case{"player", "play", 0}, Case{"trim", "gain", -20}, Case{"eq", "2/gain", 12});
  INFO(set.type << " " << set.row);
  TemporaryFolder folder;
  write_sound(folder.path("noise.wav"), {std::vector<float>(48'000, 0.1f)});
  EngineRunner r({.environment = {.rate = 48000, .media_root = folder.path()}, .inputs = 1, .outputs = 2, .ceiling_db = 60});
  r.input = device_noise;
  r.add("in/1", "input");
  r.add("out", "output");
  r.update();
  r.run(960);
  r.add("x", "trim");
  r.update();
  const bool plays = set.type == "player";
  r.add("new", set.type, plays ? std::vector<EngineRunner::Set>{{"file", "noise.wav"}, {"loop", 1.0}} : std::vector<EngineRunner::Set>{});
  if (!plays) r.connect("in/1", "new");
  r.connect("new", "out");
  r.update();
  const Move move = r.move("new", set.row, set.value);
  r.engine.move({&move, 1});
  r.set("new", set.row, set.value);
  r.run(24'000);
  CHECK(unlike_fresh(r, 96'000) <= 1e-6f);
}

TEST_CASE("A recorder that is told to record right after it was added records", "[law]") {
  TemporaryFolder folder;
  EngineRunner r({.environment = {.rate = 48000, .media_root = ".", .record_root = folder.path()}, .inputs = 1, .outputs = 2});
  r.add("in/1", "input");
  r.update();
  r.run(960);
  r.add("x", "trim");
  r.update();
  r.add("take", "recorder");
  r.connect("in/1", "take");
  r.update();
  const Move move = r.move("take", "record", 1);
  r.engine.move({&move, 1});
  r.run(9600);
  CHECK(r.meter("take", "duration") > 0);
}

TEST_CASE("A change in the same turn as an edit is heard, also where the edit takes nodes apart", "[law]") {
  for (const NodeType* type : lane_types())
    for (const int row : {0, row_count(*type) - 1}) {
      if (row < 0 || kind_of(type->id).memory == Memory::stays) continue;
      const Parameter& p = mixgraph::row(*type, row);
      if (p.update != Update::live) continue;
      INFO(type->id << " " << p.id);
      Pair pair(type->id);
      pair.move("a", p.id, nearest(p, from_position(p, 0.9)));
      pair.take_apart();
      pair.r.run(9600);
      CHECK(unlike_fresh(pair.r, 144'000) <= (kind_of(type->id).memory == Memory::none ? 0 : 1e-6f));
    }
}

TEST_CASE("A move takes its course through edits that take nodes apart", "[law]") {
  auto edit = [](Pair& p) { p.take_apart(); };
  for (const auto& [type, row] : {std::pair("trim", "gain"), std::pair("fader", "level"), std::pair("eq", "2/gain")}) {
    INFO(type);
    CHECK(same_with_and_without(type, [&](Pair& p) { p.move("a", row, -12, 0, 0.6); }, edit));
    CHECK(same_with_and_without(type, [&](Pair& p) { p.move("a", row, -12, 0, 0.6), p.r.run(9600); }, edit));
  }
}

TEST_CASE("A change that waits for its time outlives edits that take nodes apart", "[law]") {
  auto edit = [](Pair& p) { p.take_apart(); };
  for (const auto& [type, row] : {std::pair("trim", "gain"), std::pair("mute", "on"), std::pair("eq", "2/gain")}) {
    INFO(type);
    CHECK(same_with_and_without(type, [&](Pair& p) { p.move("a", row, 1, p.r.engine.frame() + 9600), p.r.run(480); }, edit));
    CHECK(same_with_and_without(type, [&](Pair& p) { p.move("a", row, 1, p.r.engine.frame() + 9600); }, edit));
  }
}

TEST_CASE("A move, and a change that waits, outlive an edit that builds their node anew", "[law]") {
  struct Case {
    std::string_view type, rebuilds;
    double anew;
    std::string_view row;
    double value;
  };
  const auto c = GENERATE(Case{"pan", "law", 2, "position", 1}, Case{"eq", "1/type", 1, "2/gain", 12}, Case{"limiter", "lookahead", 2, "gain", 12});
  INFO(c.type);
  const bool waits = GENERATE(false, true);
  auto play = [&](bool rebuilt_before) {
    Pair p(c.type);
    auto rebuild = [&] { p.r.set("a", c.rebuilds, c.anew), p.r.update(); };
    if (rebuilt_before) rebuild();
    p.r.run(9600);
    const uint64_t now = p.r.engine.frame();
    p.move("a", c.row, c.value, waits ? now + 9600 : 0, waits ? 0 : 0.6);
    p.r.run(4800);
    if (!rebuilt_before) rebuild();
    p.r.run(2400);
    return p.r.run(28'800)[0];
  };
  CHECK(difference(play(true), play(false), 0, 28'800) <= 1e-4f);
}

// What an edit must leave as it is, to the bit.
#include <catch2/catch.hpp>
#include <random>

#include "config/session.h"
#include "graph/listen.h"
#include "tests/support/engine_runner.h"

using namespace mixgraph;

namespace {

float noise(int channel, uint64_t frame) {
  uint64_t x = (frame + 1) * 6364136223846793005ull + uint64_t(channel) * 1442695040888963407ull;
  x ^= x >> 33, x *= 0xff51afd7ed558ccdull, x ^= x >> 33;
  return float(double(int64_t(x)) / 9.3e18 * 0.25);
}
float largest(const std::vector<float>& x) {
  float most = 0;
  for (float v : x) most = std::max(most, std::abs(v));
  return most;
}

/// A node of every type that has outputs, each between an input of its own and outputs of its own.
struct EveryType {
  std::vector<const NodeType*> types;
  EngineRunner r;

  static std::vector<const NodeType*> sounding_types() {
    std::vector<const NodeType*> types;
    for (const NodeType* t : node_types())
      if (!t->inputs.empty() && !t->outputs.empty()) types.push_back(t);
    return types;
  }
  EveryType() : types(sounding_types()), r({.inputs = int(types.size()), .outputs = 2 * int(types.size()), .ceiling_db = 60}) {
    r.input = noise;
    for (size_t i = 0; i < types.size(); i++) {
      std::string n = std::to_string(i), out = std::to_string(2 * i + 1) + "+" + std::to_string(2 * i + 2);
      r.add("in/" + n, "input", {{"channels", std::to_string(i + 1)}});
      r.add("kept/" + n, types[i]->id);
      r.add("out/" + n, "output", {{"to", out}});
      r.connect("in/" + n, "kept/" + n);
      r.connect("kept/" + n, "out/" + n);
    }
    r.update();
  }
};

/// Nodes of all types beside those that stay: come, are wired to each other, moved, rebuilt, and go.
void edit_elsewhere(EveryType& e, int step) {
  std::mt19937 random{unsigned(step)};
  for (size_t i = 0; i < e.types.size(); i++) {
    if (listens(*e.types[i])) continue;  // there is one
    std::string path = "other/" + std::to_string(random() % 3) + "/" + std::to_string(i);
    const Node* there = e.r.graph.find(path);
    if (!there) {
      e.r.add(path, e.types[i]->id);
      e.r.connect("in/" + std::to_string(random() % e.types.size()), path);
    } else if (random() % 3 == 0) {
      e.r.remove(path);
    } else {
      for (int row = 0; row < row_count(*there->type); row++) {
        const Parameter& p = mixgraph::row(*there->type, row);
        const bool reaches_others = p.group == GroupPart::solo || is_heard_by(p);
        if (!is_text(p) && !reaches_others) e.r.graph.set_value(path, row, nearest(p, from_position(p, double(random() % 100) / 99)));
      }
    }
  }
  e.r.update();
}

constexpr const char* kBand = R"(mixgraph: 1
name: Band
mix:
  drums: {type: strip, from: in/1+2, fader: -3}
  vox:   {type: strip, from: in/3, eq: {2: {gain: 3, freq: 2500}}, sends: {hall: -12}}
  hall:  {type: reverb, time: 2.2}
  echo:  {type: delay, from: vox, time: 130}
  sum:   {type: bus, from: [drums, vox, hall, echo]}
master:
  eq:      {type: eq, from: mix/sum}
  limiter: {type: limiter, from: eq, ceiling: -12}
  out:     {type: output, from: limiter, to: [1, 2]}
)";
Graph band() {
  auto session = parse_session(kBand, "band.yaml", ".", node_types());
  REQUIRE(session);
  return session->graph;
}

}  // namespace

TEST_CASE("reloading an identical file changes no sample") {
  auto render = [](bool reload) {
    EngineRunner r;
    r.input = noise;
    r.graph = band();
    r.update();
    std::vector<std::vector<float>> all(2);
    for (int i = 0; i < 40; i++) {
      if (reload && i % 4 == 1) r.graph = band(), r.update();
      auto piece = r.run(1000, 100);
      for (size_t c = 0; c < 2; c++) all[c].insert(all[c].end(), piece[c].begin(), piece[c].end());
    }
    return all;
  };
  auto untouched = render(false);
  CHECK(largest(untouched[0]) > 0.1);
  CHECK(render(true) == untouched);
}

TEST_CASE("edits elsewhere change no sample of any node that they don't touch") {
  auto render = [](bool edits) {
    EveryType e;
    std::vector<std::vector<float>> all(2 * e.types.size());
    for (int step = 0; step < 25; step++) {
      if (edits) edit_elsewhere(e, step);
      auto piece = e.r.run(1500, 50);
      for (size_t c = 0; c < all.size(); c++) all[c].insert(all[c].end(), piece[c].begin(), piece[c].end());
    }
    return all;
  };
  auto still = render(false), edited = render(true);
  auto types = EveryType::sounding_types();
  for (size_t c = 0; c < still.size(); c++) {
    INFO(types[c / 2]->id << (c % 2 ? " right" : " left"));
    CHECK(largest(still[c]) > 0);
    CHECK(still[c] == edited[c]);
  }
}

TEST_CASE("parallel paths null before, while and after a node with latency is switched or put into one of them") {
  constexpr float kNull = 1e-6f;  // -120 dB
  for (const NodeType* type : node_types()) {
    if (!type->latency) continue;
    INFO(type->id);
    EngineRunner r;
    r.input = [](int c, uint64_t frame) { return noise(c, frame) + 0.2f * float(std::sin(double(frame) * 0.13)); };
    r.add("in/1+2", "input", {{"channels", "1+2"}});
    r.add("here", "fader");
    r.add("inverted", "trim", {{"invert", 1.0}});
    r.add("out", "output");
    r.connect("in/1+2", "here");
    r.connect("in/1+2", "inverted");
    r.connect("here", "out");
    r.connect("inverted", "out");
    r.update();
    auto residue = [&](int frames) {
      auto out = r.run(frames, 48);
      return std::max(largest(out[0]), largest(out[1]));
    };
    CHECK(residue(4800) <= kNull);
    Graph without = r.graph;
    // Put in: the other path is delayed as well, at the same time.
    r.disconnect("here", "out");
    r.add("late", type->id);
    r.connect("here", "late");
    r.connect("late", "out");
    r.update();
    CHECK(residue(9600) <= kNull);
    CHECK(r.engine.latency() > 0);
    for (double bypass : {1.0, 0.0, 1.0}) {
      Move move = r.move("late", "bypass", bypass);
      r.engine.move({&move, 1});
      r.set("late", "bypass", bypass);
      CHECK(residue(4800) <= kNull);
    }
    for (int row = 0; row < int(type->parameters.size()); row++)
      if (type->parameters[size_t(row)].update == Update::rebuild) {
        r.graph.set_value("late", row, type->parameters[size_t(row)].max);
        r.update();
        INFO(type->parameters[size_t(row)].id);
        CHECK(residue(9600) <= kNull);
      }
    r.graph = without;
    r.update();
    CHECK(residue(9600) <= kNull);
    CHECK(r.engine.latency() == 0);
    // Negative control: without the other path there is something to hear.
    r.disconnect("inverted", "out");
    r.update();
    CHECK(residue(9600) > 0.1f);
  }
}

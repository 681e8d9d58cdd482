#include <atomic>
#include <catch2/catch.hpp>
#include <random>
#include <thread>

#include "tests/support/engine_runner.h"

using namespace mixgraph;

namespace {

/// Edits of all kinds, at random but always the same; edits that would close a loop are taken back.
class Editor {
 public:
  explicit Editor(EngineRunner& runner) : r_(runner) {}

  void step() {
    Graph before = r_.graph;
    switch (random_() % 6) {
      case 0: add(); break;
      case 1: remove(); break;
      case 2: connect(); break;
      case 3: disconnect(); break;
      case 4: rebuild(); break;
      default: move(); break;
    }
    if (!r_.engine.update(r_.graph).empty()) {
      r_.graph = before;
      refused++;
    }
  }
  int refused = 0;

 private:
  std::string any_node() { return r_.graph.nodes()[random_() % r_.graph.nodes().size()].path; }
  void add() {
    if (r_.graph.nodes().size() > 60) return;
    constexpr const char* kTypes[] = {"trim", "eq", "compressor", "fader", "pan", "limiter", "delay", "reverb", "sum", "feedback", "gate", "width"};
    std::string path = "n" + std::to_string(count_++);
    r_.add(path, kTypes[random_() % std::size(kTypes)]);
    connect_nodes(any_node(), path);
    connect_nodes(path, random_() % 2 ? "out" : any_node());
  }
  void remove() {
    std::string path = any_node();
    if (path != "out" && path.rfind("in/", 0) != 0) r_.remove(path);
  }
  void connect() { connect_nodes(any_node(), any_node()); }
  void connect_nodes(const std::string& from, const std::string& to) {
    auto next = mixgraph::apply(r_.graph, {Connect{{from, 0, to, 0}}});
    if (next) r_.graph = *next;
  }
  void disconnect() {
    if (r_.graph.cables().empty()) return;
    r_.edit({Disconnect{r_.graph.cables()[random_() % r_.graph.cables().size()]}});
  }
  void rebuild() {
    for (const Node& node : r_.graph.nodes())
      if (node.type->id == "eq" && random_() % 2) return r_.set(node.path, "1/type", double(random_() % 2));
  }
  void move() {
    std::vector<Move> batch;
    for (const Node& node : r_.graph.nodes()) {
      int row = int(random_() % size_t(std::max(1, row_count(*node.type))));
      if (row >= row_count(*node.type)) continue;
      const Parameter& p = mixgraph::row(*node.type, row);
      if (is_text(p) || p.change == Change::rebuild) continue;
      double value = nearest(p, from_position(p, double(random_() % 1000) / 999));
      r_.graph.set_value(node.path, row, value);
      batch.push_back({node.path, row, value, r_.engine.frame() + random_() % 2000, double(random_() % 3) / 100});
    }
    r_.engine.move(batch);
  }

  EngineRunner& r_;
  std::mt19937 random_{7};
  int count_ = 0;
};

}  // namespace

TEST_CASE("edits and moves from one thread while another plays and a third serves") {
  EngineRunner r;
  for (const char* in : {"1", "2", "3"}) r.add(std::string("in/") + in, "input", {{"channels", in}});
  r.add("out", "output");
  r.connect("in/1", "out");
  r.update();

  std::atomic<bool> stop{false};
  std::atomic<uint64_t> bad{0};
  std::thread audio([&] {
    std::vector<float> noise(48), left(48), right(48);
    for (size_t i = 0; i < noise.size(); i++) noise[i] = float(i % 7) / 20;
    const float* in[] = {noise.data(), noise.data(), noise.data(), noise.data()};
    float* out[] = {left.data(), right.data()};
    while (!stop) {
      r.engine.process(in, out, 48);
      for (float x : left) bad += !std::isfinite(x);
    }
  });
  std::thread worker([&] {
    while (!stop) r.engine.service(), std::this_thread::yield();
  });
  Editor editor(r);
  for (int i = 0; i < 400; i++) {
    editor.step();
    r.engine.advance();
    if (i % 10 == 0) r.engine.meters();
    std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
  for (int i = 0; i < 20000 && !r.engine.settled(); i++) {
    r.engine.advance();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(r.engine.settled());
  stop = true;
  audio.join();
  worker.join();
  CHECK(bad == 0);
  CHECK(editor.refused < 400);
  CHECK(r.engine.counters().programs > 50);
}

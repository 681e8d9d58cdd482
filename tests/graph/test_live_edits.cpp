#include <catch2/catch.hpp>

#include "tests/support/engine_runner.h"

using namespace mixgraph;

namespace {

void wire(EngineRunner& r, std::initializer_list<std::string> path) {
  for (auto from = path.begin(), to = from + 1; to != path.end(); from = to++) r.connect(*from, *to);
}
/// in/1 -> a -> out, and in/2 -> b -> out.
void two_strips(EngineRunner& r) {
  for (auto [in, strip] : {std::pair{"1", "a"}, {"2", "b"}}) {
    r.add(std::string("in/") + in, "input", {{"channels", in}});
    r.add(strip, "fader");
  }
  r.add("out", "output", {{"to", "1"}});
  r.add("out2", "output", {{"to", "2"}});
  wire(r, {"in/1", "a", "out"});
  wire(r, {"in/2", "b", "out2"});
}
std::vector<float> concat(std::vector<float> a, const std::vector<float>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
constexpr int kBefore = 9600, kAfter = 9600;

/// Runs an edit at each of several phases of several sounds and returns the worst click above 4 and 8 kHz.
std::pair<double, double> worst_click(void (*setup)(EngineRunner&), void (*edit)(EngineRunner&)) {
  double worst4 = -200, worst8 = -200;
  for (double hertz : {0.0, 100.0, 997.0})
    for (int phase = 0; phase < 8; phase++) {
      EngineRunner r;
      r.input = hertz == 0 ? EngineRunner::Signal([](int, uint64_t) { return 0.5f; }) : sine(hertz, phase / 8.0 + 0.01);
      setup(r);
      r.update();
      auto before = r.run(kBefore, 48)[0];
      edit(r);
      r.update();
      auto all = concat(before, r.run(kAfter, 48)[0]);
      worst4 = std::max(worst4, click_level(all, 4000));
      worst8 = std::max(worst8, click_level(all, 8000));
    }
  return {worst4, worst8};
}
void check_quiet(void (*setup)(EngineRunner&), void (*edit)(EngineRunner&)) {
  auto [at4, at8] = worst_click(setup, edit);
  CHECK(at4 <= -80);
  CHECK(at8 <= -90);
}

}  // namespace

TEST_CASE("edits don't click") {
  SECTION("a cable goes") { check_quiet(two_strips, [](EngineRunner& r) { r.disconnect("a", "out"); }); }
  SECTION("a cable comes") { check_quiet(two_strips, [](EngineRunner& r) { r.connect("b", "out"); }); }
  SECTION("a node goes") { check_quiet(two_strips, [](EngineRunner& r) { r.remove("a"); }); }
  SECTION("a node is put in between") {
    check_quiet(two_strips, [](EngineRunner& r) {
      r.disconnect("a", "out");
      r.add("c", "trim", {{"gain", -6.0}});
      wire(r, {"a", "c", "out"});
    });
  }
  SECTION("an output goes") { check_quiet(two_strips, [](EngineRunner& r) { r.remove("out"); }); }
  SECTION("a node is rebuilt") {
    check_quiet([](EngineRunner& r) { two_strips(r); },
                [](EngineRunner& r) { r.set("out", "to", std::string("1+2")); });
  }
  SECTION("a value changes") { check_quiet(two_strips, [](EngineRunner& r) { r.set("a", "level", -90.0); }); }
  SECTION("a bypass") {
    check_quiet(
        [](EngineRunner& r) {
          two_strips(r);
          r.set("a", "level", -20.0);
        },
        [](EngineRunner& r) { r.set("a", "bypass", 1.0); });
  }
  SECTION("the order of two nodes is turned round, which would be a loop half-way") {
    check_quiet(
        [](EngineRunner& r) {
          two_strips(r);
          r.disconnect("a", "out");
          wire(r, {"a", "b", "out"});
        },
        [](EngineRunner& r) {
          r.disconnect("in/1", "a");
          r.disconnect("a", "b");
          r.disconnect("b", "out");
          wire(r, {"in/1", "b", "a", "out"});
        });
  }
}

TEST_CASE("the click measure hears a click") {
  std::vector<float> cut(19200);
  for (size_t i = 0; i < 9600; i++) cut[i] = sine(997)(0, i);
  CHECK(click_level(cut, 8000) > -40);
  for (size_t i = 9600; i < cut.size(); i++) cut[i] = sine(997)(0, i);
  CHECK(click_level(cut, 8000) < -100);
}

TEST_CASE("an edit elsewhere leaves a node's output bit-exact") {
  auto render = [](bool edits) {
    EngineRunner r;
    r.input = sine(440);
    two_strips(r);
    for (int i = 0; i < 10; i++) r.add("s" + std::to_string(i), "trim"), r.connect("in/1", "s" + std::to_string(i));
    r.set("b", "level", -3.0);
    r.update();
    auto out = r.run(1000, 50)[1];
    for (int step = 0; step < 6; step++) {
      if (edits) {
        std::string name = "s" + std::to_string(step);
        if (step % 2)
          r.remove(name);
        else
          r.add("new" + std::to_string(step), "fader"), r.connect(name, "new" + std::to_string(step)), r.connect("new" + std::to_string(step), "out");
      }
      r.update();
      out = concat(out, r.run(1000, 50)[1]);
    }
    return out;
  };
  CHECK(render(true) == render(false));
}

TEST_CASE("nodes of one bank may come to feed each other") {
  // Twenty trims run as one bank; then they are put in a chain.
  EngineRunner r;
  r.input = [](int, uint64_t) { return 1.f; };
  r.add("in/1", "input", {{"channels", "1"}});
  r.add("out", "output");
  for (int i = 0; i < 20; i++) {
    std::string name = "t" + std::to_string(i);
    r.add(name, "trim", {{"gain", 6.0}});
    wire(r, {"in/1", name, "out"});
  }
  r.update();
  CHECK(r.run(640)[0].back() == Approx(20 * std::pow(10, 6 / 20.0)));
  for (int i = 1; i < 6; i++) {
    std::string name = "t" + std::to_string(i), before = "t" + std::to_string(i - 1);
    r.disconnect("in/1", name);
    r.disconnect(before, "out");
    r.connect(before, name);
  }
  r.update();
  double chain = std::pow(10, 36 / 20.0), rest = 14 * std::pow(10, 6 / 20.0);
  CHECK(r.run(6400)[0].back() == Approx(chain + rest));
  CHECK(r.engine.settled());
}

TEST_CASE("undoing an edit sounds as before") {
  EngineRunner r;
  r.input = sine(300);
  two_strips(r);
  r.update();
  Graph first = r.graph;
  r.run(4800);
  r.remove("a");
  r.update();
  r.run(4800);
  r.graph = first;
  r.update();
  r.run(4800);
  uint64_t now = r.engine.frame();
  auto out = r.run(100)[0];
  for (uint64_t i = 0; i < 100; i++) REQUIRE(out[i] == Approx(sine(300)(0, now + i)).margin(1e-6));
}

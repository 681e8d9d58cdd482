#include <catch2/catch.hpp>

#include "tests/support/engine_runner.h"

using namespace mixgraph;

namespace {
struct Chain : EngineRunner {
  Chain();
};
Chain::Chain() {
  EngineRunner& r = *this;
  r.add("in/1", "input", {{"channels", "1"}});
  r.add("mix/a", "trim");
  r.add("mix/out", "output");
  r.connect("in/1", "mix/a");
  r.connect("mix/a", "mix/out");
}
}  // namespace

TEST_CASE("edits that can't be done say where and why, and change nothing") {
  Chain r;
  Graph before = r.graph;
  auto result = mixgraph::apply(r.graph, {AddNode{make_node("mix/a", r.type("trim"))}, RemoveNode{"mix/b"}, Connect{{"in/1", 0, "mix/a", 0}},
                                Connect{{"mix/a", 3, "mix/out", 0}}, SetValue{"mix/a", 0, 99.0}, AddNode{make_node("a b", r.type("trim"))}});
  REQUIRE(!result);
  std::vector<std::string> texts;
  for (const Problem& p : result.problems()) texts.push_back(p.text());
  CHECK(texts == std::vector<std::string>{
                     "/mix/a: there is a node here already; choose another name, or remove it first",
                     "/mix/b: no such node; did you mean /mix/a?",
                     "/mix/a: is connected to in/1 already",
                     "/mix/a: has no output 4; it has 1",
                     "/mix/a/gain: 99 is out of range; -60 to 24 dB",
                     "/a b: not a path; use letters, digits, _ - + . between slashes, at most 200 characters",
                 });
  CHECK(r.graph == before);
}

TEST_CASE("diff leads from one graph to the other") {
  Chain a, b;
  b.set("mix/a", "gain", -6.0);
  b.add("mix/b", "fader");
  b.connect("in/1", "mix/b");
  b.connect("mix/b", "mix/out");
  b.disconnect("mix/a", "mix/out");
  b.edit({SetFact{"mix", "type", "strip"}});
  CHECK(*mixgraph::apply(a.graph, diff(a.graph, b.graph)) == b.graph);
  CHECK(*mixgraph::apply(b.graph, diff(b.graph, a.graph)) == a.graph);
  CHECK(diff(a.graph, a.graph).empty());

  SECTION("also where a node's type changes under the same path") {
    Chain c;
    c.remove("mix/a");
    c.add("mix/a", "fader");
    c.connect("in/1", "mix/a");
    CHECK(*mixgraph::apply(a.graph, diff(a.graph, c.graph)) == c.graph);
  }
}

TEST_CASE("parameters convert between unit, position and text") {
  const Parameter fader{.id = "f", .label = "F", .doc = "F.", .unit = Unit::decibel, .curve = Curve::fader, .min = -90, .max = 10};
  CHECK(from_position(fader, 0.75) == Approx(0).margin(1e-12));
  CHECK(from_position(fader, 0.5) == Approx(-10));
  CHECK(from_position(fader, 0) == -90);
  CHECK(to_domain(fader, -90) == 0);
  CHECK(to_domain(fader, -6) == Approx(0.501187).epsilon(1e-5));
  for (double x = 0; x <= 1; x += 1.0 / 64) CHECK(to_position(fader, from_position(fader, x)) == Approx(x).margin(1e-12));
  const Parameter freq{.id = "f", .label = "F", .doc = "F.", .unit = Unit::hertz, .curve = Curve::log, .min = 20, .max = 20000, .initial = 100};
  CHECK(from_position(freq, 1.0 / 3) == Approx(200));
  CHECK(accepted(freq) == "20 to 20000 Hz");
  CHECK(std::get<double>(*parse_value(kBypass, "true")) == 1);
  CHECK(std::get<double>(*parse_value(kBypass, "off")) == 0);
  CHECK(parse_value(kBypass, "maybe").problems()[0].text() == "\"maybe\" is not a choice; one of off, on");
  CHECK(!parse_value(freq, "nan"));
}

TEST_CASE("a table that is not sound does not compile") {
  constexpr Parameter good{.id = "a", .label = "A", .doc = "A.", .min = 0, .max = 1};
  constexpr Parameter bad_default{.id = "a", .label = "A", .doc = "A.", .min = 0, .max = 1, .initial = 2};
  constexpr Parameter no_doc{.id = "a", .label = "A", .doc = ""};
  constexpr Parameter twins[] = {good, good};
  static_assert(is_sound(good) && !is_sound(bad_default) && !is_sound(no_doc));
  static_assert(!is_sound(std::span<const Parameter>(twins)));
  SUCCEED();
}

// What is said of paths: how it is set, checked, compared, and how it goes.
#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <set>

#include "tests/support/engine_runner.h"

using namespace mixgraph;

namespace {

struct Types : EngineRunner {
  Edit add(const std::string& path, const char* name = "fader") { return AddNode{make_node(path, type(name))}; }
};

Graph edited(const Graph& graph, const std::vector<Edit>& edits) {
  auto result = mixgraph::apply(graph, edits);
  if (!result) FAIL(result.problems()[0].text());
  return *result;
}

}  // namespace

TEST_CASE("facts are checked, and refused of paths without nodes") {
  Types t;
  const Graph graph = edited({}, {t.add("mix/vox/eq")});
  struct {
    const char *path, *key;
    std::string value, problem;
  } cases[] = {
      {"mix/vox", "type", "strip", ""},
      {"mix/vox", "type", "mix/strip", "/mix/vox: type: not a value of it; the name of a composite type"},
      {"mix", "label", "All: \"of\" it \xc3\xbc \xe2\x82\xac \xf0\x9f\x8e\xb8", ""},
      {"mix/vox/eq", "label", std::string(200, 'x'), ""},
      {"mix/vox/eq", "label", std::string(201, 'x'), "/mix/vox/eq: label: not a value of it; UTF-8 without control characters, at most 200 bytes"},
      {"mix/vox/eq", "color", "#00fF7a", ""},
      {"mix/vox/eq", "color", "orange", ""},
      {"mix/vox/eq", "color", "#00ff7", "/mix/vox/eq: color: not a value of it; #rrggbb, or one of red, orange, yellow, green, cyan, blue, magenta, white, gray, black"},
      {"mix/vox/eq", "mood", "x", "/mix/vox/eq: `mood`: no such fact; one of type, label, color, groups, link"},
      {"mix/vo", "label", "x", "/mix/vo: no such node"},
      {"mix/vox/eq/2", "label", "x", "/mix/vox/eq/2: no such node; did you mean /mix/vox/eq?"},
      {"mix/vo", "label", "", ""},
  };
  for (const auto& c : cases) {
    INFO(c.path << " " << c.key << " " << c.value);
    const auto result = mixgraph::apply(graph, {SetFact{c.path, c.key, c.value}});
    CHECK((result ? "" : result.problems()[0].text()) == c.problem);
    if (result) CHECK(result->fact(c.path, c.key) == c.value);
  }
  for (const char* bad : {"a\nb", "\x7f", "\xc2\x85", "\xc3", "\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    INFO(bad);
    CHECK(!mixgraph::apply(graph, {SetFact{"mix", "label", bad}}));
  }
}

TEST_CASE("facts go with the last node at their path or beneath it") {
  Types t;
  const Graph graph = edited({}, {t.add("mix/vox/eq"), t.add("mix/vox/fader"), t.add("mix/voxel"), SetFact{"mix/vox", "type", "strip"},
                                  SetFact{"mix/vox", "label", "Vox"}, SetFact{"mix/vox/eq", "color", "red"}, SetFact{"mix", "label", "All"}});
  CHECK(graph.composite_of("mix/vox") == "strip");
  CHECK(graph.composites() == std::map<std::string, std::string>{{"mix/vox", "strip"}});
  const Graph without_eq = edited(graph, {RemoveNode{"mix/vox/eq"}});
  CHECK(without_eq.facts() == Facts{{{"mix", "label"}, "All"}, {{"mix/vox", "label"}, "Vox"}, {{"mix/vox", "type"}, "strip"}});
  const Graph without_vox = edited(without_eq, {RemoveNode{"mix/vox/fader"}});
  CHECK(without_vox.facts() == Facts{{{"mix", "label"}, "All"}});
  SECTION("but not if another node has come by the end of the edits") {
    CHECK(edited(without_eq, {RemoveNode{"mix/vox/fader"}, t.add("mix/vox/trim", "trim")}).facts() == without_eq.facts());
  }
  SECTION("what was set and lost its nodes within the edits is gone, what is set where there are none is refused") {
    CHECK(edited(graph, {SetFact{"mix/voxel", "label", "V"}, RemoveNode{"mix/voxel"}}).facts() == graph.facts());
    CHECK(!mixgraph::apply(graph, {RemoveNode{"mix/voxel"}, SetFact{"mix/voxel", "label", "V"}}));
  }
  SECTION("and diff brings them back, with a type that has changed too") {
    for (const Graph& other : {without_eq, without_vox, Graph(), edited(graph, {RemoveNode{"mix/vox/eq"}, t.add("mix/vox/eq", "trim")})}) {
      CHECK(edited(graph, diff(graph, other)) == other);
      CHECK(edited(other, diff(other, graph)) == graph);
    }
  }
}

TEST_CASE("random facts and nodes are as in a plain map") {
  Types t;
  const std::vector<std::string> paths = {"mix", "mix/a", "mix/a/x", "mix/a/y", "mix/b", "mix/b/x/z", "mix/b/x", "master", "master/c"};
  const std::map<std::string, std::vector<std::string>> values = {{"type", {"", "strip", "bus"}}, {"label", {"", "L", "M"}}, {"color", {"", "red", "#123456"}}};
  std::mt19937 random(5);
  const auto below = [&](size_t n) { return size_t(random() % n); };
  Graph graph;
  std::set<std::string> nodes;
  Facts facts;
  const auto has_nodes = [&](const std::string& path) {
    return std::any_of(nodes.begin(), nodes.end(), [&](const std::string& n) { return n == path || n.starts_with(path + "/"); });
  };
  std::vector<Graph> before;
  for (int step = 0; step < 3000; step++) {
    const std::string& path = paths[below(paths.size())];
    Edit edit = RemoveNode{path};
    bool possible = nodes.count(path) > 0;
    if (below(2)) {
      const auto& [key, choices] = *std::next(values.begin(), std::ptrdiff_t(below(3)));
      const std::string& value = choices[below(3)];
      possible = value.empty() || has_nodes(path);
      edit = SetFact{path, key, value};
      if (possible && value.empty()) facts.erase({path, key});
      if (possible && !value.empty()) facts[{path, key}] = value;
    } else if (nodes.count(path) == 0) {
      edit = t.add(path);
      possible = true;
      nodes.insert(path);
    } else {
      nodes.erase(path);
      std::erase_if(facts, [&](const auto& fact) { return !has_nodes(fact.first.first); });
    }
    const auto next = mixgraph::apply(graph, {edit});
    REQUIRE(bool(next) == possible);
    if (next) graph = *next;
    REQUIRE(graph.facts() == facts);
    if (step % 20 == 0) before.push_back(graph);
  }
  for (size_t i = 1; i < before.size(); i++) {
    CHECK(edited(before[i - 1], diff(before[i - 1], before[i])) == before[i]);
    CHECK((before[i - 1] == before[i]) == diff(before[i - 1], before[i]).empty());
  }
}

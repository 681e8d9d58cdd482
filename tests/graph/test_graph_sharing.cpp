// Copies of a graph share what neither has changed, and nobody sees what another changed.
#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <set>
#include <stdexcept>

#include "tests/support/engine_runner.h"

using namespace mixgraph;

namespace {

const NodeType& fader() {
  for (const NodeType* type : node_types())
    if (type->id == "fader") return *type;
  throw std::runtime_error("no fader");
}

std::string name(size_t i) { return "mix/n" + std::to_string(i); }

Graph faders(size_t count) {
  std::vector<Edit> edits;
  for (size_t i = 0; i < count; i++) edits.push_back(AddNode{make_node(name(i), fader())});
  return *mixgraph::apply({}, edits);
}

size_t unshared(const Graph& a, const Graph& b) {
  size_t count = 0;
  for (size_t i = 0; i < a.nodes().size(); i++) count += &a.nodes()[i] != &b.nodes()[i];
  return count;
}

Value level(const Graph& graph, const std::string& path) { return graph.find(path)->values[0]; }

/// A graph written down in full.
struct Model {
  std::vector<std::string> order;
  std::map<std::string, std::vector<Value>> nodes;
  std::set<Cable> cables;
};

bool equals(const Graph& graph, const Model& model) {
  if (graph.nodes().size() != model.order.size()) return false;
  for (size_t i = 0; i < model.order.size(); i++) {
    const Node& node = graph.nodes()[i];
    if (node.path != model.order[i] || node.values != model.nodes.at(node.path) || graph.place_of(node.path) != i) return false;
  }
  return std::equal(graph.cables().begin(), graph.cables().end(), model.cables.begin(), model.cables.end());
}

}  // namespace

TEST_CASE("a set after a copy leaves all other nodes shared") {
  for (size_t count : {1, 63, 64, 65, 1000}) {
    const Graph before = faders(count);
    const size_t at = count / 2;
    Graph after = before;
    CHECK(unshared(before, after) == 0);
    REQUIRE(after.set_value(name(at), 0, -6.0));
    CHECK(unshared(before, after) == 1);
    CHECK(&before.cables() == &after.cables());
    CHECK(level(before, name(at)) == initial_value(row(fader(), 0)));
    CHECK(level(after, name(at)) == Value(-6.0));
    CHECK(diff(before, after).size() == 1);
    CHECK(!(before == after));
    // Nobody else has this node: it is changed in place.
    const Node* own = after.find(name(at));
    REQUIRE(after.set_value(name(at), 0, -7.0));
    CHECK(after.find(name(at)) == own);
  }
}

TEST_CASE("edits leave the nodes shared that they don't concern") {
  const Graph before = faders(1000);
  const Graph after = *mixgraph::apply(before, {SetValue{name(3), 0, -6.0}, RemoveNode{name(500)}, AddNode{make_node("mix/new", fader())},
                                                Connect{{name(1), 0, name(2), 0}}, SetFact{"mix", "label", "All"}});
  size_t others = 0;
  for (const Node& node : before.nodes()) others += after.find(node.path) != &node;
  CHECK(others == 2);
  CHECK(after.nodes()[999].path == "mix/new");
  CHECK(before.find(name(500)));
}

TEST_CASE("random edits of many copies are as on graphs that share nothing") {
  std::mt19937 random(11);
  const auto below = [&](size_t n) { return size_t(random() % n); };
  std::vector<std::pair<Graph, Model>> copies(1);
  for (int step = 0; step < 6000; step++) {
    if (copies.size() < 12 && below(20) == 0) copies.push_back(copies[below(copies.size())]);
    if (copies.size() > 4 && below(60) == 0) copies.erase(copies.begin() + std::ptrdiff_t(below(copies.size())));
    auto& [graph, model] = copies[below(copies.size())];
    const std::string path = name(below(150)), other = name(below(150));
    const bool is_there = model.nodes.count(path) > 0;
    const double number = -double(below(60));
    const Cable cable{path, 0, other, 0};
    std::vector<Edit> edits;
    if (is_there && below(8) == 0) {
      edits = {RemoveNode{path}};
      std::erase(model.order, path);
      model.nodes.erase(path);
      std::erase_if(model.cables, [&](const Cable& c) { return c.from == path || c.to == path; });
    } else if (!is_there) {
      edits = {AddNode{make_node(path, fader())}};
      model.order.push_back(path);
      model.nodes[path] = make_node(path, fader()).values;
    } else if (below(3) == 0 && model.nodes.count(other)) {
      const bool has = model.cables.count(cable) > 0;
      has ? edits.push_back(Disconnect{cable}) : edits.push_back(Connect{cable});
      has ? void(model.cables.erase(cable)) : void(model.cables.insert(cable));
    } else {
      model.nodes[path][0] = number;
      if (below(2))
        REQUIRE(graph.set_value(path, 0, number));
      else
        edits = {SetValue{path, 0, number}};
    }
    if (!edits.empty()) {
      auto next = mixgraph::apply(graph, edits);
      if (!next) FAIL(next.problems()[0].text());
      graph = *next;
    }
    if (step % 10 == 0)
      for (const auto& copy : copies) REQUIRE(equals(copy.first, copy.second));
  }
  for (const auto& [a, model] : copies)
    for (const auto& [b, other] : copies) {
      CHECK(*mixgraph::apply(a, diff(a, b)) == b);
      CHECK((a == b) == diff(a, b).empty());
    }
}

TEST_CASE("edits of nodes that go and come within a bundle are as one after the other") {
  const Graph graph = *mixgraph::apply(faders(3), {Connect{{name(0), 0, name(1), 0}}, Connect{{name(1), 0, name(2), 0}}});
  const std::vector<std::vector<Edit>> bundles = {
      {RemoveNode{name(1)}, Connect{{name(0), 0, name(2), 0}}, AddNode{make_node(name(1), fader())}, Connect{{name(0), 0, name(1), 0}}},
      {RemoveNode{name(1)}, SetValue{name(1), 0, -3.0}},
      {RemoveNode{name(1)}, Disconnect{{name(0), 0, name(1), 0}}},
      {RemoveNode{name(1)}, Connect{{name(0), 0, name(1), 0}}},
      {RemoveNode{name(1)}, RemoveNode{name(1)}},
      {RemoveNode{name(1)}, AddNode{make_node(name(1), fader())}, RemoveNode{name(1)}},
  };
  for (const auto& bundle : bundles) {
    Result<Graph> step = graph;
    for (const Edit& edit : bundle)
      if (step) step = mixgraph::apply(*step, {edit});
    const auto whole = mixgraph::apply(graph, bundle);
    REQUIRE(bool(whole) == bool(step));
    if (whole) CHECK(*whole == *step);
    if (!whole) CHECK(whole.problems()[0] == step.problems()[0]);
  }
}

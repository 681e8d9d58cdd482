// What nodes are said to take is about what they take, and a graph that takes too much is refused.
#include <catch2/catch.hpp>

#include "graph/listen.h"
#include "tests/support/test_types.h"
#include "tests/support/allocations.h"
#include "tests/support/engine_runner.h"
#include "tests/support/sound_files.h"

using namespace mixgraph;

namespace {

/// A node of a type, with each of the rows that rebuild at one end, or as it is.
Node node_of(const NodeType& type, const std::string& path, int end) {
  Node node = make_node(path, type);
  for (int i = 0; i < row_count(type); i++) {
    const Parameter& p = row(type, i);
    if (is_text(p) && type.category == "file") node.values[size_t(i)] = type.id == "player" ? std::string("tone.wav") : path.substr(4);
    if (!is_text(p) && p.update == Update::rebuild && takes_any_value(type, p) && end != 0) node.values[size_t(i)] = end < 0 ? p.min : p.max;
  }
  return node;
}

/// Bytes that an engine takes for so many nodes.
int64_t taken(const EngineSettings& settings, const NodeType& type, int end, int count) {
  std::vector<Edit> edits;
  for (int i = 0; i < count; i++) edits.push_back(AddNode{node_of(type, "mix/n" + std::to_string(i), end)});
  auto graph = mixgraph::apply({}, edits);
  if (!graph) FAIL(graph.problems()[0].text());
  Engine engine(settings);
  AllocationCount allocations;
  const Problems problems = engine.update(*graph);
  if (!problems.empty()) FAIL(problems[0].text());
  return allocations.bytes();
}

}  // namespace

TEST_CASE("every node type says about how much memory it takes") {
  if (!allocations_are_counted()) return;
  TemporaryFolder folder;
  for (double rate : {48000.0, 96000.0}) {
    const EngineSettings settings{.environment = {rate, folder.path(), folder.path()}};
    write_sound(folder.path("tone.wav"), Channels{std::vector<float>(size_t(rate))}, int(rate));
    for (const NodeType* type : node_types()) {
      if (listens(*type)) continue;  // a graph has one
      for (int end : {-1, 0, 1}) {
        constexpr int kFew = 8, kMany = 40;
        const double each = double(taken(settings, *type, end, kMany) - taken(settings, *type, end, kFew)) / (kMany - kFew);
        const Node node = node_of(*type, "mix/n0", end);
        const Setup setup{settings.environment, 1, node.values};
        const double said = double(memory_of(*type, setup));
        INFO(type->id << " at " << rate << " Hz, end " << end << ": said " << said << ", takes " << each);
        CHECK(said > each / 2);
        CHECK(said < each * 2);
      }
    }
  }
}

TEST_CASE("a graph that takes more memory than is allowed is refused and changes nothing") {
  EngineRunner r({.inputs = 2, .outputs = 2, .memory = 8 << 20});
  r.add("mix/verb", "reverb");
  r.add("mix/out", "output");
  r.update();
  const Graph before = r.graph;
  for (int i = 0; i < 60; i++) r.add("mix/v" + std::to_string(i), "reverb");
  for (int i = 0; i < 200; i++) r.add("mix/f" + std::to_string(i), "fader");
  AllocationCount allocations;
  const Problems problems = r.engine.update(r.graph);
  if (allocations_are_counted()) CHECK(allocations.bytes() < 4096);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].where == "reverb");
  CHECK(problems[0].what == "the graph needs 14 MiB, and 8 MiB are allowed");
  CHECK(problems[0].hint == "nodes of this type take most, 14 MiB: use fewer, or allow more (audio: memory)");
  CHECK(r.engine.nodes_sounding() == 2);
  CHECK(r.engine.update(before).empty());

  SECTION("also when most of it sounds already, and a little more is added bit by bit") {
    r.graph = before;
    Problems refused;
    int count = 0;
    while (refused.empty() && count < 100) {
      r.add("mix/more" + std::to_string(count++), "reverb");
      refused = r.engine.update(r.graph);
    }
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].where == "reverb");
    CHECK(count > 20);
    CHECK(count < 50);
    r.remove("mix/more0");
    CHECK(r.engine.update(r.graph).empty());
  }
}

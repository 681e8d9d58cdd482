// Which nodes a path or a pattern means, beside a plain search that asks each node and all that is above it.
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "daemon/control/node_selection.h"
#include "graph/node_list.h"
#include "tests/support/node_runner.h"

using namespace mixgraph;
using Paths = std::vector<std::string>;

namespace {

Graph graph_of(const std::set<std::string>& paths) {
  std::vector<Edit> edits;
  for (const std::string& path : paths) edits.push_back(AddNode{make_node(path, find_type("trim"))});
  return *mixgraph::apply(Graph(), edits);
}

Paths chosen(const Graph& graph, const std::string& address) {
  NodeSelection selection(graph);
  Paths paths;
  if (selection.add(address)) return paths;
  for (const Node* node : selection.nodes()) paths.push_back(node->path);
  return paths;
}

Paths searched(const Graph& graph, const std::string& address) {
  const Pattern pattern = *Pattern::parse(address);
  Paths paths;
  for (const Node& node : graph.nodes()) {
    bool is_meant = pattern.matches("/" + node.path);
    for (size_t slash = node.path.find('/'); slash != node.path.npos; slash = node.path.find('/', slash + 1)) {
      const std::string above = node.path.substr(0, slash);
      is_meant = is_meant || (!graph.find(above) && pattern.matches("/" + above));
    }
    if (is_meant) paths.push_back(node.path);
  }
  return paths;
}

}  // namespace

TEST_CASE("A path means its node, or all beneath it") {
  const Graph graph = graph_of({"mix/vox", "mix/vox/eq", "mix/vox-2/eq", "mix/drums/kick/eq", "mix/drums/snare/eq", "master/eq"});
  CHECK(chosen(graph, "/mix/vox") == Paths{"mix/vox"});
  CHECK(chosen(graph, "/mix/drums").size() == 2);
  CHECK(chosen(graph, "/mix").size() == 5);
  CHECK(chosen(graph, "/mix/drums/*") == Paths{"mix/drums/kick/eq", "mix/drums/snare/eq"});
  CHECK(chosen(graph, "/mix/drum").empty());
  CHECK(NodeSelection(graph).add("/mix/drum")->what == "there is no node at /mix/drum or beneath it");
}

TEST_CASE("Patterns mean the nodes that a plain search finds") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; round++) {
    const auto part = [&] { return Paths{"a", "b", "a-b", "a0", "ab", "a.b"}[random() % 6]; };
    std::set<std::string> paths;
    for (int i = 0; i < 30; i++) {
      std::string path = part();
      for (size_t more = random() % 4; more > 0; more--) path += "/" + part();
      paths.insert(path);
    }
    const Graph graph = graph_of(paths);
    for (int i = 0; i < 20; i++) {
      std::string address;
      for (size_t parts = 1 + random() % 3; parts > 0; parts--) address += "/" + (random() % 2 ? part() : Paths{"*", "?", "a*", "{a,ab}", "[a-b]", "/b"}[random() % 6]);
      INFO("round " << round << ", " << address);
      REQUIRE(chosen(graph, address) == searched(graph, address));
    }
  }
}

TEST_CASE("A pattern over deep paths means all that is beneath") {
  std::set<std::string> paths;
  const std::string deep = [] {
    std::string text = "x";
    while (text.size() < 180) text += "/x";
    return text;
  }();
  for (int i = 0; i < 4000; i++) paths.insert(deep + "/" + std::to_string(i));
  const Graph graph = graph_of(paths);
  CHECK(chosen(graph, "//x").size() == 4000);
  CHECK(chosen(graph, "/x").size() == 4000);
}

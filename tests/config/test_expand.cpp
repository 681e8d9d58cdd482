// Nodes in words that join, connect and leave a graph.
#include <catch2/catch.hpp>

#include "config/expand.h"
#include "config/session.h"
#include "types.h"

using namespace mixgraph;
using test::table_types;

namespace {

struct Desk {
  Desk() {
    check_composites(composites, table_types());
    add({"mix/hall", "reverb", {}, {}});
    add({"/mix/sum", "bus", {}, {"mix/hall"}});
  }
  Result<std::vector<Edit>> edits(const NewNode& node) const {
    return expand(node, graph, composites, table_types());
  }
  void add(const NewNode& node) { apply(edits(node)); }
  void apply(const Result<std::vector<Edit>>& edits) {
    if (!edits) FAIL(edits.problems()[0].text());
    Result<Graph> next = mixgraph::apply(graph, *edits);
    if (!next) FAIL(next.problems()[0].text());
    graph = *next;
  }
  Graph graph;
  Composites composites = standard_composites();
};

std::string lines(const Result<std::vector<Edit>>& edits) {
  std::string text;
  if (edits) return text;
  for (const Problem& p : edits.problems()) text += p.text() + "\n";
  return text;
}

}  // namespace

TEST_CASE("a strip joins a running graph as it would join a file") {
  Desk desk;
  desk.add({"mix/vox",
            "strip",
            {{"fader", "-3"}, {"eq/2/gain", "4"}, {"gate/threshold", "-30"}, {"sends/hall", "-9"}},
            {"in/1", "in/2"}});
  desk.apply(connection("mix/vox", "mix/sum", desk.graph, desk.composites, table_types()));
  Result<Session> file = parse_session(R"(mixgraph: 1
mix:
  hall: {type: reverb}
  sum: {type: bus, from: [hall, vox]}
  vox: {type: strip, from: [in/1, in/2], fader: -3, eq: {2: {gain: 4}}, gate: {threshold: -30}, sends: {hall: -9}}
)",
                                       "f", "", table_types());
  REQUIRE(file);
  CHECK(desk.graph == file->graph);
}

TEST_CASE("connections by name, also of instances, ports and new device inputs") {
  Desk desk;
  desk.add({"mix/a", "strip", {}, {}});
  desk.apply(connection("in/5", "mix/a:key", desk.graph, desk.composites, table_types()));
  CHECK(desk.graph.has({"in/5", 0, "mix/a/compressor", 1}));
  desk.apply(connection("/mix/a", "/mix/sum", desk.graph, desk.composites, table_types()));
  CHECK(desk.graph.has({"mix/a/meter", 0, "mix/sum/sum", 0}));
  desk.apply(disconnection("mix/a", "mix/sum", desk.graph, desk.composites));
  CHECK(!desk.graph.has({"mix/a/meter", 0, "mix/sum/sum", 0}));
  CHECK(lines(connection("mix/b", "mix/sum:kee", desk.graph, desk.composites, table_types())) ==
        "/mix/b: `mix/b`: no such node; did you mean `mix/a`?\n"
        "/mix/sum:kee: `mix/sum:kee`: bus has no input `kee`; did you mean `key`?\n");
}

TEST_CASE("removal takes an instance as a whole") {
  Desk desk;
  Graph before = desk.graph;
  desk.add({"mix/vox", "strip", {{"sends/hall", "-9"}}, {"mix/hall"}});
  desk.apply(removal("/mix/vox", desk.graph));
  CHECK(desk.graph == before);
  CHECK(lines(removal("/mix/vxo", desk.graph)).starts_with("/mix/vxo: no such node"));
}

TEST_CASE("what is wrong with a new node is told by address") {
  Desk desk;
  CHECK(lines(desk.edits({"aux/x", "strip", {}, {}})) ==
        "/aux/x: no place for a node; a path begins with mix/, master/ or in/\n");
  CHECK(lines(desk.edits({"mix/hall", "strip", {}, {}})) ==
        "/mix/hall: `mix/hall`: there is a node here already; choose another name\n");
  CHECK(lines(desk.edits({"mix/x", "stripp", {}, {}})) ==
        "/mix/x: `stripp`: no such node type; did you mean `strip`?\n");
  CHECK(lines(desk.edits({"mix/x", "strip", {{"fader", "30"}, {"eq/2/gian", "3"}}, {"hal", "mixx/hall"}})) ==
        "/mix/x: `hal`: no such node; did you mean `hall`?\n"
        "/mix/x: `mixx/hall`: no such node; did you mean `mix/hall`?\n"
        "/mix/x/eq/2/gian: `2/gian`: no such parameter of eq; did you mean `gain`?\n"
        "/mix/x/fader: `fader`: 30 is out of range; -90 to 10 dB\n");
  CHECK(!desk.edits({"mix/a b", "strip", {}, {}}));
  CHECK(!desk.edits({"mix/hall/time", "trim", {}, {}}));
  CHECK(!desk.edits({"", "trim", {}, {}}));
}

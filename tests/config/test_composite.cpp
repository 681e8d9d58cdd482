// Composite types: the standard ones, a user's own, and what can be wrong with them.
#include <catch2/catch.hpp>

#include "config/session.h"
#include "folder.h"
#include "nodes/list.h"
#include "types.h"

using namespace mixgraph;
using test::table_types;

namespace {

/// A session in a folder of its own, with its problems as lines, without the folder's name.
class Files {
 public:
  void write(const std::string& name, const std::string& text) const { folder_.write(name, text); }
  Result<Session> load() const { return load_session(folder_.path("song.yaml"), table_types()); }
  Graph graph() const {
    Result<Session> session = load();
    INFO(problems());
    REQUIRE(session);
    return session->graph;
  }
  std::string problems() const {
    Result<Session> session = load();
    std::string lines;
    if (session) return lines;
    for (const Problem& p : session.problems()) lines += p.text() + "\n";
    for (size_t at; (at = lines.find(folder_.path() + "/")) != std::string::npos;)
      lines.erase(at, folder_.path().size() + 1);
    return lines;
  }

 private:
  test::Folder folder_;
};

}  // namespace

TEST_CASE("the standard composite types are sound") {
  Composites composites = standard_composites();
  CHECK(composites.size() == 3);
  check_composites(composites, table_types());
  for (const auto& [name, composite] : composites) {
    INFO(name);
    CHECK(composite.type == name);
    CHECK(composite.report.empty());
    CHECK(!composite.doc.empty());
  }
}

TEST_CASE("so they are with the real node types") {
  Composites composites = standard_composites();
  check_composites(composites, node_types());
  for (const auto& [name, composite] : composites)
    for (const Problem& p : composite.report.problems()) FAIL_CHECK(p.text());
}

TEST_CASE("a composite type of one's own") {
  Files files;
  files.write("types/echo.yaml", R"(mixgraph: 1
type: echo
doc: A short room with its own level.
nodes:
  room: {type: reverb, time: 0.6}
  tone: {type: highpass, freq: 300}
  level: {type: fader}
)");
  files.write("song.yaml", R"(mixgraph: 1
include: types/echo.yaml
mix:
  vox: {type: strip, from: in/1, sends: {slap: -9}}
  slap: {type: echo, level: -3, tone: {freq: 500}}
  sum: {type: bus, from: [vox, slap]}
)");
  Graph g = files.graph();
  CHECK(g.composite_of("mix/slap") == "echo");
  CHECK(g.has({"mix/vox/sends/slap", 0, "mix/slap/room", 0}));
  CHECK(g.has({"mix/slap/room", 0, "mix/slap/tone", 0}));
  CHECK(g.has({"mix/slap/level", 0, "mix/sum/sum", 0}));
  CHECK(std::get<double>(g.find("mix/slap/room")->values[0]) == 0.6);
  CHECK(std::get<double>(g.find("mix/slap/tone")->values[0]) == 500);
  CHECK(write_session(*files.load()).find("  slap: {type: echo, tone: 500, level: -3}\n") !=
        std::string::npos);
}

TEST_CASE("composites may contain composites, sources and wiring of their own") {
  Files files;
  files.write("duo.yaml", R"(mixgraph: 1
type: duo
nodes:
  a: {type: strip, gate: {threshold: -50}, sends: {verb: -9}}
  b: {type: strip, from: a/trim, key: a, fader: -6}
  verb: {type: reverb, from: []}
  both: {type: bus, from: [a, b, verb]}
input: [a, "b:key"]
output: both
)");
  files.write("tone.yaml",
              "mixgraph: 1\ntype: tone\nnodes: {play: {type: player, loop: on}, level: {type: fader}}\n");
  files.write("song.yaml",
              "mixgraph: 1\ninclude: [duo.yaml, tone.yaml]\n"
              "mix: {t: {type: tone, play: {file: sine.wav}}, d: {type: duo, from: t, a: {gate: {bypass: "
              "on}}, b/fader: -1}}\n");
  Graph g = files.graph();
  CHECK(g.composite_of("mix/d") == "duo");
  CHECK(g.composite_of("mix/d/a") == "strip");
  CHECK(g.has({"mix/t/level", 0, "mix/d/a/trim", 0}));
  CHECK(g.has({"mix/t/level", 0, "mix/d/b/compressor", 1}));
  CHECK(g.has({"mix/d/a/meter", 0, "mix/d/b/compressor", 1}));
  CHECK(g.has({"mix/d/a/trim", 0, "mix/d/b/trim", 0}));
  CHECK(g.has({"mix/d/a/sends/verb", 0, "mix/d/verb", 0}));
  CHECK(std::get<double>(g.find("mix/d/a/gate")->values.back()) == 1);
  CHECK(std::get<double>(g.find("mix/d/b/fader")->values[0]) == -1);
  CHECK(std::get<double>(g.find("mix/t/play")->values[2]) == 1);
}

TEST_CASE("a file of the same name beside the session replaces a standard type") {
  Files files;
  files.write("song.yaml", "mixgraph: 1\nmix: {v: {type: strip, from: in/1, level: -3}}\n");
  files.write("strip.yaml", "mixgraph: 1\ntype: strip\nnodes: {level: {type: fader}}\n");
  files.write("master.yaml", "mixgraph: 1\nmix: {this: {type: is, just: another}, session: 3}\n");
  Graph g = files.graph();
  CHECK(g.find("mix/v/level"));
  CHECK(!g.find("mix/v/trim"));
  files.write("other/strip.yaml",
              "mixgraph: 1\ntype: strip\nnodes: {level: {type: fader}, pan: {type: pan}}\n");
  files.write("song.yaml", "mixgraph: 1\ninclude: other/strip.yaml\nmix: {v: {type: strip}}\n");
  CHECK(files.graph().find("mix/v/pan"));
}

TEST_CASE("problems of a definition are told once, where they are") {
  Files files;
  files.write("my.yaml", R"(mixgraph: 1
type: my
colour: red
nodes:
  a: {type: eqq}
  b: {type: compressor, treshold: -20, from: [c, outside]}
  c: {type: fader, level: 30}
  from: {type: eq}
  d: {level: 3}
input: [a, x]
inputs: {key: "b:kee", c: c}
output: "c:left"
sends: {mid: c, pre: e}
)");
  files.write("song.yaml",
              "mixgraph: 1\ninclude: my.yaml\nmix: {outside: {type: my, from: in/1, a: 3}, v: {type: my}, w: "
              "{type: trim, from: v}}\n");
  CHECK(
      files.problems() ==
      R"(my.yaml:3:1: `colour`: no such key of a composite type; it has mixgraph, type, doc, nodes, input, inputs, output, sends
my.yaml:5:13: `eqq`: no such node type; did you mean `eq`?
my.yaml:6:25: `treshold`: no such parameter of compressor; did you mean `threshold`?
my.yaml:6:50: `outside`: no such node; there are b, c
my.yaml:7:27: `level`: 30 is out of range; -90 to 10 dB
my.yaml:8:3: `from` can't be the name of a node here; use letters, digits, _ - + . except type, from, sends, group, label, color
my.yaml:9:3: `d` has no type; write {type: eq}
my.yaml:10:12: `x`: no such node; there are b, c
my.yaml:11:15: `b:kee`: compressor has no input `kee`; did you mean `key`?
my.yaml:11:27: `c` is a node and an input
my.yaml:12:9: `c:left`: fader has no output `left`; it has out
my.yaml:13:9: `mid`: no such kind of send; one of pre, post
my.yaml:13:22: `e`: no such node; there are b, c
)");
}

TEST_CASE("composites that contain each other, and other impossible ones, are refused") {
  Files files;
  files.write("a.yaml", "mixgraph: 1\ntype: a\nnodes: {x: {type: b}}\n");
  files.write("b.yaml", "mixgraph: 1\ntype: b\nnodes: {y: {type: c}}\n");
  files.write("c.yaml", "mixgraph: 1\ntype: c\nnodes: {z: {type: a}}\n");
  files.write("song.yaml", "mixgraph: 1\ninclude: [a.yaml, b.yaml, c.yaml]\nmix: {v: {type: b}}\n");
  CHECK(files.problems() == "c.yaml:3:19: `a` contains itself; a -> b -> c -> a\n");

  files.write("a.yaml", "mixgraph: 1\ntype: a\nnodes: {x: {type: a}}\n");
  files.write("b.yaml", "mixgraph: 1\ntype: eq\nnodes: {y: {type: trim}}\n");
  files.write("c.yaml", "mixgraph: 1\ntype: strip\nnodes: {}\n");
  CHECK(files.problems() ==
        "a.yaml:3:19: `a` contains itself; a -> a\n"
        "b.yaml:2:7: `eq` is the name of a node type; choose another name\n"
        "c.yaml:1:1: the composite type has no `nodes`\n"
        "song.yaml:3:17: `b`: no such node type; one of a, bus, eq, master, strip, trim, highpass, eq, gate, "
        "compressor, "
        "fader, mute, pan, width, send, sum, ...\n");
}

TEST_CASE("composites that grow without bounds are refused") {
  Files files;
  std::string include = "strip";
  std::string names;
  for (int i = 0; i < 6; i++) {
    std::string name = "t" + std::to_string(i), nodes;
    for (int n = 0; n < 10; n++) nodes += "n" + std::to_string(n) + ": {type: " + include + "}, ";
    files.write(name + ".yaml", "mixgraph: 1\ntype: " + name + "\nnodes: {" + nodes + "}\n");
    names += name + ".yaml, ";
    include = name;
  }
  files.write("song.yaml", "mixgraph: 1\ninclude: [" + names + "]\nmix: {v: {type: t5}}\n");
  CHECK(files.problems().starts_with(
      "t2.yaml:2:7: the composite type is too large; at most 1000 nodes, nested 8 deep\n"));
}

TEST_CASE("includes that don't work") {
  Files files;
  files.write("song.yaml",
              "mixgraph: 1\ninclude: [gone.yaml, ., one.yaml, two.yaml, list.yaml, bad.yaml, song.yaml]\n");
  files.write("one.yaml", "mixgraph: 1\ntype: one\nnodes: {a: {type: eq}}\n");
  files.write("two.yaml", "mixgraph: 1\ntype: one\nnodes: {a: {type: eq}}\n");
  files.write("list.yaml", "- a\n");
  files.write("bad.yaml", "a: [\n");
  CHECK(
      files.problems() ==
      R"(bad.yaml:2:1: not YAML: end of sequence flow not found; check indentation, colons, quotes and brackets
list.yaml:1:1: this is not a composite type; a composite type has `type:` and `nodes:`
song.yaml:1:1: the composite type has no name; write `type: name`
song.yaml:2:1: `include`: no such key of a composite type; it has mixgraph, type, doc, nodes, input, inputs, output, sends
song.yaml:2:11: `gone.yaml`: there is no such file
song.yaml:2:22: `.`: is not a file
song.yaml:2:35: `two.yaml`: `one` is defined in two files; remove one
)");
}

// What is written loads to the same, in as few words as a person would use.
#include <catch2/catch.hpp>

#include <random>

#include "config/expand.h"
#include "config/session.h"
#include "folder.h"
#include "types.h"

using namespace mixgraph;
using test::table_type;
using test::table_types;

namespace {

Session read(const std::string& text) {
  Result<Session> session = parse_session(text, "song.yaml", "", table_types());
  std::string problems;
  if (!session)
    for (const Problem& p : session.problems()) problems += p.text() + "\n";
  INFO(text);
  INFO(problems);
  REQUIRE(session);
  return *session;
}

Graph edited(const Graph& graph, const std::vector<Edit>& edits) {
  Result<Graph> result = apply(graph, edits);
  std::string problems;
  if (!result)
    for (const Problem& p : result.problems()) problems += p.text() + "\n";
  INFO(problems);
  REQUIRE(result);
  return *result;
}

void check_round_trip(const Session& session) {
  std::string text = write_session(session);
  INFO(text);
  CHECK(read(text) == session);
}

constexpr const char* kCanonical = R"(mixgraph: 1
name: "A song: the second"
audio: {rate: 96000, inputs: 8, memory: 512}
osc:
  port: 9001
  bind: [127.0.0.1, 10.0.0.2]
  allow: 10.0.0.0/24
  peers: 10.0.0.9:9001
  files: none
  confirm: off
  rate: 100
  loopback_rate: 5000
media: takes
in:
  vocal: {type: input, channels: 3}
mix:
  drums: {type: strip, from: [in/1, in/2], key: vox, fader: -3, mute: on}
  vox:
    type: strip
    from: in/vocal
    highpass: {freq: 120, slope: 24}
    gate: on
    compressor: {threshold: -30, ratio: 2.5, bypass: on}
    eq: {1: {type: bell}, 2: {gain: 3, freq: 2500}}
    fader: -6.25
    sends: {hall: -12, echo: {pre: on, to: fx, level: -3}, sum: {from: trim, bypass: on}}
  hall: {type: reverb, time: 2.2}
  fx: {type: bus, eq: off}
  bands: {type: split, from: drums/trim}
  low: {type: compressor, from: "bands:high", key: [fx, hall], ratio: 8}
  sum: {type: bus, from: [drums, fx, hall, low, vox], compressor: {makeup: 2}}
master: {type: master, from: mix/sum, limiter: -0.5}
master/out: {type: output, from: master, to: 1+2}
scenes:
  the end: {mix/gone: "x", mix/vox/fader: -90, mix/vox/mute: on}
  verse: {}
  voice:
    scope:
      - mix/vox/sends/hall
      - "mix/{drums,vox}/{compressor,eq,fader,gate,highpass,meter,mute,pan,trim}"
      - {mix/gone: limiter, mix/sum: fader}
    mix/sum: -3
    mix/vox/fader: -9
    mix/vox/highpass/slope: 24
    mix/low/ratio: 2
)";

}  // namespace

TEST_CASE("a session is written as it would be by hand") {
  // The port's colon needs no quotes, and so gets none.
  std::string text = kCanonical;
  text.replace(text.find("\"bands:high\""), 12, "bands:high");
  CHECK(write_session(read(kCanonical)) == text);
  check_round_trip(read(kCanonical));
}

TEST_CASE("instances are folded however they are wired") {
  Graph g = read(kCanonical).graph;
  Session s;
  s.composites = standard_composites();
  check_composites(s.composites, table_types());
  SECTION("a cable into the middle") {
    s.graph = edited(g, {Connect{{"mix/hall", 0, "mix/vox/eq", 0}}});
    CHECK(write_session(s).find("from: [hall, compressor]") != std::string::npos);
  }
  SECTION("a part cut off") {
    s.graph = edited(g, {Disconnect{{"mix/vox/fader", 0, "mix/vox/mute", 0}}});
    CHECK(write_session(s).find("mute: {from: []}") != std::string::npos);
  }
  SECTION("a send without a target, and one with another") {
    s.graph = edited(g, {Disconnect{{"mix/vox/sends/hall", 0, "mix/hall", 0}}});
    CHECK(write_session(s).find("hall: {to: [], level: -12}") != std::string::npos);
    s.graph = edited(s.graph, {Connect{{"mix/vox/sends/hall", 0, "mix/low", 1}}});
    CHECK(write_session(s).find("hall: {to: low:key, level: -12}") != std::string::npos);
  }
  SECTION("a node of its own inside an instance") {
    s.graph = edited(g, {AddNode{make_node("mix/vox/extra", table_type("trim"))},
                         Connect{{"mix/vox/eq", 0, "mix/vox/extra", 0}}});
    CHECK(write_session(s).find("  vox/extra: {type: trim, from: eq}\n") != std::string::npos);
  }
  SECTION("without one of its parts it is written as plain nodes of a group") {
    s.graph = edited(g, {RemoveNode{"mix/vox/gate"}});
    CHECK(write_session(s).find("  vox: {group: strip}\n  vox/trim: {type: trim, from: in/vocal}\n") !=
          std::string::npos);
  }
  SECTION("a group of a type that nobody knows") {
    s.graph = edited(g, {SetFact{"mix/vox", "type", "console"}});
    CHECK(write_session(s).find("  vox: {group: console}\n") != std::string::npos);
  }
  Result<Session> again = parse_session(write_session(s), "song.yaml", "", table_types());
  INFO(write_session(s));
  if (!again) FAIL(again.problems()[0].text());
  CHECK(again->graph == s.graph);
}

TEST_CASE("texts survive, whatever is in them") {
  Session s;
  s.name =
      "tab\t, line\n, \"quotes\", 'more', back\\slash, #: [x] {y} & * ! | > % @ `, \x01, "
      "\xc3\xa4\xe2\x82\xac";
  for (const char* text :
       {"null", "~",  "",   " x", "x ",   "-", "- x", "---", "...", "a: b", "a #b", "yes", "1e5", ".inf",
        "a:",   ":a", "?",  "<<", "0x10", "[", "]",   "{",   "}",   ",",    "*",    "&",   "!",   "%",
        "@",    "`",  "\"", "'",  "|",    ">", "#",   "= ",  "+",   ".",    "-.5",  "+1",  "1+2", "/x"}) {
    std::string path = "mix/p" + std::to_string(s.graph.nodes().size());
    s.graph = edited(s.graph,
                     {AddNode{make_node(path, table_type("player"))}, SetValue{path, 0, std::string(text)}});
    s.media = s.recordings = text;
    s.include = {};
    s.scenes[std::string("scene ") + text] = Scene{{}, {{path + "/file", std::string(text)}}};
    s.scenes[text] = Scene{{}, {{"mix/gone", std::string(text)}}};
    check_round_trip(s);
  }
}

TEST_CASE("numbers survive to the last bit") {
  Session s;
  s.graph = edited(Graph(), {AddNode{make_node("mix/f", table_type("fader"))}});
  for (double number : {0.1, -0.0, 1.0 / 3, -89.99999999999999, double(-6.3f), 1e-300, 5e-324, 10.0}) {
    s.graph.set_value("mix/f", 0, number);
    s.scenes["a"] = Scene{{}, {{"mix/gone/fader", number * 1e10}}};
    check_round_trip(s);
  }
}

TEST_CASE("keys that look like something else, names that hide others") {
  Session s;
  for (const char* path :
       {"mix/null", "mix/-", "mix/1.5", "mix/type", "mix/group", "mix/.", "mix/from", "mix/a/mix/b", "mix/b",
        "mix/a/c", "mix", "mix/a/in/1", "in/1", "in/1+2", "in/x/y", "master/---", "in"})
    s.graph = edited(s.graph, {AddNode{make_node(path, table_type("fader"))}});
  const Graph nodes = s.graph;
  for (const Node& a : nodes.nodes())
    for (const Node& b : nodes.nodes())
      s.graph = edited(s.graph, {Connect{{a.path, 0, b.path, 0}}});
  check_round_trip(s);
}

TEST_CASE("an input that is no longer what its name says is written out") {
  Session s = read("mixgraph: 1\nmix: {v: {type: trim, from: [in/1, in/2]}}\n");
  s.graph.set_value("in/2", 0, std::string("7"));
  s.audio.inputs = 7;
  check_round_trip(s);
  s.graph = edited(s.graph, {Disconnect{{"in/1", 0, "mix/v", 0}}});
  CHECK(write_session(s).find("in:\n  1: {type: input, channels: 1}\n  2: {type: input, channels: 7}\n") !=
        std::string::npos);
  check_round_trip(s);
}

namespace {

/// A random edit that may happen to a session, or none.
class RandomEdits {
 public:
  std::vector<Edit> next(const Session& s) {
    const auto& nodes = s.graph.nodes();
    switch (nodes.empty() ? 0 : below(9)) {
      case 0:
        return add_instance(s);
      case 1:
        return add_node(s);
      case 2:
      case 3:
        return change_cable(s);
      case 4: {
        const auto& cables = s.graph.cables();
        return cables.empty() ? std::vector<Edit>()
                              : std::vector<Edit>{Disconnect{cables[below(cables.size())]}};
      }
      case 5:
        return below(3) ? std::vector<Edit>() : std::vector<Edit>{RemoveNode{path(s)}};
      case 6:
        return change_fact(s);
      default:
        return change_value(s);
    }
  }

 private:
  size_t below(size_t n) { return size_t(random_() % n); }
  std::string path(const Session& s) { return s.graph.nodes()[below(s.graph.nodes().size())].path; }
  std::string fresh(const char* start) { return start + std::to_string(count_++); }

  std::vector<Edit> add_instance(const Session& s) {
    bool is_first = s.graph.nodes().empty();
    std::string base = below(3) || is_first ? "mix" : path(s);
    auto type = std::next(s.composites.begin(), std::ptrdiff_t(below(s.composites.size())));
    NewNode node{base + "/" + fresh("n"), type->first, {}, {}};
    if (below(2)) node.from = {below(2) || is_first ? "in/" + std::to_string(1 + below(4)) : "/" + path(s)};
    auto edits = expand(node, s.graph, s.composites, table_types());
    return edits ? *edits : std::vector<Edit>();
  }
  std::vector<Edit> add_node(const Session& s) {
    std::string name = path(s) + (below(2) ? "/sends/" : "/") + fresh("m");
    if (name.size() > 150) return {};
    return {AddNode{make_node(name, *table_types()[below(table_types().size())])}};
  }
  std::vector<Edit> change_cable(const Session& s) {
    const Node& a = s.graph.nodes()[below(s.graph.nodes().size())];
    const Node& b = s.graph.nodes()[below(s.graph.nodes().size())];
    if (a.type->outputs.empty() || b.type->inputs.empty()) return {};
    Cable cable{a.path, int(below(a.type->outputs.size())), b.path, int(below(b.type->inputs.size()))};
    if (s.graph.has(cable)) return {Disconnect{cable}};
    return {Connect{cable}};
  }
  /// Of any path that has nodes, also one that is no instance; instances stay some.
  std::vector<Edit> change_fact(const Session& s) {
    const std::string at = path(s);
    std::vector<std::string> paths;
    each_above(at, [&](std::string_view above) { paths.emplace_back(above); });
    const std::string& on = paths[below(paths.size())];
    const char* types[] = {"", "bus", "odd"};
    const char* labels[] = {"", "Lead: \"vox\" #1", "null", "7", "\xc3\xbc"};
    const char* colors[] = {"", "#ff8000", "red"};
    const size_t which = below(3);
    if (which == 0 && (s.graph.find(on) || s.graph.composite_of(on).empty())) return {};
    if (which == 0) return {SetFact{on, "type", types[below(3)]}};
    return {which == 1 ? SetFact{on, "label", labels[below(5)]} : SetFact{on, "color", colors[below(3)]}};
  }
  std::vector<Edit> change_value(const Session& s) {
    const Node& node = s.graph.nodes()[below(s.graph.nodes().size())];
    if (row_count(*node.type) == 0) return {};
    int i = int(below(size_t(row_count(*node.type))));
    const Parameter& p = row(*node.type, i);
    if (is_text(p)) return {SetValue{node.path, i, std::string("x ") + char('!' + below(90))}};
    return {SetValue{node.path, i, from_position(p, double(random_()) / double(random_.max()))}};
  }

  std::mt19937 random_{20240607};
  int count_ = 0;
};

// Composites within composites, with sends, keys and two inputs of their own.
constexpr const char* kVoices = R"(mixgraph: 1
type: voices
nodes:
  split: {type: split}
  verb: {type: reverb, mix: 50}
  lead: {type: strip, from: "split:high", sends: {verb: -9}, gate: {threshold: -50}, fader: -2}
  double: {type: strip, from: split, key: lead, sends: {verb: {pre: on, level: -20}}}
  out: {type: bus, from: [lead, double, verb]}
input: [split, verb]
inputs: {key: ["lead:key", double]}
output: out
sends: {post: lead}
)";
constexpr const char* kVoicesSession = R"(mixgraph: 1
include: voices.yaml
mix:
  kick: {type: strip, from: in/1}
  choir:
    type: voices
    from: in/3
    key: kick
    lead: {eq: {2: {gain: 3}}, sends: {verb: -12, hall: -7}}
    double/fader: -4
    sends: {hall: -20}
  hall: {type: reverb, from: choir/verb}
  band: {type: voices, from: [choir, hall], split: {from: [kick]}}
)";

}  // namespace

TEST_CASE("labels and colours stand where they are said and come back") {
  const char* text = R"(mixgraph: 1
in:
  1: {type: input, label: Mic 1, channels: 1}
mix:
  vox:
    type: strip
    label: "Lead: \"vox\""
    color: "#ff8000"
    from: in/1
    eq: {label: Tone, 2: {gain: 3}}
    fader: {color: red}
    sends: {hall: {label: To the hall, level: -12}}
  vox/sends: {group: "", label: Sends}
  hall: {type: reverb, label: Hall, time: 2.2}
)";
  const Session s = read(text);
  const Facts expected = {{{"in/1", "label"}, "Mic 1"},       {{"mix/hall", "label"}, "Hall"},
                          {{"mix/vox", "type"}, "strip"},     {{"mix/vox", "label"}, "Lead: \"vox\""},
                          {{"mix/vox", "color"}, "#ff8000"},  {{"mix/vox/eq", "label"}, "Tone"},
                          {{"mix/vox/fader", "color"}, "red"}, {{"mix/vox/sends/hall", "label"}, "To the hall"},
                          {{"mix/vox/sends", "label"}, "Sends"}};
  CHECK(s.graph.facts() == expected);
  CHECK(write_session(s) == text);
  // An input that is made by being named is written out for what is said of it.
  Session named = read("mixgraph: 1\nmix: {v: {type: fader, from: in/1}}\n");
  named.graph = edited(named.graph, {SetFact{"in/1", "color", "blue"}, SetFact{"mix", "label", "All"}});
  check_round_trip(named);
}

TEST_CASE("what a composite type says of its parts is taken back by an empty text") {
  test::Folder folder;
  folder.write("duo.yaml", "mixgraph: 1\ntype: duo\nnodes:\n  a: {type: strip, label: First, eq: {color: red}}\n  b: {type: fader, label: Out}\n");
  folder.write("song.yaml", "mixgraph: 1\ninclude: duo.yaml\nmix: {d: {type: duo, b: {label: ''}}, e: {type: duo, a/label: Other}}\n");
  Result<Session> s = load_session(folder.path("song.yaml"), table_types());
  REQUIRE(s);
  CHECK(s->graph.fact("mix/d/a", "label") == "First");
  CHECK(s->graph.fact("mix/d/a/eq", "color") == "red");
  CHECK(s->graph.fact("mix/d/b", "label").empty());
  CHECK(s->graph.fact("mix/e/a", "label") == "Other");
  s->graph = edited(s->graph, {SetFact{"mix/d/a", "label", ""}, SetFact{"mix/e/a", "color", "blue"}, SetFact{"mix/e/a/eq", "color", ""}});
  const std::string text = write_session(*s);
  INFO(text);
  Result<Session> again = parse_session(text, "song.yaml", folder.path(), table_types());
  REQUIRE(again);
  CHECK(again->graph == s->graph);
}

TEST_CASE("random edits of random sessions survive") {
  RandomEdits edits;
  for (int round = 0; round < 60; round++) {
    Session s = round % 3 ? read(kCanonical) : Session();
    if (round % 3 == 0) check_composites(s.composites = standard_composites(), table_types());
    for (int step = 0; step < 40; step++) s.graph = edited(s.graph, edits.next(s));
    check_round_trip(s);
  }
}

TEST_CASE("so do those with nested composites of one's own") {
  test::Folder folder;
  folder.write("voices.yaml", kVoices);
  folder.write("song.yaml", kVoicesSession);
  RandomEdits edits;
  for (int round = 0; round < 30; round++) {
    Result<Session> s = load_session(folder.path("song.yaml"), table_types());
    if (!s) FAIL(s.problems()[0].text());
    for (int step = 0; step <= round; step++) {
      std::string text = write_session(*s);
      INFO(text);
      Result<Session> again = parse_session(text, "song.yaml", folder.path(), table_types());
      if (!again) FAIL(again.problems()[0].text());
      CHECK(*again == *s);
      s->graph = edited(s->graph, edits.next(*s));
    }
  }
}

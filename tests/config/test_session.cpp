// Session files: what they mean.
#include <catch2/catch.hpp>

#include "config/session.h"
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
  INFO(problems);
  REQUIRE(session);
  return *session;
}

Value value(const Graph& graph, const std::string& path, std::string_view id) {
  const Node* node = graph.find(path);
  INFO(path << " " << id);
  REQUIRE(node);
  int row = find_row(*node->type, id);
  REQUIRE(row >= 0);
  return node->values[size_t(row)];
}

bool connected(const Graph& graph, const std::string& from, const std::string& to, int to_port = 0) {
  return graph.has({from, 0, to, to_port});
}

constexpr const char* kBand = R"(mixgraph: 1
name: Four-piece band
audio: {rate: 48000, block: 64, driver: auto}
mix:
  drums:  {type: strip, from: [in/1, in/2], fader: -3}
  vox:    {type: strip, from: in/3, eq: {2: {gain: 3, freq: 2500}}, sends: {hall: -12}}
  hall:   {type: reverb, time: 2.2}
  sum:    {type: bus, from: [drums, vox, hall]}
master:
  eq:      {type: eq, from: mix/sum}
  limiter: {type: limiter, from: eq, ceiling: -1}
  out:     {type: output, from: limiter, to: [1, 2]}
)";

}  // namespace

TEST_CASE("the design's example means what it says") {
  Session s = read(kBand);
  CHECK(s.name == "Four-piece band");
  CHECK(s.audio.block == 64);
  CHECK(channels_of(s.audio, s.graph).inputs == 3);
  CHECK(channels_of(s.audio, s.graph).outputs == 2);
  CHECK(s.osc.port == 9000);
  const Graph& g = s.graph;
  CHECK(value(g, "mix/drums/fader", "level") == Value(-3.0));
  CHECK(value(g, "mix/vox/eq", "2/gain") == Value(3.0));
  CHECK(value(g, "mix/vox/eq", "2/freq") == Value(2500.0));
  CHECK(value(g, "mix/vox/sends/hall", "level") == Value(-12.0));
  CHECK(value(g, "master/out", "to") == Value(std::string("1+2")));
  CHECK(value(g, "in/3", "channels") == Value(std::string("3")));
  CHECK(connected(g, "in/1", "mix/drums/trim"));
  CHECK(connected(g, "in/2", "mix/drums/trim"));
  CHECK(connected(g, "mix/vox/pan", "mix/vox/sends/hall"));
  CHECK(connected(g, "mix/vox/sends/hall", "mix/hall"));
  CHECK(connected(g, "mix/vox/meter", "mix/sum/sum"));
  CHECK(connected(g, "mix/hall", "mix/sum/sum"));
  CHECK(connected(g, "mix/sum/meter", "master/eq"));
  CHECK(g.composite_of("mix/vox") == "strip");
  CHECK(g.composite_of("mix/sum") == "bus");
}

TEST_CASE("nodes keep the order of the file, device inputs first") {
  Session s = read("mixgraph: 1\nmix: {b: {type: trim, from: a}, a: {type: trim, from: in/7}}\n");
  std::vector<std::string> paths;
  for (const Node& node : s.graph.nodes()) paths.push_back(node.path);
  CHECK(paths == std::vector<std::string>{"in/7", "mix/b", "mix/a"});
}

TEST_CASE("a strip is a chain whose optional parts are bypassed until they are named") {
  Graph g = read(
                "mixgraph: 1\nmix: {v: {type: strip, from: in/1+2, gate: {threshold: -50}, highpass: 120, "
                "compressor: {ratio: 4, bypass: on}}, w: {type: strip, compressor: on, gate: {}}}\n")
                .graph;
  CHECK(value(g, "mix/v/gate", "bypass") == Value(0.0));
  CHECK(value(g, "mix/v/highpass", "bypass") == Value(0.0));
  CHECK(value(g, "mix/v/highpass", "freq") == Value(120.0));
  CHECK(value(g, "mix/v/compressor", "bypass") == Value(1.0));
  CHECK(value(g, "mix/w/highpass", "bypass") == Value(1.0));
  CHECK(value(g, "mix/w/compressor", "bypass") == Value(0.0));
  CHECK(value(g, "mix/w/gate", "bypass") == Value(0.0));
  CHECK(value(g, "mix/v/eq", "bypass") == Value(0.0));
  for (auto [from, to] : {std::pair{"trim", "highpass"},
                          {"highpass", "gate"},
                          {"gate", "compressor"},
                          {"compressor", "eq"},
                          {"eq", "fader"},
                          {"fader", "mute"},
                          {"mute", "pan"},
                          {"pan", "meter"}})
    CHECK(connected(g, std::string("mix/v/") + from, std::string("mix/v/") + to));
  CHECK(value(g, "in/1+2", "channels") == Value(std::string("1+2")));
}

TEST_CASE("sends take from before or after the fader and go where they say") {
  Graph g = read(R"(mixgraph: 1
mix:
  v: {type: strip, from: in/1, sends: {hall: {level: -6, pre: true}, plate: {to: [fx, hall]}, fx/echo: -3}}
  hall: {type: reverb}
  fx: {type: bus}
  fx/echo: {type: reverb}
)")
                .graph;
  CHECK(connected(g, "mix/v/eq", "mix/v/sends/hall"));
  CHECK(!connected(g, "mix/v/pan", "mix/v/sends/hall"));
  CHECK(value(g, "mix/v/sends/hall", "level") == Value(-6.0));
  CHECK(connected(g, "mix/v/pan", "mix/v/sends/plate"));
  CHECK(connected(g, "mix/v/sends/plate", "mix/fx/sum"));
  CHECK(connected(g, "mix/v/sends/plate", "mix/hall"));
  CHECK(connected(g, "mix/v/sends/fx/echo", "mix/fx/echo"));
}

TEST_CASE("keys, ports and inner wiring") {
  Graph g = read(R"(mixgraph: 1
mix:
  kick: {type: strip, from: in/1}
  bass: {type: strip, from: in/2, key: kick, compressor: {ratio: 6}}
  pad:  {type: strip, from: bands:high, gate: {key: kick/trim}, eq: {from: [gate, in/4]}}
  bands: {type: split, from: in/3}
  duck: {type: compressor, from: bands, key: [kick, /mix/bass/fader]}
)")
                .graph;
  CHECK(connected(g, "mix/kick/meter", "mix/bass/compressor", 1));
  CHECK(value(g, "mix/bass/compressor", "bypass") == Value(0.0));
  CHECK(g.has({"mix/bands", 1, "mix/pad/trim", 0}));
  CHECK(connected(g, "mix/kick/trim", "mix/pad/gate", 1));
  CHECK(connected(g, "mix/pad/gate", "mix/pad/eq"));
  CHECK(connected(g, "in/4", "mix/pad/eq"));
  CHECK(!connected(g, "mix/pad/compressor", "mix/pad/eq"));
  CHECK(connected(g, "mix/bass/fader", "mix/duck", 1));
}

TEST_CASE("the nearest scope wins") {
  Graph g = read(R"(mixgraph: 1
mix:
  eq: {type: eq, from: in/1}
  v: {type: strip, from: eq, gate: {key: eq}}
master:
  eq: {type: eq, from: mix/eq}
  out: {type: output, from: eq}
)")
                .graph;
  CHECK(connected(g, "mix/eq", "mix/v/trim"));
  CHECK(connected(g, "mix/v/eq", "mix/v/gate", 1));
  CHECK(connected(g, "master/eq", "master/out"));
}

TEST_CASE("the master may be nodes, a composite among nodes, or a composite as a whole") {
  Graph g =
      read(
          "mixgraph: 1\nmix: {s: {type: sum}}\n"
          "master: {chain: {type: master, from: mix/s, limiter: -2}, out: {type: output, from: chain}}\n")
          .graph;
  CHECK(value(g, "master/chain/limiter", "ceiling") == Value(-2.0));
  CHECK(connected(g, "master/chain/loudness", "master/out"));
  g = read(
          "mixgraph: 1\nmix: {s: {type: sum}}\nmaster: {type: master, from: mix/s, limiter: {ceiling: -3}}\n"
          "master/out: {type: output, from: master}\n")
          .graph;
  CHECK(value(g, "master/limiter", "ceiling") == Value(-3.0));
  CHECK(connected(g, "mix/s", "master/sum"));
  CHECK(connected(g, "master/loudness", "master/out"));
  CHECK(g.composite_of("master") == "master");
}

TEST_CASE("named device inputs, texts, lists as texts, switches by name") {
  Graph g = read(R"(mixgraph: 1
in: {vocal: {type: input, channels: [3, 4]}}
mix:
  v: {type: strip, from: in/vocal, mute: yes, trim: {invert: true, gain: +3}, pan: {law: linear}, highpass: {slope: 24}}
  p: {type: player, file: "takes/one: two.wav", play: off}
)")
                .graph;
  CHECK(value(g, "in/vocal", "channels") == Value(std::string("3+4")));
  CHECK(value(g, "mix/v/mute", "on") == Value(1.0));
  CHECK(value(g, "mix/v/trim", "invert") == Value(1.0));
  CHECK(value(g, "mix/v/trim", "gain") == Value(3.0));
  CHECK(value(g, "mix/v/pan", "law") == Value(1.0));
  CHECK(value(g, "mix/v/highpass", "slope") == Value(2.0));
  CHECK(value(g, "mix/p", "file") == Value(std::string("takes/one: two.wav")));
  CHECK(value(g, "mix/p", "play") == Value(0.0));
}

TEST_CASE("settings of the session") {
  Session s = read(R"(mixgraph: 1
audio: {rate: 96000, driver: portaudio, device: Scarlett, input_device: Built-in, inputs: 8, outputs: 4,
        input_map: [3, 4, 5, 6, 7, 8, 9, 10], output_map: [1, 2, 5, 6], ceiling: -0.3}
osc: {port: 9100, bind: [127.0.0.1, "::1"], allow: [10.0.0.0/8, 192.168.1.7], files: all, confirm: all, rate: 500,
      loopback_rate: 9000, peers: ['10.77.0.2:9001', '[fd00::2]:9001']}
media: takes
recordings: recorded
)");
  CHECK(s.audio.rate == 96000);
  CHECK(s.audio.driver == "portaudio");
  CHECK(s.audio.device == "Scarlett");
  CHECK(s.audio.input_device == "Built-in");
  CHECK(s.audio.inputs == 8);
  CHECK(s.audio.input_map == std::vector<int>{3, 4, 5, 6, 7, 8, 9, 10});
  CHECK(s.audio.output_map == std::vector<int>{1, 2, 5, 6});
  CHECK(s.audio.ceiling == -0.3);
  CHECK(s.osc == OscSettings{9100, {"127.0.0.1", "::1"}, {"10.0.0.0/8", "192.168.1.7"}, FileAccess::all, Confirm::all, 500, 9000,
                              {"10.77.0.2:9001", "[fd00::2]:9001"}});
  CHECK(s.media == "takes");
  CHECK(s.recordings == "recorded");
}

TEST_CASE("a session may be as good as empty") {
  Session s = read("mixgraph: 1\nmix:\nmaster:\nscenes:\n");
  CHECK(s.graph == Graph());
  CHECK(s.audio == AudioSettings());
}

TEST_CASE("scenes hold values by address") {
  Session s = read(R"(mixgraph: 1
mix: {v: {type: strip, from: in/1}, p: {type: player}}
scenes:
  verse: {mix/v/fader: -6, /mix/v/mute: on, mix/v/eq/2/gain: 3, mix/p/file: 7.wav}
  "the end": {mix: {v: {fader: -90, pan/law: linear}}, mix/gone/fader: -1, mix/gone/file: x}
)");
  CHECK(*s.scenes.at("verse") ==
        Scene{{}, {{"mix/v/fader", -6.0}, {"mix/v/mute", 1.0}, {"mix/v/eq/2/gain", 3.0}, {"mix/p/file", "7.wav"}}});
  CHECK(*s.scenes.at("the end") ==
        Scene{{}, {{"mix/v/fader", -90.0}, {"mix/v/pan/law", 1.0}, {"mix/gone/fader", -1.0}, {"mix/gone/file", "x"}}});
}

TEST_CASE("a scene's scope holds nodes one by one, and takes the values that are theirs") {
  Session s = read(R"(mixgraph: 1
mix: {v: {type: strip, from: in/1}, w: {type: strip, from: in/2}, p: {type: player}, p/file/x: {type: fader}}
scenes:
  all of one: {scope: mix/v, mix/v/fader: -6, mix/w/fader: -3}
  two faders: {scope: "/mix/{v,w}/{fader,pan}", mix: {v: {pan/law: linear, pan/position: 0}}}
  gone: {scope: [mix/p, {mix/gone: pan, mix/w/eq: fader}], mix/gone/law: linear, mix/w/eq: -2, mix/p/file: a.wav, mix/p/file/x: -1}
  none: {scope: [], mix/v/mute: on}
)");
  const auto& v = *s.scenes.at("all of one");
  CHECK(v.scope.size() == 9);
  CHECK(v.scope.at("mix/v/fader") == Scene::Part{&table_type("fader"), {{0, -6.0}}});
  CHECK(v.scope.at("mix/v/eq") == Scene::Part{&table_type("eq"), {}});
  CHECK(v.values == std::map<std::string, Value>{{"mix/w/fader", -3.0}});
  const NodeType &fader = table_type("fader"), &pan = table_type("pan");
  const int law = find_row(pan, "law"), position = find_row(pan, "position");
  CHECK(*s.scenes.at("two faders") == Scene{{{"mix/v/fader", {&fader, {}}},
                                             {"mix/v/pan", {&pan, {{position, 0.0}, {law, 1.0}}}},
                                             {"mix/w/fader", {&fader, {}}},
                                             {"mix/w/pan", {&pan, {}}}},
                                            {}});
  const NodeType& player = table_type("player");
  CHECK(*s.scenes.at("gone") == Scene{{{"mix/gone", {&pan, {{law, 1.0}}}},
                                       {"mix/p", {&player, {{find_row(player, "file"), "a.wav"}}}},
                                       {"mix/w/eq", {&fader, {{0, -2.0}}}}},
                                      {{"mix/p/file/x", -1.0}}});
  CHECK(*s.scenes.at("none") == Scene{{}, {{"mix/v/mute", 1.0}}});
}

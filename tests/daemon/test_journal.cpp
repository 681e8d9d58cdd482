// What is read back from a journal, whole, cut or damaged.
#include <catch2/catch.hpp>

#include <algorithm>

#include "daemon/journal/journal_reader.h"
#include "daemon/journal/journal_replay.h"
#include "nodes/list.h"
#include "tests/daemon/random_edits.h"

using namespace mixgraph;
using Health = JournalContent::Health;

namespace {

/// A journal and the state after each of its records.
struct Recorded {
  struct State {
    size_t end;  // of the file
    Graph graph;
    Scenes scenes;
  };
  std::string bytes{kJournalMagic};
  std::vector<State> states;
  uint64_t sequence = 40;
  JournalEncoder encoder;

  void record(const Graph& graph, const Scenes& scenes) {
    sequence++;
    bytes += journal_record(sequence, 1'700'000'000'000'000'000, encoder.take());
    states.push_back({bytes.size(), graph, scenes});
  }
};

const JournalFacts kFacts{"/songs/song.yaml", "Song", 48000, "mixgraph: 1\nname: Song\n"};

/// A scene of some nodes of a graph, with their values, and of one that has gone.
Scene scene_of(const Graph& graph, int round) {
  Scene scene{{}, {{"mix/n1/level", double(round)}}};
  const auto add = [&](const Node& node) {
    Scene::Part& part = scene.scope[node.path] = {node.type, {}};
    for (size_t i = size_t(round) % 2; i < node.values.size(); i += 2) part.values[int(i)] = node.values[i];
  };
  for (size_t i = size_t(round) % 3; i < graph.nodes().size(); i += 3) add(graph.nodes()[i]);
  const auto types = node_types();
  add(make_node("mix/gone", *types[size_t(round) % types.size()]));
  return scene;
}

Recorded random_journal(unsigned seed, int records, int edits_each) {
  Recorded journal;
  RandomEdits edits(node_types(), seed);
  Scenes scenes{{"verse", Scene{{}, {{"mix/vox/fader", -3.5}, {"mix/player/file", "a.wav"}}}}};
  for (int i = 0; i < 12; i++) edits.next();
  journal.encoder.snapshot(kFacts, {{7, 8}, true}, edits.graph(), scenes);
  journal.record(edits.graph(), scenes);
  for (int r = 1; r < records; r++) {
    for (int i = 0; i < edits_each; i++)
      for (const Edit& edit : edits.next()) journal.encoder.edit(edit);
    if (r % 5 == 1) {
      const std::string name = "scene " + std::to_string(r);
      scenes[name] = scene_of(edits.graph(), r);
      journal.encoder.scene(name, scenes[name]);
    } else if (r % 5 == 3) {
      journal.encoder.remove_scene(scenes.begin()->first);
      scenes.erase(scenes.begin());
    }
    journal.record(edits.graph(), scenes);
  }
  return journal;
}

/// Whether a content is the state after one of the records, and after which; 0: none, -1: something else.
int prefix_of(const Recorded& journal, const JournalContent& content) {
  if (!content.has_state()) return 0;
  for (size_t i = journal.states.size(); i-- > 0;)
    if (journal.states[i].graph == content.graph && journal.states[i].scenes == content.scenes)
      return int(i) + 1;
  return -1;
}

}  // namespace

TEST_CASE("A journal of random edits reads as the graph and scenes that they made", "[journal]") {
  for (unsigned seed = 0; seed < 20; seed++) {
    const Recorded journal = random_journal(seed, 60, 4);
    const JournalContent content = read_journal(journal.bytes, node_types());
    INFO("seed " << seed);
    CHECK(content.health == Health::whole);
    CHECK(content.graph == journal.states.back().graph);
    CHECK(content.scenes == journal.states.back().scenes);
    CHECK(content.left_out.empty());
    CHECK(content.sequence == journal.sequence);
    CHECK(content.facts == kFacts);
    CHECK(content.base == JournalBase{{7, 8}, false});
  }
}

TEST_CASE("A journal can be followed record by record", "[journal]") {
  const Recorded journal = random_journal(6, 40, 3);
  JournalReplay replay(node_types());
  size_t begun = kJournalMagic.size();
  for (const auto& state : journal.states) {
    replay.run(std::string_view(journal.bytes).substr(begun + kRecordHead, state.end - begun - kRecordHead));
    begun = state.end;
    JournalContent content;
    replay.tell(content);
    REQUIRE(content.graph == state.graph);
    REQUIRE(content.scenes == state.scenes);
    REQUIRE(content.facts == kFacts);
  }
}

TEST_CASE("The checksum is CRC-32", "[journal]") {
  CHECK(checksum("123456789") == 0xCBF43926);
}

TEST_CASE("A snapshot behind other records starts afresh, and keeps the numbers of types", "[journal]") {
  Recorded journal = random_journal(3, 10, 4);
  RandomEdits other(node_types(), 77);
  for (int i = 0; i < 30; i++) {
    const auto edits = other.next();
    if (i < 20) continue;
    if (i == 20) journal.encoder.snapshot(kFacts, {{9}, true}, other.graph(), {});
    for (const Edit& edit : edits)
      if (i > 20) journal.encoder.edit(edit);
  }
  journal.record(other.graph(), {});
  const JournalContent content = read_journal(journal.bytes, node_types());
  CHECK(content.health == Health::whole);
  CHECK(content.graph == other.graph());
  CHECK(content.scenes.empty());
  CHECK(content.base.fingerprints == std::vector<uint64_t>{9});
}

TEST_CASE("A journal cut at any byte reads as its whole records", "[journal]") {
  const Recorded journal = random_journal(1, 12, 2);
  for (size_t cut = 0; cut <= journal.bytes.size(); cut++) {
    const JournalContent content = read_journal(std::string_view(journal.bytes).substr(0, cut), node_types());
    size_t whole = 0;
    while (whole < journal.states.size() && journal.states[whole].end <= cut) whole++;
    INFO("cut at " << cut << " of " << journal.bytes.size());
    REQUIRE(content.has_state() == (whole > 0));
    if (whole == 0) continue;
    const auto& state = journal.states[whole - 1];
    REQUIRE(content.graph == state.graph);
    REQUIRE(content.scenes == state.scenes);
    REQUIRE(content.good_bytes == state.end);
    REQUIRE(content.health == (cut == state.end ? Health::whole : Health::torn));
  }
}

TEST_CASE("A byte that is changed anywhere is found, and what is before it holds", "[journal]") {
  const Recorded journal = random_journal(2, 12, 2);
  std::mt19937 random(5);
  for (size_t at = 0; at < journal.bytes.size(); at++) {
    std::string bytes = journal.bytes;
    bytes[at] = char(uint8_t(bytes[at]) ^ (1 + random() % 255));
    const JournalContent content = read_journal(bytes, node_types());
    size_t before = 0;
    while (journal.states[before].end <= at) before++;
    INFO("byte " << at << " in record " << before);
    REQUIRE(content.health != Health::whole);
    REQUIRE(prefix_of(journal, content) == int(before));
    if (before == 0) {
      REQUIRE(content.health == Health::unreadable);
    } else {
      const bool is_last = before + 1 == journal.states.size();
      REQUIRE(content.health == (is_last ? Health::torn : Health::damaged));
      REQUIRE(content.lost_records == journal.states.size() - before - 1);
    }
  }
}

TEST_CASE("Zeros behind the last record, as a loss of power leaves them, are a torn end", "[journal]") {
  const Recorded journal = random_journal(4, 5, 2);
  const JournalContent content = read_journal(journal.bytes + std::string(5000, '\0'), node_types());
  CHECK(content.health == Health::torn);
  CHECK(content.graph == journal.states.back().graph);
}

TEST_CASE("What is no journal is unreadable", "[journal]") {
  for (const std::string& bytes :
       {std::string(), std::string("mixgraph: 1\nname: Song\n"), std::string(kJournalMagic),
        std::string(kJournalMagic) + std::string(100, 'x')})
    CHECK(read_journal(bytes, node_types()).health == Health::unreadable);
}

TEST_CASE("Node types that a program lacks are told and left out, with their cables", "[journal]") {
  std::vector<const NodeType*> fewer;
  const NodeType *delay = nullptr, *fader = nullptr;
  for (const NodeType* type : node_types()) {
    if (type->id == "delay") delay = type;
    if (type->id == "fader") fader = type;
    if (type->id != "delay") fewer.push_back(type);
  }
  const auto graph =
      mixgraph::apply({}, {AddNode{make_node("mix/a", *fader)}, AddNode{make_node("mix/echo", *delay)},
                           AddNode{make_node("mix/b", *fader)}, Connect{{"mix/a", 0, "mix/echo", 0}},
                           Connect{{"mix/a", 0, "mix/b", 0}}});
  REQUIRE(graph);
  Recorded journal;
  journal.encoder.snapshot(kFacts, {}, *graph, {});
  journal.encoder.edit(SetValue{"mix/echo", 0, 10.0});
  journal.encoder.edit(SetValue{"mix/b", 0, -12.0});
  journal.record(*graph, {});
  const JournalContent content = read_journal(journal.bytes, fewer);
  CHECK(content.health == Health::whole);
  CHECK(content.graph.nodes().size() == 2);
  CHECK(content.graph.cables() == std::vector<Cable>{{"mix/a", 0, "mix/b", 0}});
  CHECK(content.graph.find("mix/b")->values[0] == Value(-12.0));
  REQUIRE(content.left_out.size() == 1);
  CHECK(content.left_out[0].where == "/mix/echo");
}

namespace {

constexpr Parameter number_row(std::string_view id, double max) {
  return {.id = id, .label = "L", .doc = "D.", .max = max};
}
constexpr Parameter kOldRows[] = {number_row("gone", 1), number_row("kept", 100),
                                  number_row("narrower", 100)};
constexpr Parameter kNewRows[] = {number_row("new", 1), number_row("narrower", 10), number_row("kept", 100)};
constexpr Port kOldPorts[] = {{"first"}, {"second"}}, kNewPorts[] = {{"second"}, {"third"}};
NodeType type_of(std::span<const Parameter> rows, std::span<const Port> inputs) {
  NodeType type{};
  type.id = "thing";
  type.inputs = inputs;
  type.outputs = kOldPorts;
  type.parameters = rows;
  return type;
}

}  // namespace

TEST_CASE("Parameters and ports are found by name when a type's table has changed", "[journal]") {
  const NodeType old_type = type_of(kOldRows, kOldPorts), new_type = type_of(kNewRows, kNewPorts);
  const auto graph = mixgraph::apply(
      {}, {AddNode{Node{"a", &old_type, {0.5, 50.0, 60.0}}}, AddNode{Node{"b", &old_type, {0.0, 0.0, 0.0}}},
           Connect{{"a", 0, "b", 0}}, Connect{{"a", 0, "b", 1}}});
  REQUIRE(graph);
  Recorded journal;
  journal.encoder.snapshot(kFacts, {}, *graph, {});
  journal.encoder.edit(SetValue{"b", 1, 7.0});
  journal.encoder.edit(SetValue{"b", 0, 1.0});
  journal.record(*graph, {});
  const NodeType* types[] = {&new_type};
  const JournalContent content = read_journal(journal.bytes, types);
  REQUIRE(content.has_state());
  CHECK(content.graph.find("a")->values == std::vector<Value>{0.0, 10.0, 50.0});
  CHECK(content.graph.find("b")->values == std::vector<Value>{0.0, 0.0, 7.0});
  CHECK(content.graph.cables() == std::vector<Cable>{{"a", 0, "b", 0}});
  std::string told;
  for (const Problem& problem : content.left_out) told += problem.text() + "\n";
  CHECK(told.find("no parameter gone") != std::string::npos);
  CHECK(told.find("no input first") != std::string::npos);
}

TEST_CASE("Items that a program does not know are told and passed over", "[journal]") {
  Recorded journal = random_journal(6, 3, 2);
  const Graph graph = journal.states.back().graph;
  std::string payload = "?";
  put_text(payload, "something new");
  RandomEdits more(node_types(), 1);
  journal.bytes += journal_record(++journal.sequence, 0, payload);
  const JournalContent content = read_journal(journal.bytes, node_types());
  CHECK(content.health == Health::whole);
  CHECK(content.graph == graph);
  CHECK(content.left_out.size() == 1);
}

TEST_CASE("Payloads of nonsense whose checksum is right do no harm", "[journal]") {
  std::mt19937 random(9);
  for (int round = 0; round < 300; round++) {
    Recorded journal = random_journal(unsigned(round), 2, 3);
    journal.encoder.snapshot(kFacts, {{1}, true}, journal.states.back().graph, {});
    std::string payload = journal.encoder.take();
    for (int i = 0; i < 5; i++) payload[random() % payload.size()] = char(random());
    journal.bytes += journal_record(++journal.sequence, 0, payload);
    const JournalContent content = read_journal(journal.bytes, node_types());
    CHECK(content.health == Health::whole);
    // Whatever came of it is a graph that can be edited.
    CHECK(mixgraph::apply({}, diff({}, content.graph)));
  }
}

namespace {

JournalContent of_payloads(const std::vector<std::string>& payloads) {
  std::string bytes{kJournalMagic};
  for (size_t i = 0; i < payloads.size(); i++) bytes += journal_record(i + 1, 0, payloads[i]);
  return read_journal(bytes, node_types());
}

Node fader_at(const std::string& path) {
  const auto types = node_types();
  return make_node(path, **std::find_if(types.begin(), types.end(), [](const NodeType* t) { return t->id == "fader"; }));
}

}  // namespace

TEST_CASE("Facts in a journal go with the last node beneath their path, unless another comes in the same record", "[journal]") {
  JournalEncoder encoder;
  const auto start = mixgraph::apply({}, {AddNode{fader_at("mix/a/x")}, AddNode{fader_at("mix/b/x")},
                                          SetFact{"mix/a", "label", "A"}, SetFact{"mix/b", "label", "B"}, SetFact{"mix/b/x", "color", "red"}});
  REQUIRE(start);
  encoder.snapshot(kFacts, {{1}, true}, *start, {});
  std::vector<std::string> payloads{encoder.take()};
  CHECK(of_payloads(payloads).graph == *start);
  encoder.edit(RemoveNode{"mix/a/x"});
  encoder.edit(RemoveNode{"mix/b/x"});
  encoder.edit(AddNode{fader_at("mix/b/y")});
  payloads.push_back(encoder.take());
  encoder.edit(AddNode{fader_at("mix/a/x")});
  encoder.edit(AddNode{fader_at("mix/b/x")});
  payloads.push_back(encoder.take());
  CHECK(of_payloads(payloads).graph.facts() == Facts{{{"mix/b", "label"}, "B"}});
}

TEST_CASE("Facts that this program doesn't know, or can't take, are left out and told", "[journal]") {
  JournalEncoder encoder;
  encoder.snapshot(kFacts, {{1}, true}, *mixgraph::apply({}, {AddNode{fader_at("mix/a")}}), {});
  for (const SetFact& fact : {SetFact{"mix/a", "mood", "x"}, SetFact{"mix/a", "color", "plaid"}, SetFact{"mix/gone", "label", "L"},
                              SetFact{"mix/a", "label", "A"}})
    encoder.edit(fact);
  const JournalContent content = of_payloads({encoder.take()});
  CHECK(content.graph.facts() == Facts{{{"mix/a", "label"}, "A"}});
  std::vector<std::string> told;
  for (const Problem& p : content.left_out) told.push_back(p.text());
  CHECK(told == std::vector<std::string>{"the fact mood is unknown to this program; left out",
                                         "/mix/a: color has a value that this program can't take; left out"});
}

TEST_CASE("A journal of an older program is refused, and it is said why", "[journal]") {
  JournalEncoder encoder;
  encoder.snapshot(kFacts, {{1}, true}, {}, {});
  std::string payload = encoder.take();
  const size_t format = 2;  // behind the kind and the body's size, which is below 128
  REQUIRE(payload[format] == char(kJournalFormat));
  CHECK(of_payloads({payload}).has_state());
  payload[format] = char(kJournalFormat - 1);
  const JournalContent content = of_payloads({payload});
  CHECK(!content.has_state());
  REQUIRE(content.left_out.size() == 1);
  CHECK(content.left_out[0].what == "an older program has written this");
}

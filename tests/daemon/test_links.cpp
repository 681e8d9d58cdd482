// Links as clients, files, scenes and the journal have them.
#include <catch2/catch.hpp>

#include "config/session.h"
#include "daemon/journal/journal_reader.h"
#include "nodes/list.h"
#include "tests/support/sound_files.h"
#include "tests/support/desk.h"

using namespace mixgraph;
using Lines = std::vector<std::string>;

namespace {

const std::string kPair =
    "mixgraph: 1\n"
    "mix:\n"
    "  l: {type: strip, from: in/1, fader: -6, pan: -0.5, compressor: {threshold: -30}}\n"
    "  r: {type: strip, from: in/2, link: {to: l, offsets: {fader: -3}}}\n"
    "  solo: {type: fader, from: in/1}\n"
    "master:\n"
    "  left: {type: output, from: mix/l, to: 1}\n"
    "  right: {type: output, from: mix/r, to: 2}\n";

Lines of(Lines lines, const std::string& start) {
  std::erase_if(lines, [&](const std::string& line) { return !line.starts_with(start); });
  return lines;
}

Graph replayed(const Desk& desk) {
  JournalEncoder encoder;
  encoder.snapshot({}, {}, desk.control.graph(), desk.control.workspace().document.session().scenes);
  return read_journal(std::string(kJournalMagic) + journal_record(1, 0, encoder.take()), node_types()).graph;
}

}  // namespace

TEST_CASE("a set of a leader sets what follows it, and one of a follower its leader", "[links]") {
  Desk desk(kPair);
  CHECK(desk.get("/mix/r/fader") == -9);
  CHECK(desk.get("/mix/r/pan") == 0.5);
  CHECK(desk.get("/mix/r/compressor/threshold") == -30);
  CHECK(desk.get("/mix/r/compressor/bypass") == 0);
  desk.send("/mix/l/fader", {-10.f});
  CHECK(desk.get("/mix/r/fader") == -13);
  desk.send("/mix/r/fader", {-20.f});
  CHECK(desk.get("/mix/l/fader") == -17);
  CHECK(desk.get("/mix/r/fader") == -20);
  desk.send("/mix/r/pan", {1.f});
  CHECK(desk.get("/mix/l/pan") == -1);
  desk.send("/mix/r/fader", {10.f});  // its leader is at its end
  CHECK(desk.get("/mix/l/fader") == 10);
  CHECK(desk.get("/mix/r/fader") == 7);
  SECTION("rows that build their node anew") {
    desk.send("/mix/r/highpass/slope", {"24"});
    desk.run(60);
    CHECK(desk.get("/mix/l/highpass/slope") == desk.get("/mix/r/highpass/slope"));
    CHECK(desk.get("/mix/l/highpass/slope") > 0);
  }
  SECTION("patterns, where the leader's word counts") {
    desk.send("/mix/*/fader", {-12.f});
    CHECK(desk.get("/mix/l/fader") == -12);
    CHECK(desk.get("/mix/r/fader") == -15);
  }
  SECTION("moves, and bundles at their time") {
    desk.send("/mix/l/fader", {-40.f, 0.1f, std::string("linear")});
    desk.run(50);
    CHECK(desk.get("/mix/r/fader") == Approx(desk.get("/mix/l/fader") - 3).margin(1e-3));
    desk.run(100);
    CHECK(desk.get("/mix/r/fader") == -43);
    desk.send(desk.main, osc::Bundle{desk.at(30), {osc::Message{"/mix/r/fader", {-8.f}}}});
    CHECK(desk.get("/mix/r/fader") == -43);
    desk.run(60);
    CHECK(desk.get("/mix/l/fader") == -5);
    CHECK(desk.get("/mix/r/fader") == -8);
  }
}

TEST_CASE("subscribers hear of all that a link changes, and the setter of what it didn't say", "[links]") {
  Desk desk(kPair);
  const Client other = desk.client();
  for (const Client& client : {desk.main, other}) desk.send(client, osc::Message{"/subscribe", {"/mix/*/fader"}});
  desk.run(50), desk.lines(), desk.lines(other);
  desk.send("/mix/l/fader", {-12.f});
  desk.run(50);
  CHECK(of(desk.lines(), "/mix") == Lines{"/mix/r/fader ,f -15"});
  CHECK(of(desk.lines(other), "/mix") == Lines{"/mix/l/fader ,f -12", "/mix/r/fader ,f -15"});
  desk.send("/mix/r/fader", {-20.f});
  desk.run(50);
  CHECK(of(desk.lines(), "/mix") == Lines{"/mix/l/fader ,f -17"});
  CHECK(of(desk.lines(other), "/mix") == Lines{"/mix/l/fader ,f -17", "/mix/r/fader ,f -20"});
  desk.send("/mix/r/fader", {10.f});
  desk.run(50);
  CHECK(of(desk.lines(), "/mix") == Lines{"/mix/l/fader ,f 10", "/mix/r/fader ,f 7"});
}

TEST_CASE("links come, go and differ over OSC, by steps of undo", "[links]") {
  Desk desk(kPair);
  desk.send("/graph/unlink", {"mix/r"});
  CHECK(of(desk.lines(), "/done") == Lines{R"(/done ,ss "/graph/unlink" "mix/r")"});
  desk.send("/mix/r/fader", {-1.f});
  CHECK(desk.get("/mix/l/fader") == -6);
  desk.send("/graph/link", {"/mix/r", "mix/l"});
  CHECK(desk.get("/mix/r/fader") == -6);
  desk.send("/graph/link/offset", {"mix/r", "fader/level", 2.f});
  desk.send("/graph/link/offset", {"mix/r", "eq/2/gain", -1.5f});
  CHECK(desk.get("/mix/r/fader") == -4);
  CHECK(desk.get("/mix/r/eq/2/gain") == -1.5);
  desk.run(20), desk.lines();
  desk.send("/graph/list", {"mix/r"});
  desk.run(50);
  CHECK(of(desk.lines(), "/graph/linked") == Lines{R"(/graph/linked ,sssfsf "mix/r" "mix/l" "eq/2/gain" -1.5 "fader" 2)"});
  desk.send("/graph/undo"), desk.send("/graph/undo");
  CHECK(desk.get("/mix/r/fader") == -6);
  desk.send("/graph/undo");
  CHECK(desk.get("/mix/r/fader") == -1);
  CHECK(desk.control.graph().fact("mix/r", "link") == "");
  desk.send("/graph/redo"), desk.send("/graph/redo");
  CHECK(desk.get("/mix/r/fader") == -4);
  SECTION("a leader that is removed, and comes back by undo") {
    desk.send("/graph/remove", {"mix/l"});
    CHECK(desk.control.graph().fact("mix/r", "link") == "");
    CHECK(desk.get("/mix/r/fader") == -4);
    desk.send("/graph/undo");
    CHECK(desk.control.graph().fact("mix/r", "link") == "mix/l fader=2");
  }
  SECTION("a strip is added as a follower") {
    desk.send("/graph/add", {"mix/x", "strip", "link", "l"});
    CHECK(desk.control.graph().fact("mix/x", "link") == "mix/l");
    CHECK(desk.get("/mix/x/fader") == -6);
  }
}

TEST_CASE("commands on links are refused by name", "[links]") {
  Desk desk(kPair);
  const auto answer = [&](const std::string& command, std::vector<osc::Argument> arguments) {
    desk.lines();
    desk.send(command, std::move(arguments));
    desk.run(10);
    const auto lines = desk.lines();
    return lines.size() == 1 ? lines[0] : std::to_string(lines.size()) + " lines";
  };
  CHECK(answer("/graph/link", {"mix/r", "mix/l"}) == R"(/error ,sss "/mix/r" "follows /mix/l already" "")");
  CHECK(answer("/graph/link", {"mix/solo", "mix/xyzxyz"}) == R"(/error ,sss "/mix/solo" "can't follow /mix/xyzxyz: no such node" "/graph/list lists the nodes")");
  CHECK(answer("/graph/link", {"mix/solo", "mix/l/eq"}) ==
        R"(/error ,sss "/mix/solo" "can't follow /mix/l/eq: they have no parameter in common" "a node of the same type, or an instance with such nodes at the same places")");
  CHECK(answer("/graph/link", {"mix/solo", "mix/r/fader"}) ==
        R"(/error ,sss "/mix/solo" "can't follow /mix/r/fader: links don't chain, and /mix/r follows /mix/l" "link it to /mix/l, or unlink one of them")");
  CHECK(answer("/graph/unlink", {"mix/solo"}) == R"(/error ,sss "/mix/solo" "follows nothing" "/graph/link it first")");
  CHECK(answer("/graph/unlink", {"mix/r/eq"}) == R"(/error ,sss "/mix/r/eq" "follows by the link of /mix/r" "name that")");
  CHECK(answer("/graph/unlink", {"mix/sol"}) == R"(/error ,sss "/mix/sol" "no such node" "did you mean /mix/solo?")");
  CHECK(answer("/graph/link/offset", {"mix/r", "mute", 1}) == R"(/error ,sss "/mix/r" "`mute` is no amount that follows /mix/l" "such as fader or eq/2/gain, of a parameter that both have")");
}

TEST_CASE("a role needs the right to the leader, not to what follows it", "[links]") {
  Desk desk(kPair);
  const auto role = [](const std::string& pattern) { return Role::of_text("x\nview\nmix " + pattern); };
  const Client right(Client::Facts{.id = {kTcp, 7}, .role = role("/mix/r//*")}), left(Client::Facts{.id = {kTcp, 8}, .role = role("/mix/l//*")});
  desk.send(right, osc::Message{"/mix/r/fader", {-1.f}});
  CHECK(desk.get("/mix/l/fader") == -6);
  desk.send(left, osc::Message{"/mix/l/fader", {-1.f}});
  CHECK(desk.get("/mix/r/fader") == -4);
}

TEST_CASE("scenes of linked strips are recalled, and taken back", "[links]") {
  Desk desk(kPair);
  desk.send("/scene/store", {"one"});
  desk.send("/mix/l/fader", {-20.f}), desk.send("/mix/r/pan", {-1.f});
  desk.send("/scene/recall", {"one"});
  CHECK(desk.get("/mix/l/fader") == -6);
  CHECK(desk.get("/mix/r/fader") == -9);
  CHECK(desk.get("/mix/r/pan") == 0.5);
  desk.send("/scene/undo");
  CHECK(desk.get("/mix/r/fader") == -23);
  desk.send("/graph/undo");
  CHECK(desk.get("/mix/r/fader") == -9);
  desk.send("/graph/undo");
  CHECK(desk.get("/mix/l/fader") == -20);
  SECTION("one that was stored before they were linked: the leader's values count") {
    desk.send("/graph/unlink", {"mix/r"}), desk.send("/mix/r/fader", {-80.f}), desk.send("/mix/l/fader", {-6.f}), desk.send("/scene/store", {"two"});
    desk.send("/graph/link", {"mix/r", "mix/l"});
    desk.send("/scene/recall", {"two"});
    CHECK(desk.get("/mix/l/fader") == -6);
    CHECK(desk.get("/mix/r/fader") == -6);
  }
  SECTION("in a bundle") {
    desk.send(desk.main, osc::Bundle{desk.at(30), {osc::Message{"/scene/recall", {"one", 0.02f}}}});
    desk.run(200);
    CHECK(desk.get("/mix/r/fader") == -9);
    desk.send("/graph/undo");
    CHECK(desk.get("/mix/l/fader") == -20);
    CHECK(desk.get("/mix/r/fader") == -23);
  }
}

TEST_CASE("a session with links is written as a person would, and comes back from a journal", "[links]") {
  const auto session = parse_session(kPair, "song.yaml", "", node_types());
  REQUIRE(session);
  CHECK(session->graph.fact("mix/r", "link") == "mix/l fader=-3");
  const std::string text = write_session(*session);
  INFO(text);
  CHECK_THAT(text, Catch::Contains("r: {type: strip, link: {to: l, offsets: {fader: -3}}, from: in/2}"));
  const auto again = parse_session(text, "song.yaml", "", node_types());
  REQUIRE(again);
  CHECK(again->graph == session->graph);
  Desk desk(kPair);
  desk.send("/mix/r/fader", {-30.f}), desk.send("/graph/link", {"mix/solo", "mix/l/fader"});
  CHECK(replayed(desk) == desk.control.graph());
  const auto saved = parse_session(write_session([&] {
                                     Session live = desk.control.workspace().document.session();
                                     live.graph = desk.control.graph();
                                     return live;
                                   }()),
                                   "song.yaml", "", node_types());
  REQUIRE(saved);
  CHECK(saved->graph == desk.control.graph());
}

TEST_CASE("links in files: names, definitions, and what is wrong with its place", "[links]") {
  const auto good = parse_session(
      "mixgraph: 1\n"
      "mix:\n"
      "  a: {type: fader, level: -6}\n"
      "  b: {type: fader, link: a}\n"
      "  c: {type: fader, link: {to: /mix/a, offsets: {level: 1}}}\n"
      "  eq1: {type: eq, 2: {gain: 3}}\n"
      "  eq2: {type: eq, link: {to: eq1, offsets: {2: {gain: 1.5}}}}\n"
      "  p/x: {type: pan, position: 1}\n"
      "  q/x: {type: pan}\n"
      "  q: {group: '', link: p}\n",
      "song.yaml", "", node_types());
  Lines lines;
  if (!good)
    for (const Problem& p : good.problems()) lines.push_back(p.text());
  CHECK(lines == Lines{});
  REQUIRE(good);
  CHECK(good->graph.find("mix/c")->values[0] == Value(-5.0));
  CHECK(good->graph.find("mix/q/x")->values[0] == Value(-1.0));
  const auto again = parse_session(write_session(*good), "song.yaml", "", node_types());
  REQUIRE(again);
  CHECK(again->graph == good->graph);
  const auto bad = parse_session(
      "mixgraph: 1\n"
      "mix:\n"
      "  a: {type: fader, link: b}\n"
      "  b: {type: fader, link: c}\n"
      "  c: {type: fader}\n"
      "  d: {type: fader, link: nobody}\n"
      "  e: {type: eq, link: c}\n"
      "  f: {type: fader, link: {to: c, offsets: {levl: 2}, by: 3}}\n"
      "  g: {type: fader, link: {to: c, offsets: {level: loud}}}\n"
      "  h: {type: fader, link: h}\n"
      "  i: {type: fader, link: {offsets: {level: 1}}}\n"
      "  l1: {type: listen}\n"
      "  l2: {type: listen}\n",
      "song.yaml", "", node_types());
  REQUIRE_FALSE(bad);
  lines.clear();
  for (const Problem& p : bad.problems()) lines.push_back(p.text());
  CHECK(lines == Lines{"song.yaml:3:26: `mix/a`: can't follow /mix/b: links don't chain, and /mix/b follows /mix/c; link it to /mix/c, or unlink one of them",
                       "song.yaml:6:26: `nobody`: no such node; there are a, b, c, d, e, f, g, h, i, l1, l2",
                       "song.yaml:7:23: `mix/e`: can't follow /mix/c: they have no parameter in common; a node of the same type, or an instance with such nodes at the same places",
                       "song.yaml:8:44: `mix/f`: `levl` is no amount that follows /mix/c; such as fader or eq/2/gain, of a parameter that both have",
                       "song.yaml:8:54: `by`: no such setting of a link; it has to, offsets",
                       "song.yaml:9:51: `level`: an offset is a number; in the parameter's unit, such as -3",
                       "song.yaml:10:26: `mix/h`: can't follow itself; a path apart from it",
                       "song.yaml:11:26: `link` has no `to`; such as {to: vox_l, offsets: {fader: -3}}",
                       "song.yaml:13:3: `mix/l2`: there is a listen already, `mix/l1`; a session has one"});
}

TEST_CASE("what is asked of a path that isn't there, and of a load that changes nothing", "[groups][links]") {
  const TemporaryFolder folder;
  ControlSettings settings;
  settings.session_file = folder.path("song.yaml");
  Desk desk(kPair, settings);
  desk.send("/graph/leave", {"mix/sol", "mix/x"});
  CHECK(desk.lines() == Lines{R"(/error ,sss "/mix/sol" "no such node" "did you mean /mix/solo?")"});
  desk.send("/graph/unlink", {"mix/r"});
  desk.run(20);
  std::string same = write_session([&] {
    Session live = desk.control.workspace().document.session();
    live.graph = desk.control.graph();
    return live;
  }());
  REQUIRE(desk.load(same));
  desk.send("/graph/undo");  // of the link: the load was no step
  CHECK(desk.control.graph().fact("mix/r", "link") == "mix/l fader=-3");
}

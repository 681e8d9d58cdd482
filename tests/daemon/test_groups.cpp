// Groups and the solo as clients, files and the journal have them.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "config/session.h"
#include "daemon/journal/journal_reader.h"
#include "nodes/list.h"
#include "tests/support/desk.h"

using namespace mixgraph;
using Lines = std::vector<std::string>;

namespace {

const std::string kBand =
    "mixgraph: 1\n"
    "mix:\n"
    "  drums: {type: vca, level: -6}\n"
    "  talk: {type: mute_group}\n"
    "  kick: {type: strip, from: in/1, groups: [drums, talk]}\n"
    "  vox: {type: strip, from: in/2}\n"
    "master:\n"
    "  left: {type: output, from: mix/kick, to: 1}\n"
    "  right: {type: output, from: mix/vox, to: 2}\n";

/// The level at an output, of 0.5 at the inputs and a pan in the middle.
double level(Desk& desk, size_t output) {
  desk.run(60);
  return desk.output[output].back() / (0.5 * std::sqrt(0.5));
}

}  // namespace

TEST_CASE("a group is moved, joined and left over OSC, and a member's own values stay", "[groups]") {
  Desk desk(kBand);
  CHECK(level(desk, 0) == Approx(std::pow(10, -6 / 20.0)).epsilon(1e-4));
  CHECK(desk.get("/mix/drums") == -6);
  desk.send("/mix/drums", {-12.f});
  CHECK(level(desk, 0) == Approx(std::pow(10, -12 / 20.0)).epsilon(1e-4));
  CHECK(desk.get("/mix/kick/fader") == 0);
  desk.send("/graph/join", {"mix/vox", "/mix/drums"});
  CHECK(desk.lines() == Lines{R"(/done ,ss "/graph/join" "mix/vox")"});
  CHECK(level(desk, 1) == Approx(std::pow(10, -12 / 20.0)).epsilon(1e-4));
  desk.send("/mix/talk", {1});
  CHECK(level(desk, 0) == 0);
  CHECK(level(desk, 1) > 0.2);
  desk.send("/graph/leave", {"mix/kick", "mix/talk"});
  CHECK(level(desk, 0) > 0.2);
  SECTION("steps back") {
    desk.send("/graph/undo");
    CHECK(level(desk, 0) == 0);
    desk.send("/graph/undo");
    CHECK(level(desk, 1) == Approx(1).epsilon(1e-4));
  }
  SECTION("a group that is removed, and comes back by undo") {
    desk.send("/graph/remove", {"mix/drums"});
    CHECK(level(desk, 1) == Approx(1).epsilon(1e-4));
    CHECK(desk.control.graph().fact("mix/kick", "groups") == "");
    desk.send("/graph/undo");
    CHECK(level(desk, 1) == Approx(std::pow(10, -12 / 20.0)).epsilon(1e-4));
  }
  SECTION("a recall leaves memberships and solos alone") {
    desk.send("/scene/store", {"one"});
    desk.send("/mix/drums", {0.f}), desk.send("/mix/vox/mute/solo", {1});
    desk.send("/scene/recall", {"one"});
    CHECK(desk.get("/mix/drums") == -12);
    CHECK(desk.get("/mix/vox/mute/solo") == 1);
  }
}

TEST_CASE("a group that is replaced by one of its name has no members, in a transaction as one by one", "[groups]") {
  for (const bool gathers : {false, true}) {
    Desk desk(kBand);
    if (gathers) desk.send("/graph/begin");
    desk.send("/graph/remove", {"mix/drums"});
    desk.send("/graph/add", {"mix/drums", "vca"});
    if (gathers) desk.send("/graph/commit");
    desk.run(50);
    CHECK(desk.control.graph().fact("mix/kick", "groups") == "mix/talk");
    for (int i = 0; i < (gathers ? 1 : 2); i++) desk.send("/graph/undo");
    desk.run(50);
    CHECK(desk.control.graph().fact("mix/kick", "groups") == "mix/drums mix/talk");
    CHECK(desk.get("/mix/drums") == -6);
  }
}

TEST_CASE("a strip is added as a member of several groups", "[groups]") {
  Desk desk(kBand);
  desk.send("/graph/add", {"mix/snare", "strip", "groups", "drums", "groups", "mix/talk"});
  CHECK(desk.control.graph().fact("mix/snare", "groups") == "mix/drums mix/talk");
}

TEST_CASE("memberships are listed, and refused by name", "[groups]") {
  Desk desk(kBand);
  const auto answer = [&](const char* command, const char* path, const char* group) {
    desk.send(command, {path, group});
    desk.run(10);
    const auto lines = desk.lines();
    return lines.size() == 1 ? lines[0] : std::to_string(lines.size()) + " lines";
  };
  CHECK(answer("/graph/join", "mix/kick", "mix/drums") == R"(/error ,sss "/mix/kick" "is a member of /mix/drums already" "")");
  CHECK(answer("/graph/join", "mix/vox", "mix/kick") == R"(/error ,sss "/mix/vox" "mix/kick is no group" "there are: mix/drums, mix/talk")");
  CHECK(answer("/graph/leave", "mix/vox", "mix/drums") == R"(/error ,sss "/mix/vox" "is no member of /mix/drums" "it is a member of no group")");
  CHECK(answer("/graph/join", "mix/kick/eq", "mix/drums") ==
        R"(/error ,sss "/mix/kick/eq" "can't be a member of mix/drums: it has no fader" "a member is a strip or a bus with a fader and a mute")");
  desk.send("/graph/list", {"mix/kick"});
  desk.run(50);
  Lines members;
  for (const auto& line : desk.lines())
    if (line.starts_with("/graph/member")) members.push_back(line);
  CHECK(members == Lines{R"(/graph/member ,ss "mix/kick" "mix/drums")", R"(/graph/member ,ss "mix/kick" "mix/talk")"});
}

TEST_CASE("a solo silences others, is told, and is cleared at once", "[groups]") {
  Desk desk(kBand);
  desk.send("/mix/vox/mute/solo", {1});
  CHECK(level(desk, 0) == 0);
  CHECK(level(desk, 1) == Approx(1).epsilon(1e-4));
  desk.run(100);
  CHECK(desk.get("/mix/kick/mute/silenced") == 1);
  CHECK(desk.get("/mix/vox/mute/silenced") == 0);
  CHECK(desk.get("/mix/kick/mute") == 0);
  desk.send("/mix/drums/solo", {1});
  CHECK(level(desk, 0) > 0.4);
  desk.send("/solo/clear");
  CHECK(desk.lines() == Lines{R"(/done ,ss "/solo/clear" "2")"});
  CHECK(level(desk, 1) == Approx(1).epsilon(1e-4));
  desk.send("/mix/drums/solo", {1}), desk.send("/mix/vox/mute/solo_safe", {1});
  CHECK(level(desk, 1) == Approx(1).epsilon(1e-4));
  desk.send("/mix/vox/mute/solo_safe", {0});
  CHECK(level(desk, 1) == 0);
}

TEST_CASE("a session with groups is written as a person would", "[groups]") {
  const auto session = parse_session(kBand, "song.yaml", "", node_types());
  REQUIRE(session);
  CHECK(session->graph.fact("mix/kick", "groups") == "mix/drums mix/talk");
  const std::string text = write_session(*session);
  INFO(text);
  CHECK_THAT(text, Catch::Contains("groups: [drums, talk]"));
  const auto again = parse_session(text, "song.yaml", "", node_types());
  REQUIRE(again);
  CHECK(again->graph == session->graph);
}

TEST_CASE("what is wrong with groups in a file is told with its place", "[groups]") {
  const auto session = parse_session(
      "mixgraph: 1\n"
      "mix:\n"
      "  drums: {type: vca}\n"
      "  kick: {type: strip, groups: [drum, kick]}\n"
      "  eq: {type: eq, groups: drums}\n"
      "  fader: {type: fader, groups: drums}\n",
      "song.yaml", "", node_types());
  REQUIRE_FALSE(session);
  Lines lines;
  for (const Problem& p : session.problems()) lines.push_back(p.text());
  CHECK(lines == Lines{"song.yaml:4:32: `drum`: no such node; did you mean `drums`?",
                       "song.yaml:4:38: `kick`: strip is no group; a group is a vca or a mute_group",
                       "song.yaml:5:26: `mix/eq` can't be a member of `drums`: it has no fader; a member is a strip or a bus with a fader and a mute",
                       "song.yaml:6:32: `mix/fader` can't be a member of `drums`: it has no mute; a member is a strip or a bus with a fader and a mute"});
}

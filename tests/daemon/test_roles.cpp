// Roles with rights for some addresses.
#include <catch2/catch.hpp>

#include "tests/support/players.h"

using namespace mixgraph;
using Lines = std::vector<std::string>;

TEST_CASE("A role has rights for addresses", "[trust]") {
  Desk desk(kPlayers);
  Role role("tablet");
  role.give(Right::view, *Pattern::parse("/mix/vox//*"));
  role.give(Right::mix, *Pattern::parse("/mix/vox/fader"));
  const Client tablet({.id = {kTcp, 77}, .name = "tablet", .role = std::make_shared<const Role>(std::move(role))});
  const auto answer = [&](const osc::Message& sent) {
    desk.send(tablet, sent);
    const auto lines = desk.lines(tablet);
    return lines.empty() ? std::string() : lines.back();
  };
  CHECK(answer(message("/mix/vox/fader", {-6.f})).empty());
  CHECK(answer(message("/mix/vox/fader")) == "/mix/vox/fader ,f -6");
  CHECK_THAT(answer(message("/mix/vox/mute", {1})), Catch::StartsWith(R"(/error ,sss "/mix/vox/mute")") && Catch::Contains("tablet"));
  CHECK_THAT(answer(message("/mix/song/play")), Catch::StartsWith("/error"));
  desk.send(tablet, message("//fader", {-9.f}));
  desk.lines(tablet);
  CHECK(desk.get("/mix/vox/fader") == -9);
  desk.send(tablet, message("/sync"));
  desk.run(50);
  const auto synced = desk.lines(tablet);
  CHECK(synced.size() > 5);
  for (const std::string& line : synced) CHECK_THAT(line, Catch::StartsWith("/mix/vox/") || Catch::StartsWith("/sync/done"));
  for (const auto& command : {message("/graph/add", {"mix/x", "trim"}), message("/graph/undo"), message("/scene/store", {"x"}),
                              message("/graph/save"), message("/restart"), message("/graph/list"), message("/status")}) {
    INFO(command.address);
    CHECK_THAT(answer(command), Catch::StartsWith("/error ,sss \"" + command.address + "\"") && (Catch::Contains("no right to") || Catch::Contains("files are for")));
  }
  desk.send(tablet, message("/mix/*/*"));
  for (const std::string& line : desk.lines(tablet)) CHECK_THAT(line, Catch::StartsWith("/mix/vox/"));
  CHECK(desk.get("/mix/vox/mute") == 0);
}

TEST_CASE("A role is written and read as a text", "[trust]") {
  Role role("front of house");
  role.give(Right::view);
  role.give(Right::scenes);
  role.give(Right::mix, *Pattern::parse("/mix/{vox,drums}/fader"));
  CHECK(role.text() == "front of house\nview\nscenes\nmix /mix/{vox,drums}/fader");
  const RolePtr read = Role::of_text(role.text());
  CHECK(read->name() == role.name());
  CHECK(read->text() == role.text());
  CHECK(read->may(Right::mix, "/mix/vox/fader"));
  CHECK_FALSE(read->may(Right::mix, "/mix/keys/fader"));
  CHECK_FALSE(Role::of_text("")->may(Right::view, "/mix/vox/fader"));
}

TEST_CASE("What waits is done with the rights that its sender had when it was sent", "[trust]") {
  PlayerOffice stage;
  Desk& desk = stage.desk;
  const Client engineer = desk.client(kTcp);
  Role role("guest");
  role.give(Right::view);
  const Client guest = engineer.with(std::make_shared<const Role>(std::move(role)));  // the same, later
  for (const char* name : {"a.yaml", "b.yaml"}) desk.send(engineer, message("/graph/save", {name}));
  desk.send(guest, message("/graph/save", {"c.yaml"}));
  stage.finish();
  const Lines lines = desk.lines(engineer);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == R"(/done ,ss "/graph/save" "a.yaml")");
  CHECK(lines[1] == R"(/done ,ss "/graph/save" "b.yaml")");
  CHECK_THAT(lines[2], Catch::StartsWith("/error"));
}

TEST_CASE("A step back needs the rights for all that it takes with it", "[trust]") {
  PlayerOffice stage;
  Desk& desk = stage.desk;
  Role role("editor");
  for (const Right right : {Right::view, Right::mix, Right::edit}) role.give(right);
  const Client editor({.id = {kTcp, 77}, .name = "editor", .role = std::make_shared<const Role>(std::move(role))});
  std::ofstream(stage.file()) << kPlayers << "scenes: {one: {mix/vox/mute: true}}\n";
  desk.send("/graph/load");
  stage.finish();
  CHECK(desk.lines() == Lines{R"(/done ,ss "/graph/load" "song.yaml")"});
  desk.send(editor, message("/graph/undo"));  // of a load, with its scenes
  stage.finish();
  CHECK_THAT(desk.lines(editor).at(0), Catch::Contains("no right to scenes"));
  CHECK(desk.control.workspace().document.session().scenes.size() == 1);
  desk.send(editor, message("/graph/add", {"mix/x", "trim"}));
  desk.send(editor, message("/graph/undo"));
  stage.finish();
  CHECK_FALSE(desk.control.graph().find("mix/x"));
}

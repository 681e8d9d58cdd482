// Nodes whose files are missing, at a start, a load or a step back, and what becomes of them.
#include <catch2/catch.hpp>

#include "tests/support/players.h"

using namespace mixgraph;
using Lines = std::vector<std::string>;

TEST_CASE("A session whose files are missing loads, keeps their names, and plays them once they are there", "[jobs]") {
  PlayerOffice stage;
  Desk& desk = stage.desk;
  const Client other = desk.client(kTcp);
  desk.send(other, message("/subscribe"));
  desk.lines(other);
  std::string session = kPlayers;
  session.replace(session.find("{type: player,"), 14, "{type: player, file: late.wav,");
  std::ofstream(stage.file()) << session << "scenes: {one: {mix/vox/mute: true}}\n";
  desk.send("/graph/load");
  stage.finish();
  CHECK(desk.lines() == Lines{R"(/done ,ss "/graph/load" "song.yaml")"});
  CHECK(stage.file_of(desk.main) == "/mix/song/file ,s \"late.wav\"");
  const auto told = [&] {
    Lines lines = desk.lines(other);
    std::erase_if(lines, [](const std::string& line) { return line.find("/node/fault ,sss \"/mix/song\"") != 0; });
    return lines;
  };
  desk.run(50);
  CHECK(told().size() == 1);
  desk.input = [](uint64_t) { return 0.f; };
  CHECK(stage.pristine == std::vector<bool>{true});  // it is as the file says
  desk.send("/mix/song/play", {1});
  desk.send("/graph/add", {"mix/more", "trim"});  // an edit elsewhere doesn't look for it
  const auto loudest = [&](int milliseconds) {
    desk.output = {{}, {}};
    for (int left = milliseconds; left > 0; left -= 100) desk.run(100), stage.finish();
    return *std::max_element(desk.output[0].begin(), desk.output[0].end());
  };
  CHECK(loudest(5000) < 0.01f);
  CHECK(told().empty());
  CHECK(desk.lines().size() == 1);
  SECTION("it comes") {
    stage.record("late.wav");
    CHECK(loudest(2500) > 0.4f);
    desk.run(2000);
    CHECK(told() == Lines{R"(/node/fault ,sss "/mix/song" "has its files now" "it begins as at a start")"});
    desk.send("/node/fault");
    desk.run(50);
    CHECK(desk.lines() == Lines{R"(/done ,s "/node/fault")"});
  }
  SECTION("another one is asked for") {
    stage.record("other.wav");
    desk.send("/mix/song/file", {"other.wav"});
    CHECK(loudest(200) > 0.4f);
    stage.record("late.wav");
    loudest(5000);
    CHECK(stage.file_of(desk.main) == "/mix/song/file ,s \"other.wav\"");
  }
  SECTION("its node goes and comes back") {
    desk.send("/graph/remove", {"mix/song"});
    desk.send("/graph/undo");
    stage.finish();
    CHECK(stage.file_of(desk.main) == "/mix/song/file ,s \"late.wav\"");
    stage.record("late.wav");
    CHECK(loudest(2500) > 0.4f);
  }
  SECTION("the session is saved") {
    desk.send("/graph/save");
    stage.finish();
    CHECK(stage.saved().find("late.wav") != std::string::npos);
  }
}

TEST_CASE("What hears a node that gets its file late is made on a worker too", "[jobs]") {
  PlayerOffice stage;
  Desk& desk = stage.desk;
  std::string session = kPlayers;
  session.replace(session.find("{type: player,"), 14, "{type: player, file: late.wav,");
  session.insert(session.find("master:"), "  tape: {type: recorder, from: song}\n");  // stereo, until the file says mono
  std::ofstream(stage.file()) << session;
  desk.send("/graph/load");
  stage.finish();
  CHECK(desk.lines() == Lines{R"(/done ,ss "/graph/load" "song.yaml")"});
  stage.record("late.wav");
  while (stage.jobs() == 0) desk.run(100);
  REQUIRE(stage.work());
  stage.resume();
  CHECK(stage.jobs() == 1);  // the recorder
  CHECK_FALSE(desk.engine.lacking_files().empty());
  stage.finish();
  CHECK(desk.engine.lacking_files().empty());
}

TEST_CASE("A file that hangs keeps no other one from being found, nor does a recorder that can't be made", "[jobs]") {
  PlayerOffice stage;
  Desk& desk = stage.desk;
  std::ofstream(stage.path("takes")) << "a file where the folder should be";
  std::string session = kPlayers;
  session.replace(session.find("{type: player,"), 14, "{type: player, file: late.wav,");
  session.insert(session.find("master:"), "  other: {type: player, file: other.wav}\n  tape: {type: recorder, from: song, file: takes/x}\n");
  std::ofstream(stage.file()) << session;
  desk.send("/graph/load");
  stage.finish();
  CHECK(desk.lines() == Lines{R"(/done ,ss "/graph/load" "song.yaml")"});
  CHECK(desk.engine.lacking_files().size() == 3);
  while (stage.jobs() == 0) desk.run(100);
  CHECK(stage.jobs() == 3);
  for (const char* name : {"late.wav", "other.wav"}) stage.record(name);
  const int first = GENERATE(0, 1, 2);  // the one that hangs
  for (int i = 0; i < first; i++) stage.put_off();
  const auto hangs = stage.take_job();
  stage.finish();
  for (int i = 0; i < 30; i++) desk.run(100), stage.finish();
  CHECK(desk.engine.lacking_files().size() <= 2);
  CHECK(stage.file_of(desk.main) == "/mix/song/file ,s \"late.wav\"");
  CHECK(desk.lines().empty());
  hangs();
  for (int i = 0; i < 30; i++) desk.run(100), stage.finish();
  CHECK(desk.engine.lacking_files().size() == 1);
  CHECK(desk.engine.lacking_files().front().path == "mix/tape");
}

TEST_CASE("A start does without files that can't be had, whatever hears them", "[jobs]") {
  for (const char* from : {"vox", "song"}) {
    TemporaryFolder folder;
    std::ofstream(folder.path("takes")) << "a file where the folder should be";
    write_sound(folder.path("song.wav"), {std::vector<float>(4800, 0.5f)});
    std::string yaml = kPlayers;
    yaml.replace(yaml.find("{type: player,"), 14, "{type: player, file: song.wav,");
    yaml.insert(yaml.find("master:"), std::string("  tape: {type: recorder, from: ") + from + ", file: takes/x}\n");
    auto session = parse_session(yaml, "t.yaml", ".", node_types());
    REQUIRE(session);
    Engine engine({.environment = {.rate = 48000, .media_root = folder.path(""), .record_root = folder.path("")}});
    Control control(engine, std::move(*session), node_types(), [](const Client&, const osc::Packet&, bool) {});
    Problems told;
    CHECK(control.start(&told).empty());
    CHECK(told.size() == 1);
    REQUIRE(control.graph().find("mix/tape"));
    CHECK(engine.lacking_files().size() == 1);
  }
}

TEST_CASE("A recorder whose folder can't be written keeps its name, and a take that can't begin is told", "[jobs]") {
  PlayerOffice stage;
  Desk& desk = stage.desk;
  std::ofstream(stage.path("takes")) << "a file where the folder should be";
  std::string session = kPlayers;
  session.insert(session.find("master:"), "  tape: {type: recorder, from: vox, file: takes/vox}\n");
  std::ofstream(stage.file()) << session;
  desk.send("/graph/load");
  stage.finish();
  CHECK(desk.lines() == Lines{R"(/done ,ss "/graph/load" "song.yaml")"});
  const auto settle = [&] {
    for (int i = 0; i < 30; i++) desk.run(100), desk.engine.service(), stage.finish();
  };
  desk.send("/mix/tape/record", {1});
  settle();
  CHECK(desk.get("/mix/tape/record") == 0);
  std::filesystem::remove(stage.path("takes"));
  settle();
  desk.send("/mix/tape/record", {1});
  settle();
  CHECK(desk.get("/mix/tape/record") == 1);
  desk.send("/mix/tape/record", {0});
  settle();
  CHECK(std::filesystem::exists(stage.path("takes/vox-001.wav")));
}

// What takes long to make is made on a worker: until it is there, the document is as it was.
#include <catch2/catch.hpp>

#include "daemon/control/roles.h"
#include "tests/support/office.h"

using namespace mixgraph;
using Lines = std::vector<std::string>;

namespace {

const char* const kPlayers =
    "mixgraph: 1\n"
    "mix:\n"
    "  song: {type: player, play: off}\n"
    "  vox: {type: strip, from: in/1}\n"
    "master:\n"
    "  out: {type: output, from: [mix/vox, mix/song], to: [1, 2]}\n";

struct Stage : Office {
  Stage() : Office(kPlayers) {}
  void record(const std::string& name) { write_sound(path(name), {std::vector<float>(4800, 0.5f)}); }
  std::string file_of(const Client& client) {
    desk.send(client, message("/mix/song/file"));
    return desk.lines(client).back();
  }
};

}  // namespace

TEST_CASE("A file is opened on a worker, and then document, sound and answer change together", "[jobs]") {
  Stage stage;
  Desk& desk = stage.desk;
  const Client one = desk.client(kTcp), other = desk.client(kTcp);
  desk.send(other, message("/subscribe", {"/mix/song/file"}));
  desk.lines(other);
  desk.send(one, message("/mix/song/file", {"song.wav"}));
  desk.send(one, message("/mix/vox/fader", {-6.f}));
  CHECK(stage.held == std::set<Client>{one});
  CHECK(stage.file_of(other) == "/mix/song/file ,s \"\"");
  desk.send(other, message("/mix/vox/fader", {-3.f}));
  stage.record("song.wav");  // control has not looked for it yet
  REQUIRE(stage.work());
  std::filesystem::remove(stage.path("song.wav"));  // and never does
  CHECK(stage.file_of(other) == "/mix/song/file ,s \"\"");
  stage.finish();
  CHECK(stage.file_of(other) == "/mix/song/file ,s \"song.wav\"");
  CHECK(desk.get("/mix/vox/fader") == -6);  // what came behind it of the same client came later
  CHECK(stage.held.empty());
  desk.run(50);
  CHECK(desk.lines(other) == Lines{"/mix/song/file ,s \"song.wav\""});
  CHECK(desk.lines(one).empty());
  desk.send("/mix/song/play", {1});
  desk.output = {{}, {}};
  desk.run(60);
  CHECK(*std::max_element(desk.output[0].begin(), desk.output[0].end()) > 0.4f);
}

TEST_CASE("A file that can't be opened is an error, and nothing has changed", "[jobs]") {
  Stage stage;
  Desk& desk = stage.desk;
  const uint64_t programs = desk.engine.counters().programs;
  desk.send("/mix/song/file", {"nothere.wav"});
  CHECK(desk.lines().empty());
  stage.finish();
  const auto told = desk.lines();
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::StartsWith("/error ,sss \"/mix/song/file\"") && Catch::Contains("there is no such file"));
  CHECK(stage.file_of(desk.main) == "/mix/song/file ,s \"\"");
  desk.run(50);
  CHECK(desk.engine.counters().programs == programs);
}

TEST_CASE("What was prepared for a node that went meanwhile is an error, and a later value of a row wins", "[jobs]") {
  Stage stage;
  Desk& desk = stage.desk;
  const Client one = desk.client(kTcp), other = desk.client(kTcp);
  stage.record("a.wav");
  stage.record("b.wav");
  desk.send(one, message("/mix/song/file", {"a.wav"}));
  desk.send(other, message("/mix/song/file", {"b.wav"}));
  stage.finish();
  CHECK(stage.file_of(desk.main) == "/mix/song/file ,s \"b.wav\"");
  CHECK(desk.lines(one) == Lines{R"(/error ,sss "/mix/song/file" "another value was set meanwhile" "")"});
  desk.send(one, message("/mix/song/file", {"a.wav"}));
  desk.send(other, message("/graph/remove", {"mix/song"}));
  CHECK(desk.lines(other) == Lines{R"(/done ,ss "/graph/remove" "mix/song")"});
  stage.finish();
  REQUIRE(desk.lines(one).size() == 1);
  CHECK_FALSE(desk.control.graph().find("mix/song"));
  desk.send(other, message("/graph/undo"));
  stage.finish();
  CHECK(stage.file_of(desk.main) == "/mix/song/file ,s \"b.wav\"");
}

TEST_CASE("An edit, a transaction and steps of undo are prepared on a worker too", "[jobs]") {
  Stage stage;
  Desk& desk = stage.desk;
  stage.record("a.wav");
  desk.send("/graph/add", {"mix/more", "player", "file", "a.wav"});
  CHECK_FALSE(desk.control.graph().find("mix/more"));
  stage.finish();
  CHECK(desk.lines() == Lines{R"(/done ,ss "/graph/add" "mix/more")"});
  REQUIRE(desk.control.graph().find("mix/more"));
  desk.send("/graph/undo");
  desk.lines();
  desk.send("/graph/redo");
  CHECK(stage.jobs() == 1);
  stage.finish();
  CHECK(desk.lines() == Lines{R"(/done ,s "/graph/redo")"});
  REQUIRE(desk.control.graph().find("mix/more"));

  // Another edit while a step is prepared makes it another step's place.
  desk.send("/graph/undo");
  const Client one = desk.client(kTcp);
  desk.send(one, message("/graph/redo"));
  desk.send("/graph/add", {"mix/third", "trim"});
  stage.finish();
  CHECK_FALSE(desk.control.graph().find("mix/more"));
  REQUIRE(desk.lines(one).size() == 1);
  desk.received();
  desk.send("/graph/begin");
  desk.send("/graph/add", {"mix/more", "player", "file", "a.wav"});
  desk.send("/graph/commit");
  CHECK_FALSE(desk.control.graph().find("mix/more"));
  stage.finish();
  CHECK(desk.lines().back() == R"(/done ,ss "/graph/commit" "1 edits")");
  CHECK(desk.control.graph().find("mix/more"));
}

TEST_CASE("A recall that builds a recorder anew asks the disk on a worker, and moves what it moves", "[jobs]") {
  Stage stage;
  Desk& desk = stage.desk;
  const Client one = desk.client(kTcp);
  desk.send("/graph/add", {"mix/tape", "recorder", "from", "mix/vox"});
  stage.finish();
  desk.send("/scene/store", {"float"});
  desk.send("/mix/tape/format", {"pcm24"});
  stage.finish();
  desk.send("/mix/vox/fader", {-20.f});
  desk.run(100);
  desk.lines();
  desk.send(one, message("/scene/recall", {"float", 1.f}));
  CHECK(stage.jobs() == 1);
  CHECK(desk.get("/mix/tape/format") == 1);
  stage.finish();
  CHECK(desk.lines(one) == Lines{R"(/done ,ss "/scene/recall" "float")"});
  CHECK(desk.get("/mix/tape/format") == 0);
  desk.run(500);
  CHECK(desk.get("/mix/vox/fader") < -1);
  CHECK(desk.get("/mix/vox/fader") > -19);
  desk.send("/scene/undo");
  stage.finish();
  CHECK(desk.get("/mix/tape/format") == 1);
}

TEST_CASE("A session whose files are missing loads, keeps their names, and plays them once they are there", "[jobs]") {
  Stage stage;
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
  Stage stage;
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
  Stage stage;
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

TEST_CASE("The latest word on a row counts, whichever worker is ready first", "[jobs]") {
  Stage stage;
  Desk& desk = stage.desk;
  for (const char* name : {"a.wav", "b.wav"}) stage.record(name);
  const Client one = desk.client(kTcp), other = desk.client(kTcp);
  desk.send(one, message("/mix/song/file", {"a.wav"}));
  const auto first = stage.take_job();
  SECTION("another file") {
    desk.send(other, message("/mix/song/file", {"b.wav"}));
    if (GENERATE(true, false)) {
      stage.finish();
      first(), stage.resume(), stage.finish();
      CHECK(desk.lines(one) == Lines{R"(/error ,sss "/mix/song/file" "another value was set meanwhile" "")"});
    } else {
      first(), stage.resume(), stage.finish();
    }
    CHECK(stage.file_of(desk.main) == "/mix/song/file ,s \"b.wav\"");
  }
  SECTION("of a pattern only the rows that were said anew") {
    desk.send("/graph/add", {"mix/tape", "recorder"});
    stage.finish();
    const Client third = desk.client(kTcp);
    desk.send(third, message("/mix/{tape,vox}/{format,fader}", {1}));
    const auto pattern = stage.take_job();
    desk.send(other, message("/mix/vox/fader", {-20.f}));
    pattern(), stage.resume(), stage.finish();
    CHECK(desk.get("/mix/vox/fader") == -20);
    CHECK(desk.get("/mix/tape/format") == 1);
  }
}

TEST_CASE("A pattern of a timed bundle that needs a worker keeps its time", "[jobs]") {
  Stage stage;
  Desk& desk = stage.desk;
  desk.send("/graph/add", {"mix/tape", "recorder"});
  stage.finish();
  desk.send(desk.main, osc::Bundle{desk.at(60), {message("/mix/{tape,vox}/{format,fader}", {1})}});
  for (int i = 0; i < 10 && stage.jobs() == 0; i++) desk.run(2);
  desk.run(2);
  REQUIRE(stage.work());
  stage.resume();
  CHECK(desk.get("/mix/tape/format") == 1);  // what is built anew doesn't wait
  CHECK(desk.get("/mix/vox/fader") == 0);
  desk.run(100);
  CHECK(desk.get("/mix/vox/fader") == 1);
}

TEST_CASE("A value whose node goes while its instance is made is refused", "[jobs]") {
  Stage stage;
  Desk& desk = stage.desk;
  stage.record("song.wav");
  const Client one = desk.client(kTcp);
  desk.send(one, message("/mix/song/file", {"song.wav"}));
  REQUIRE(stage.work());
  SECTION("away") { desk.send("/graph/remove", {"mix/song"}); }
  SECTION("for another one") { desk.send("/graph/remove", {"mix/song"}), desk.send("/graph/add", {"mix/song", "trim"}); }
  stage.finish();
  CHECK(desk.lines(one) == Lines{R"(/error ,sss "/mix/song/file" "/mix/song has gone meanwhile" "/graph/list lists the nodes")"});
}

TEST_CASE("A recorder whose folder can't be written keeps its name, and a take that can't begin is told", "[jobs]") {
  Stage stage;
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

TEST_CASE("A step back needs the rights for all that it takes with it", "[trust]") {
  Stage stage;
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
  CHECK(desk.control.console().document.session().scenes.size() == 1);
  desk.send(editor, message("/graph/add", {"mix/x", "trim"}));
  desk.send(editor, message("/graph/undo"));
  stage.finish();
  CHECK_FALSE(desk.control.graph().find("mix/x"));
}

// What takes long to make is made on a worker: until it is there, the document is as it was.
#include <catch2/catch.hpp>

#include "tests/support/players.h"

using namespace mixgraph;
using Lines = std::vector<std::string>;

TEST_CASE("A file is opened on a worker, and then document, sound and answer change together", "[jobs]") {
  PlayerOffice stage;
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
  PlayerOffice stage;
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
  PlayerOffice stage;
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
  PlayerOffice stage;
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
  PlayerOffice stage;
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

TEST_CASE("The latest word on a row counts, whichever worker is ready first", "[jobs]") {
  PlayerOffice stage;
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
  PlayerOffice stage;
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
  PlayerOffice stage;
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

// Files of moves that a daemon plays.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>

#include "tests/support/desk.h"
#include "tests/support/office.h"

using namespace mixgraph;

namespace {

/// A desk whose session has a folder.
struct Stage {
  TemporaryFolder folder;
  Desk desk{kTwoFaders, settings()};

  ControlSettings settings() const {
    ControlSettings s;
    s.session_file = folder.path("song.yaml");
    return s;
  }
  void write(const std::string& text, const std::string& name = "moves.txt") const { std::ofstream(folder.path(name)) << text; }
  /// The frame at which the file began.
  uint64_t play(const std::string& text, std::vector<osc::Argument> more = {}) {
    write(text);
    std::vector<osc::Argument> arguments{std::string("moves.txt")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    desk.send("/automation/play", arguments);
    desk.run(2);
    for (const osc::Message& m : desk.received())
      if (m.address == "/done" && std::get<std::string>(m.arguments.at(0)) == "/automation/play") {
        const std::string& text_of_done = std::get<std::string>(m.arguments.at(1));
        return std::stoull(text_of_done.substr(text_of_done.find("frame ") + 6));
      } else if (m.address == "/error") {
        FAIL(osc::describe(m));
      }
    FAIL("no answer");
    return 0;
  }
  void run_to(uint64_t frame) {
    while (desk.now.frame < frame) desk.run(2);
  }
  /// The level of an output at a frame, in dB beside what comes in.
  double level(size_t channel, uint64_t frame) const { return 20 * std::log10(std::abs(desk.output[channel][frame]) / 0.5); }
};

bool has(const std::vector<std::string>& lines, const std::string& part) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("A file of moves is played from a frame on: breakpoints, and messages at their times", "[control][automation]") {
  Stage stage;
  const uint64_t start = stage.desk.now.frame + 9600;
  const uint64_t at = stage.play("0 /mix/left = -20\n1 /mix/left = -40 exponential\n9600f /mix/right -6  # a set\n", {int64_t(start)});
  CHECK(at == (start + 63) / 64 * 64);
  stage.run_to(at + 24'000);
  CHECK(stage.desk.get("/mix/left") == Approx(-30).margin(0.2));
  CHECK(stage.desk.get("/mix/right") == Approx(-6));
  stage.run_to(at + 60'000);
  CHECK(stage.desk.get("/mix/left") == Approx(-40));
  CHECK(stage.level(0, at + 12'800) == Approx(-20 - 20 * 12'800 / 48'000.).margin(1e-3));
  CHECK(stage.level(0, at + 50'000) == Approx(-40).margin(1e-3));
  CHECK(stage.level(1, at + 9604) < 0);  // it leaves by the third power: a frame later it is too little for a float
  CHECK(stage.level(1, at + 9600) == Approx(0).margin(1e-4));
  stage.desk.received();
  stage.desk.send("/automation");
  stage.desk.run(2);
  const auto lines = stage.desk.lines();
  CHECK(has(lines, "/automation ,sshdhhhh \"over\" \"moves.txt\" " + std::to_string(at) + " 0 1 0 1 0"));
}

TEST_CASE("What is set while a file is played takes the row away, until it is played again", "[control][automation]") {
  Stage stage;
  const std::string file = "0 /mix/left = -20\n2 /mix/left = -40 exponential\n0 /mix/right = -10\n2 /mix/right = -10.5\n";
  const uint64_t at = stage.play(file);
  stage.run_to(at + 24'000);
  stage.desk.send("/mix/left", {-3.f});
  stage.run_to(at + 48'000);
  CHECK(stage.desk.get("/mix/left") == Approx(-3));
  CHECK(stage.level(0, at + 47'000) == Approx(-3).margin(1e-3));
  stage.desk.send("/automation");
  stage.desk.run(2);
  const auto lines = stage.desk.lines();
  CHECK(has(lines, "/automation ,sshdhhhh \"plays\""));
  CHECK(has(lines, "/automation/taken ,s \"/mix/left\""));
  CHECK_FALSE(has(lines, "/automation/taken ,s \"/mix/right\""));
  const uint64_t again = stage.play(file, {int32_t(0), 1.f});
  stage.run_to(again + 9600);
  CHECK(stage.level(0, again + 6400) == Approx(-30 - 10 * 6400 / 48'000.).margin(1e-3));
}

TEST_CASE("What is ended stays where it is, and the document says where", "[control][automation]") {
  Stage stage;
  const uint64_t at = stage.play("0 /mix/left = -20\n2 /mix/left = -40 exponential\n1 /mix/right -9\n");
  stage.run_to(at + 24'000);
  stage.desk.send("/automation/stop");
  stage.desk.run(300);
  const double value = stage.desk.get("/mix/left");
  CHECK(value == Approx(-25).margin(0.1));
  stage.run_to(at + 120'000);
  CHECK(stage.desk.get("/mix/left") == value);
  CHECK(std::get<double>(stage.desk.control.graph().find("mix/left")->values[0]) == Approx(value));
  CHECK(stage.level(0, at + 110'000) == Approx(value).margin(1e-4));
  CHECK(stage.desk.get("/mix/right") == 0);
  stage.desk.received();
  stage.desk.send("/automation/stop");
  CHECK(has(stage.desk.lines(), "/error ,sss \"/automation/stop\""));
}

TEST_CASE("Subscribers hear of automated values as of moves", "[control][automation]") {
  Stage stage;
  stage.desk.send("/subscribe", {std::string("/mix/left")});
  Client other = stage.desk.client();
  const uint64_t at = stage.play("0 /mix/left = -20\n1 /mix/left = -40 exponential\n");
  stage.run_to(at + 60'000);
  size_t heard = 0;
  for (const osc::Message& m : stage.desk.received()) heard += m.address == "/mix/left";
  CHECK(heard > 20);
}

TEST_CASE("A file that can't be played is told with its lines, and nothing changes", "[control][automation]") {
  Stage stage;
  const auto errors = [&](const std::string& text) {
    stage.write(text);
    stage.desk.send("/automation/play", {std::string("moves.txt")});
    stage.desk.run(4);
    return stage.desk.lines();
  };
  const auto lines = errors("soon /mix/left = 1\n1 /mix/leff = 1\n1 /mix/left = 99\n1 /master/a/to = 2\n1 /mix/left = 1 wavy\n1 /mix/left =\n"
                            "1 /graph/save\n1 /scene/recall\n1 /automation/play x\n");
  for (const char* part : {"moves.txt:1: `soon` is not a time", "moves.txt:2: `/mix/leff`: no such address", "moves.txt:3: `/mix/left`: \\\"99\\\" is out of range",
                           "moves.txt:4: `/master/a/to`: it switches at once", "moves.txt:5: `/mix/left`: `wavy` is not a curve", "moves.txt:6: ",
                           "moves.txt:7: `/graph/save` means nothing", "moves.txt:8: `/scene/recall`: 0 arguments", "moves.txt:9: `/automation/play` means nothing"}) {
    INFO(part);
    CHECK(has(lines, part));
  }
  stage.desk.send("/automation");
  stage.desk.run(4);
  CHECK(has(stage.desk.lines(), "/automation ,s \"none\""));
  for (const char* name : {"none.txt", "../x", "/etc/passwd", ".hidden", ""}) {
    stage.desk.send("/automation/play", {std::string(name)});
    stage.desk.run(4);
    CHECK(has(stage.desk.lines(), "/error ,sss \"/automation/play\""));
  }
}

TEST_CASE("What can't be followed is told when a file begins, and later", "[control][automation]") {
  Stage stage;
  stage.write("0 /mix/left = -20\n1 /mix/left = -20\n1.001 /mix/left = 0\n2 /mix/left = 0\n");
  stage.desk.send("/automation/play", {std::string("moves.txt")});
  stage.desk.run(4);
  CHECK(has(stage.desk.lines(), "1 breakpoints of 1 parameters come faster than can be followed, the first of /mix/left at 1.001 s"));
  stage.desk.send("/automation");
  stage.desk.run(4);
  CHECK(has(stage.desk.lines(), "/automation/unfollowed ,sdh \"/mix/left\" 1.001 1"));
}

TEST_CASE("Automation outlives edits of the graph", "[control][automation]") {
  Stage stage;
  const uint64_t at = stage.play("0 /mix/left = -20\n2 /mix/left = -40 exponential\n");
  for (int i = 0; i < 20; i++) {
    stage.desk.send(i % 2 ? "/graph/remove" : "/graph/add", i % 2 ? std::vector<osc::Argument>{std::string("mix/x")}
                                                                  : std::vector<osc::Argument>{std::string("mix/x"), std::string("eq"), std::string("from"), std::string("in/1")});
    stage.desk.run(80);
  }
  stage.run_to(at + 96'000);
  for (uint64_t tick = 6400; tick < 90'000; tick += 64) REQUIRE(stage.level(0, at + tick) == Approx(-20 - 20 * double(tick) / 96'000).margin(1e-3));
}

TEST_CASE("Reading a file of moves keeps nobody waiting", "[control][automation]") {
  Office office;
  std::ofstream(office.path("moves.txt")) << "0 /mix/vox/fader = -20\n";
  office.desk.send("/automation/play", {std::string("moves.txt")});
  CHECK(office.jobs() == 1);
  const Client other = office.desk.client();
  office.desk.send(other, message("/mix/vox"));
  CHECK(office.desk.lines(other).size() == 1);
  office.finish();
  office.desk.run(2);
  CHECK(has(office.desk.lines(), "/done ,ss \"/automation/play\" \"moves.txt from frame"));
}

TEST_CASE("Musical time is set, and told", "[control][transport]") {
  Desk desk(kTwoFaders);
  const Client other = desk.client();
  desk.send(other, message("/subscribe", {std::string("/nothing*")}));
  desk.lines(other);
  desk.send("/transport");
  CHECK(desk.lines().at(0).find("/transport ,idddh 0 120 0 0 ") == 0);
  desk.send("/transport/tempo", {90.f});
  desk.send("/transport/locate", {2.f});
  desk.send("/transport/play");
  desk.run(1000);
  desk.lines();
  desk.send("/transport");
  const auto answer = desk.received().at(0).arguments;
  CHECK(std::get<int32_t>(answer[0]) == 1);
  CHECK(*osc::number(answer[1]) == 90);
  CHECK(*osc::number(answer[2]) == Approx(*osc::number(answer[3]) * 1.5));
  CHECK(*osc::number(answer[3]) == Approx(3).margin(0.01));
  CHECK(has(desk.lines(other), "/transport ,idddh 1 90 "));
  desk.send(desk.main, osc::Bundle{desk.at(100), {message("/transport/stop")}});
  desk.run(500);
  desk.lines();
  desk.send("/transport");
  CHECK(desk.lines().at(0).find("/transport ,idddh 0 90 ") == 0);
  for (const auto& [address, value] : {std::pair{"/transport/tempo", 0.f}, {"/transport/tempo", 5000.f}, {"/transport/locate", -1.f}}) {
    desk.send(address, {value});
    CHECK(desk.lines().at(0).find("/error ,sss \"" + std::string(address)) == 0);
  }
}

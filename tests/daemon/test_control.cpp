#include <catch2/catch.hpp>

#include "tests/support/desk.h"
#include "tests/support/sound_files.h"

using namespace mixgraph;
using Lines = std::vector<std::string>;

namespace {

/// The first frame after `from` at which a channel isn't what it was there.
size_t first_change(const std::vector<float>& signal, size_t from) {
  for (size_t i = from; i < signal.size(); i++)
    if (std::abs(signal[i] - signal[from]) > 1e-7F) return i;
  return 0;
}

}  // namespace

TEST_CASE("A bundle is heard at its time tag, to the sample, and all of it at once") {
  Desk desk(kTwoFaders);
  desk.run(200);
  const uint64_t due = desk.now.frame_at(desk.at(100.5).system_ns(), Desk::kRate);
  desk.send(desk.main,
            osc::Bundle{desk.at(100.5), {message("/mix/left", {-20.F}), message("/mix/right", {-30.F})}});
  const size_t before = desk.output[0].size();
  desk.run(300);
  const size_t left = first_change(desk.output[0], before), right = first_change(desk.output[1], before);
  CHECK(due == before + 4824);  // 100.5 ms
  CHECK(left == right);
  // An S-curve begins flat: its first frames differ by less than can be told.
  CHECK(left > due);
  CHECK(left < due + 12);
  CHECK(desk.output[0].back() == Approx(0.05).epsilon(1e-4));
  CHECK(desk.output[1].back() == Approx(0.5 * std::pow(10, -1.5)).epsilon(1e-4));
  CHECK(desk.engine.counters().late_changes == 0);
}

TEST_CASE("Before a bundle's time a get tells the old value, and after it the new one") {
  Desk desk(kTwoFaders);
  desk.send(desk.main, osc::Bundle{desk.at(100), {message("/mix/left", {-20.F})}});
  desk.run(80);  // it is with the engine already
  CHECK(desk.get("/mix/left") == 0);
  desk.run(30);
  CHECK(desk.get("/mix/left") == -20);
}

TEST_CASE("The sound of a timed move and what a get tells of it agree") {
  Desk desk(kTwoFaders);
  desk.run(100);
  desk.send("/mix/left", {-30.F, 1.F});
  for (int i = 0; i < 9; i++) {
    desk.run(100);
    const double heard = 20 * std::log10(desk.output[0].back() / 0.5);
    CHECK(desk.get("/mix/left") == Approx(heard).margin(0.2));
  }
  desk.run(150);
  CHECK(desk.get("/mix/left") == -30);
  CHECK(20 * std::log10(desk.output[0].back() / 0.5) == Approx(-30).margin(0.01));
}

TEST_CASE("A late bundle is applied at once, counted, and told once a second") {
  Desk desk(kTwoFaders);
  for (int i = 0; i < 5; i++)
    desk.send(desk.main, osc::Bundle{desk.at(-20), {message("/mix/left", {-5.F - float(i)})}});
  CHECK(desk.control.workspace().counters.late_bundles == 5);
  const auto told = desk.lines();
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("late by 20.0 ms") != std::string::npos);
  CHECK(desk.get("/mix/left") == -9);
}

TEST_CASE("Timed messages are bounded") {
  Desk desk(kTwoFaders);
  osc::Bundle bundle{desk.at(1000), {}};
  for (int i = 0; i < 250; i++) bundle.elements.push_back(message("/mix/left", {-1.F}));
  for (int i = 0; i < 40; i++) desk.send(desk.main, bundle);
  CHECK(desk.received().empty());
  desk.send(desk.main, bundle);
  const auto told = desk.lines();
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("too many timed messages") != std::string::npos);
  desk.run(1100);
  CHECK(desk.get("/mix/left") == -1);
}

TEST_CASE("A float is kept as the decimal that it was written as") {
  Desk desk(kTwoFaders);
  desk.send("/mix/left", {-6.3F});
  CHECK(std::get<double>(desk.control.graph().find("mix/left")->values[0]) == -6.3);
}

TEST_CASE("Undo takes back edits and leaves the faders where they are now") {
  Desk desk(kTwoFaders);
  desk.send("/mix/left", {-5.F});
  desk.send("/graph/add", {"mix/one", "delay"});
  desk.send("/mix/left", {-6.F});
  desk.send("/graph/add", {"mix/two", "delay"});
  desk.send("/mix/left", {-7.F});
  desk.send("/mix/one/time", {99.F});
  desk.send("/graph/undo");
  desk.send("/graph/undo");
  CHECK(desk.control.graph().find("mix/one") == nullptr);
  CHECK(desk.get("/mix/left") == -7);
  desk.send("/graph/redo");
  CHECK(desk.get("/mix/left") == -7);
  CHECK(desk.control.graph().find("mix/one") != nullptr);
  CHECK(desk.control.graph().find("mix/two") == nullptr);
  // A node that was removed comes back as it was.
  desk.send("/mix/one/time", {77.F});
  desk.send("/graph/remove", {"mix/one"});
  desk.send("/graph/undo");
  CHECK(desk.get("/mix/one/time") == 77);
}

TEST_CASE("Any sequence of edits undone gives the graph before, and redone the graph after") {
  Desk desk(kTwoFaders);
  const Graph before = desk.control.graph();
  desk.send("/graph/add", {"mix/sum", "bus"});
  desk.send("/graph/connect", {"mix/left", "mix/sum"});
  desk.send("/graph/disconnect", {"mix/right", "master/b"});
  desk.send("/graph/connect", {"mix/sum", "master/b"});
  desk.send("/graph/remove", {"mix/right"});
  desk.send("/mix/sum/fader", {-4.F});
  const Graph after = desk.control.graph();
  CHECK_FALSE(after == before);
  for (int i = 0; i < 5; i++) desk.send("/graph/undo");
  CHECK(desk.control.graph() == before);
  desk.received();
  for (int i = 0; i < 5; i++) desk.send("/graph/redo");
  CHECK(desk.lines() == Lines(5, "/done ,s \"/graph/redo\""));
  CHECK(desk.control.graph().cables() == after.cables());
  CHECK(desk.control.graph().facts() == after.facts());
}

TEST_CASE("A transaction belongs to its client, and another's edits don't disturb it") {
  Desk desk(kTwoFaders);
  const Client one = desk.client(), other = desk.client();
  desk.send(one, message("/graph/begin"));
  desk.send(one, message("/graph/add", {"mix/a", "sum"}));
  desk.send(other, message("/graph/add", {"mix/b", "sum"}));
  CHECK(desk.control.graph().find("mix/a") == nullptr);
  CHECK(desk.control.graph().find("mix/b") != nullptr);
  desk.send(one, message("/graph/connect", {"mix/left", "mix/a"}));
  desk.send(one, message("/graph/commit"));
  CHECK(desk.control.graph().find("mix/a") != nullptr);
  CHECK(desk.control.graph().find("mix/b") != nullptr);
  CHECK(desk.lines(one).back() == "/done ,ss \"/graph/commit\" \"2 edits\"");
}

TEST_CASE("A transaction that another's edit made impossible changes nothing, and says why") {
  Desk desk(kTwoFaders);
  const Client one = desk.client();
  desk.send(one, message("/graph/begin"));
  desk.send(one, message("/graph/add", {"mix/a", "sum"}));
  desk.send(one, message("/graph/connect", {"mix/left", "mix/a"}));
  desk.send("/graph/remove", {"mix/left"});
  const Graph before = desk.control.graph();
  desk.received(one);
  desk.send(one, message("/graph/commit"));
  CHECK(desk.control.graph() == before);
  const auto answers = desk.lines(one);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].starts_with("/error ,sss"));
}

TEST_CASE("A transaction that is forgotten, or whose client is gone, ends") {
  Desk desk(kTwoFaders);
  const Client one = desk.client(), two = desk.client(kTcp);
  for (const Client& client : {one, two}) desk.send(client, message("/graph/begin"));
  desk.control.disconnected(two);
  desk.now.monotonic_ns += 61 * kSecond;
  desk.run(4);
  for (const Client& client : {one, two}) {
    desk.received(client);
    desk.send(client, message("/graph/commit"));
    CHECK(desk.lines(client).at(0).find("no transaction") != std::string::npos);
  }
}

TEST_CASE("A client is told of at most 100 errors a second, and all are counted") {
  Desk desk(kTwoFaders);
  for (int i = 0; i < 300; i++) desk.send("/nowhere");
  CHECK(desk.received().size() == 100);
  CHECK(desk.control.workspace().counters.errors == 300);
  desk.run(1100);
  desk.send("/nowhere");
  CHECK(desk.received().size() == 1);
}

TEST_CASE("Reloading follows the file, and can be undone") {
  const TemporaryFolder folder;
  Desk desk(kTwoFaders, {.session_file = folder.path("song.yaml")});
  const Graph before = desk.control.graph();
  std::string other(kTwoFaders);
  other.insert(other.find("master"), "  third: {type: fader, from: left, level: -3}\n");
  CHECK(desk.load(other));
  CHECK(desk.get("/mix/third") == -3);
  desk.send("/graph/undo");
  CHECK(desk.control.graph() == before);
}

TEST_CASE("A load takes its scenes and settings with it when it is undone, and brings them back when redone") {
  const std::string yaml(kTwoFaders);
  const TemporaryFolder folder;
  Desk desk(yaml + "name: Evening\nscenes: {first: {mix/left: -6}, both: {mix/left: -6}}\n", {.session_file = folder.path("song.yaml")});
  const auto names = [&] {
    std::string text = desk.control.workspace().document.session().name + ":";
    for (const auto& [name, scene] : desk.control.workspace().document.session().scenes) text += " " + name;
    return text;
  };
  CHECK(desk.load(yaml + "name: Matinee\nscenes: {both: {mix/left: -9}, second: {mix/left: -6}}\n"));
  CHECK(names() == "Matinee: both second");
  desk.send("/scene/store", {std::string("since")});
  desk.send("/graph/undo");
  CHECK(names() == "Evening: both first since");
  CHECK(*desk.control.workspace().document.session().scenes.at("both") == Scene{{}, {{"mix/left", -6.0}}});
  desk.send("/graph/redo");
  CHECK(names() == "Matinee: both second since");
  CHECK(*desk.control.workspace().document.session().scenes.at("both") == Scene{{}, {{"mix/left", -9.0}}});
  desk.send("/graph/undo");
  desk.received();
  desk.send("/graph/undo");
  CHECK(desk.lines().at(0).starts_with("/error"));  // it was one step
}

TEST_CASE("A node that is undone and made again has the values that it had") {
  Desk desk(kTwoFaders);
  desk.send("/graph/add", {"mix/third", "fader", "from", "mix/left"});
  desk.send("/mix/third", {-9.f});
  desk.send("/graph/undo");
  desk.send("/graph/redo");
  CHECK(desk.get("/mix/third") == -9);
  desk.send("/mix/third", {-12.f});
  desk.send("/graph/undo");
  desk.send("/graph/redo");
  CHECK(desk.get("/mix/third") == -12);
}

TEST_CASE("A scene that was stored since a load stays when that is undone") {
  const TemporaryFolder folder;
  Desk desk(kTwoFaders, {.session_file = folder.path("song.yaml")});
  desk.send("/mix/left", {-20.f});
  desk.send("/scene/store", {"s"});
  CHECK(desk.load(kTwoFaders));
  desk.send("/mix/left", {-7.f});
  desk.send("/scene/store", {"s"});
  desk.send("/graph/undo");
  desk.send("/mix/left", {0.f});
  desk.send("/scene/recall", {"s"});
  CHECK(desk.get("/mix/left") == -7);
}

TEST_CASE("In a transaction there is no step back beneath it") {
  Desk desk(kTwoFaders);
  desk.send("/graph/add", {"mix/third", "fader"});
  desk.send("/graph/begin");
  desk.received();
  desk.send("/graph/undo");
  CHECK(desk.lines().at(0).starts_with("/error"));
  CHECK(desk.control.graph().find("mix/third"));
}

TEST_CASE("Large steps of undo make room for each other, but the latest stays") {
  const TemporaryFolder folder;
  Desk desk(kTwoFaders, {.session_file = folder.path("song.yaml")});
  std::string scene;
  for (int i = 0; i < 2000; i++) scene += (i ? ", mix/a" : "mix/a") + std::to_string(i) + ": -6";
  const std::string yaml(kTwoFaders);
  for (int i = 0; i < 5; i++) {
    std::string scenes;
    for (int s = 0; s < 90; s++) scenes += "  s" + std::to_string(s) + ": {mix/left: -" + std::to_string(i + 1) + ", " + scene + "}\n";
    CHECK(desk.load(yaml + "scenes:\n" + scenes));
  }
  desk.received();
  for (int i = 0; i < 4; i++) desk.send("/graph/undo");
  CHECK(desk.lines().back().starts_with("/error"));  // the first two are forgotten
  CHECK(desk.control.workspace().document.session().scenes.at("s0")->values.at("mix/left") == Value(-2.0));
}

TEST_CASE("A recorder that can't open its file doesn't stay on, and says why") {
  const std::string name(300, 'a');
  Desk desk("mixgraph: 1\nmix:\n  rec: {type: recorder, from: in/1, file: " + name + "}\n");
  desk.send("/subscribe");
  desk.send("/mix/rec", {1});
  desk.received();
  for (int i = 0; i < 10; i++) {
    desk.run(20);
    desk.engine.service();
  }
  std::vector<std::string> lines = desk.lines();
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  INFO(all);
  CHECK(std::count_if(lines.begin(), lines.end(), [](auto& line) { return line.starts_with("/node/fault ,sss \"/mix/rec\" "); }) == 1);
  CHECK(std::count_if(lines.begin(), lines.end(), [](auto& line) { return line.starts_with("/mix/rec") && line.ends_with(",i 0"); }) == 1);
  CHECK(desk.get("/mix/rec/record") == 0);
  CHECK(desk.get("/mix/rec/failed") == 1);
  CHECK(desk.get("/mix/rec/duration") == 0);
  desk.send("/node/fault");
  desk.run(10);
  CHECK(desk.lines().at(0).find("File name too long") != std::string::npos);
}

TEST_CASE("Noise as packets leaves control as it was") {
  Desk desk(kTwoFaders);
  const Graph before = desk.control.graph();
  uint32_t state = 1;
  for (int i = 0; i < 20000; i++) {
    std::vector<uint8_t> packet = osc::encode(message("/mix/left", {-6.F, "text", 3}));
    for (int flips = 0; flips < 4; flips++) {
      state = state * 1664525 + 1013904223;
      packet[(state >> 8) % packet.size()] = uint8_t(state >> 24);
    }
    desk.control.receive(desk.main, packet, desk.now);
  }
  CHECK(desk.control.graph().nodes().size() == before.nodes().size());
  CHECK(std::isfinite(desk.get("/mix/left")));
}

TEST_CASE("A strip on a channel with which the device wasn't opened is told") {
  Desk desk("mixgraph: 1\nmix:\n  vox: {type: strip, from: in/1}\nmaster:\n  out: {type: output, from: mix/vox, to: [1, 2]}\n");
  desk.send("/subscribe");
  desk.received();
  const auto told = [&] {
    std::vector<std::string> lines = desk.lines();
    std::erase_if(lines, [](const std::string& line) { return line.find("/node/fault") != 0; });
    return lines;
  };
  desk.send("/graph/add", {"mix/near", "input", "channels", "2"});
  CHECK(told().empty());
  desk.send("/graph/add", {"mix/far", "input", "channels", "5"});
  CHECK(told() == std::vector<std::string>{R"(/node/fault ,sss "/mix/far" "names input 5 of the device, and the daemon runs with 2" "it is silent until /restart opens more")"});
  desk.send("/mix/near/channels", {"3"});
  CHECK(told().size() == 1);
}

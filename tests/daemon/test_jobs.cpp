// Heavy commands: a worker does them, and only their own client waits.
#include <catch2/catch.hpp>
#include <deque>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/support/office.h"
#include "tests/support/sound_files.h"

using namespace mixgraph;
using Lines = std::vector<std::string>;

namespace {

}  // namespace

TEST_CASE("While a worker saves, its client waits and others are answered", "[jobs]") {
  Office office;
  Desk& desk = office.desk;
  const Client one = desk.client(), other = desk.client();
  desk.send(one, message("/graph/save"));
  desk.send(one, message("/mix/vox/fader"));
  CHECK(office.held.contains(one));
  CHECK(desk.lines(one) == Lines{});
  desk.send(other, message("/mix/vox/fader"));
  CHECK(desk.lines(other) == Lines{"/mix/vox/fader ,f 0"});
  office.finish();
  CHECK(desk.lines(one) == Lines{R"(/done ,ss "/graph/save" "song.yaml")", "/mix/vox/fader ,f 0"});
  CHECK(office.held.empty());
}

TEST_CASE("What a save holds is what its client had said before it, not after", "[jobs]") {
  Office office;
  Desk& desk = office.desk;
  const Client one = desk.client();
  osc::Bundle bundle{osc::TimeTag(), {message("/mix/vox/fader", {-7.f}), message("/graph/save"), message("/mix/vox/fader", {-11.f})}};
  desk.send(one, bundle);
  CHECK(desk.get("/mix/vox/fader") == -7);
  office.finish();
  CHECK(desk.get("/mix/vox/fader") == -11);
  CHECK_THAT(office.saved(), Catch::Contains("-7"));
  CHECK_THAT(office.saved(), !Catch::Contains("-11"));
}

TEST_CASE("What was saved and has been changed meanwhile is not as in the file", "[jobs]") {
  Office office;
  Desk& desk = office.desk;
  const std::vector<bool>& pristine = office.pristine;
  const Client one = desk.client();
  desk.send(one, message("/graph/save"));
  office.finish();
  CHECK(pristine == std::vector<bool>{false, true});
  desk.send(one, message("/graph/save"));
  desk.send("/mix/vox/fader", {-3.f});
  office.finish();
  CHECK(pristine == std::vector<bool>{false, true, false, false});
}

TEST_CASE("A load is one step, when it is read, and a failure changes nothing", "[jobs]") {
  Office office;
  Desk& desk = office.desk;
  const Client one = desk.client();
  desk.send("/mix/vox/fader", {-20.f});
  desk.send(one, message("/graph/revert"));
  CHECK(desk.get("/mix/vox/fader") == -20);
  office.finish();
  CHECK(desk.get("/mix/vox/fader") == 0);
  desk.send(one, message("/graph/load", {std::string("nothing.yaml")}));
  office.finish();
  const auto answers = desk.lines(one);
  REQUIRE(answers.size() == 2);
  CHECK_THAT(answers[1], Catch::Contains("/error") && Catch::Contains("nothing.yaml"));
  CHECK(desk.get("/mix/vox/fader") == 0);
}

TEST_CASE("A file whose name the system doesn't take is an error, and the worker goes on", "[jobs]") {
  Office office;
  Desk& desk = office.desk;
  const Client one = desk.client();
  for (const char* command : {"/graph/save", "/graph/load"}) {
    desk.send(one, message(command, {std::string(300, 'x') + ".yaml"}));
    office.finish();
    const auto answers = desk.lines(one);
    REQUIRE(answers.size() == 1);
    CHECK_THAT(answers[0], Catch::StartsWith("/error"));
  }
  desk.send(one, message("/graph/save"));
  office.finish();
  CHECK(desk.lines(one) == Lines{R"(/done ,ss "/graph/save" "song.yaml")"});
}

TEST_CASE("Heavy commands of several clients take turns at the one worker", "[jobs]") {
  Office office;
  Desk& desk = office.desk;
  std::vector<Client> clients;
  for (int i = 0; i < 5; i++) clients.push_back(desk.client());
  osc::Bundle many{osc::TimeTag(), {}};
  for (int i = 0; i < 40; i++) many.elements.push_back(message(i % 2 == 0 ? "/graph/diff" : "/graph/get"));
  for (const Client& client : clients) desk.send(client, many);
  CHECK(office.jobs() == 1);
  desk.send("/mix/vox/fader", {-6.f});
  CHECK(desk.get("/mix/vox/fader") == -6);
  for (int turn = 0; turn < 1000 && !office.held.empty(); turn++) {
    CHECK(office.jobs() <= 1);
    office.finish();
    desk.run(2);  // long answers leave
  }
  desk.run(500);
  for (const Client& client : clients) {
    size_t done = 0, refused = 0;
    for (const osc::Message& m : desk.received(client)) done += m.address == "/done", refused += m.address == "/error";
    CHECK(done + refused == 40);
  }
}

TEST_CASE("Who has gone asks for nothing more", "[jobs]") {
  Office office;
  Desk& desk = office.desk;
  const Client one = desk.client();
  desk.send(one, message("/graph/save"));
  desk.send(one, message("/mix/vox/fader", {-40.f}));
  desk.control.disconnected(one);
  office.finish();
  CHECK(desk.get("/mix/vox/fader") == 0);
  CHECK(desk.lines(one) == Lines{R"(/done ,ss "/graph/save" "song.yaml")"});
}

TEST_CASE("What differs from a file is for those who may read files", "[jobs][trust]") {
  Office office;
  Desk& desk = office.desk;
  const Client stranger = desk.stranger(kTcp);
  desk.send(stranger, message("/graph/diff"));
  office.finish();
  const auto answers = desk.lines(stranger);
  REQUIRE(answers.size() == 1);
  CHECK_THAT(answers[0], Catch::StartsWith(R"(/error ,sss "/graph/diff")"));
}

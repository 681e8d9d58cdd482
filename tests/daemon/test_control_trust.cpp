// What control refuses whom: strangers that may be somebody else, files, and work that keeps others waiting.
#include <catch2/catch.hpp>
#include <filesystem>

#include "daemon/control/edits.h"
#include "daemon/control/outbox.h"
#include "daemon/control/subscribers.h"
#include "daemon/control/roles.h"
#include "nodes/list.h"
#include "tests/support/desk.h"
#include "tests/support/sound_files.h"

using namespace mixgraph;
using Lines = std::vector<std::string>;

namespace {

const char* const kMix =
    "mixgraph: 1\n"
    "mix:\n"
    "  vox: {type: strip, from: in/1}\n"
    "  take: {type: player, play: off}\n"
    "master:\n"
    "  out: {type: output, from: mix/vox, to: [1, 2]}\n";

/// What the client is to return; sends nothing.
osc::Message number_for(Desk& desk, const Client& client) {
  const auto answers = desk.received(client);
  REQUIRE(answers.size() == 1);
  REQUIRE(answers[0].address == "/confirm");
  REQUIRE(osc::type_tags(answers[0]) == ",h");
  return answers[0];
}

size_t bytes(const std::vector<osc::Message>& messages) {
  size_t sum = 0;
  for (const auto& message : messages) sum += osc::encode(message).size();
  return sum;
}

}  // namespace

TEST_CASE("A UDP client on another machine is answered when it has returned a number", "[trust]") {
  Desk desk(kMix);
  const Client client = desk.stranger();
  desk.send(client, message("/mix/vox/fader"));
  const auto number = number_for(desk, client);
  desk.send(client, number);
  CHECK(desk.lines(client) == Lines{"/mix/vox/fader ,f 0"});  // the question that waited
  desk.send(client, message("/subscribe", {"/mix/vox/fader"}));
  CHECK(desk.lines(client) == Lines{"/done ,ss \"/subscribe\" \"/mix/vox/fader\""});
  desk.send("/mix/vox/fader", {-6.f});
  desk.run(50);
  CHECK(desk.lines(client) == Lines{"/mix/vox/fader ,f -6"});
  desk.send(client, number);  // once more does no harm
  CHECK(desk.lines(client).empty());
}

TEST_CASE("A wrong number, or somebody else's, opens nothing", "[trust]") {
  Desk desk(kMix);
  const Client client = desk.stranger(), other = desk.stranger();
  desk.send(client, message("/confirm", {int64_t(0)}));
  CHECK(desk.lines(client)[0].starts_with("/error"));
  desk.send(client, message("/subscribe"));
  const auto number = number_for(desk, client);
  desk.send(other, message("/meters/subscribe"));
  CHECK(number_for(desk, other) != number);
  desk.send(other, number);
  desk.send(client, message("/confirm", {std::get<int64_t>(number.arguments[0]) + 1}));
  desk.received(other);
  desk.received(client);
  desk.send("/mix/vox/fader", {-6.f});
  desk.run(500);
  CHECK(desk.lines(client).empty());
  CHECK(desk.lines(other).empty());
  CHECK(desk.control.workspace().feedback.clients().empty());
  CHECK(desk.control.workspace().meters.clients().empty());
}

TEST_CASE("Whoever has left starts anew", "[trust]") {
  Desk desk(kMix);
  const Client client = desk.stranger();
  desk.send(client, message("/clock"));
  desk.send(client, number_for(desk, client));
  CHECK(desk.received(client).size() == 1);
  desk.control.disconnected(client);
  desk.send(client, message("/clock"));
  number_for(desk, client);
}

TEST_CASE("Before that, sets are carried out, and nothing is sent that is more than three times what came",
          "[trust]") {
  Desk desk(kMix);
  const Client client = desk.stranger();
  desk.send(client, message("/mix/vox/fader", {-6.f}));
  desk.send(client, osc::Bundle{{}, {message("/mix/vox/mute", {1}), message("/mix/vox/pan", {0.5f})}});
  CHECK(desk.lines(client).empty());
  CHECK(desk.get("/mix/vox/fader") == -6);
  CHECK(desk.get("/mix/vox/mute") == 1);

  const Client greedy = desk.stranger();
  size_t came = 0, sent = 0;
  const std::vector<osc::Packet> packets{
      message("/s"),
      message("/sync"),
      message("/help"),
      message("//*"),
      message("/x", {1}),
      message("/mix/vox/fader", {99.f}),
      message("/mix/vox/fadr", {99.f}),
      message("/graph/get"),
      message("/meters/subscribe", {20}),
      message("/graph/add", {"mix/more", "delay"}),
      message("/confirm", {int64_t(7)}),
      osc::Bundle{{}, {message("/mix/vox/mute", {0}), message("/help")}},
  };
  for (int round = 0; round < 50; round++) {
    for (const auto& packet : packets) {
      desk.send(greedy, packet);
      came += osc::encode(packet).size();
      desk.run(4);
      sent += bytes(desk.received(greedy));
      REQUIRE(sent <= 3 * came);
    }
    desk.control.receive(greedy, std::vector<uint8_t>{1, 2, 3}, desk.now);
    came += 3;
  }
  CHECK(sent > 0);
  CHECK(desk.get("/mix/vox/mute") == 1);  // a bundle that asks for something waits as a whole
  CHECK_FALSE(desk.control.graph().find("mix/more"));
}

TEST_CASE("Clients on this machine, and those who are connected, are trusted", "[trust]") {
  Desk desk(kMix);
  for (const Client& client :
       {desk.client(), desk.client(kTcp), desk.stranger(kTcp)}) {
    desk.send(client, message("/mix/vox/fader"));
    CHECK(desk.lines(client) == Lines{"/mix/vox/fader ,f 0"});
  }
}

TEST_CASE("A session may do without", "[trust]") {
  Desk desk(kMix, {.confirm = Confirm::off});
  const Client client = desk.stranger();
  desk.send(client, message("/mix/vox/fader"));
  CHECK(desk.lines(client) == Lines{"/mix/vox/fader ,f 0"});
}

TEST_CASE("A session may let sets wait too", "[trust]") {
  Desk desk(kMix, {.confirm = Confirm::all});
  const Client client = desk.stranger();
  desk.send(client, message("/mix/vox/fader", {-6.f}));
  const auto number = number_for(desk, client);
  CHECK(desk.get("/mix/vox/fader") == 0);
  desk.send(client, number);
  CHECK(desk.get("/mix/vox/fader") == -6);
}

TEST_CASE("The number may go and return as a text", "[trust]") {
  Desk desk(kMix);
  const Client client = desk.stranger(), texts = desk.stranger();
  desk.send(client, message("/mix/vox/fader"));
  const auto number = std::to_string(std::get<int64_t>(number_for(desk, client).arguments[0]));
  desk.send(client, message("/confirm", {number}));
  CHECK(desk.lines(client) == Lines{"/mix/vox/fader ,f 0"});
  desk.send(texts, message("/confirm", {"please"}));
  const auto asked = desk.received(texts);
  REQUIRE(asked.size() == 1);
  REQUIRE(osc::type_tags(asked[0]) == ",s");
  desk.send(texts, asked[0]);
  CHECK(desk.lines(texts).empty());
  desk.send(texts, message("/mix/vox/fader"));
  CHECK(desk.lines(texts) == Lines{"/mix/vox/fader ,f 0"});
  desk.send(texts, asked[0]);  // once more does no harm
  CHECK(desk.lines(texts).empty());
}

TEST_CASE("Who sets without having confirmed, and who waits for an answer, is a line of the log each", "[trust]") {
  Lines log;
  Desk desk(kMix, {.log = [&](const std::string& line, bool) { log.push_back(line); }});
  const auto at = [&](const std::string& endpoint) {
    return desk.stranger(kUdp, "udp " + endpoint);
  };
  const Client tablet = at("10.0.0.7:5000"), same = at("10.0.0.7:5001"), asks = at("10.0.0.8:5000"), confirms = at("[fd00::2]:5000");
  for (int i = 0; i < 3; i++) {
    desk.send(tablet, message("/mix/vox/fader", {-6.f}));
    desk.send(same, message("/mix/vox/fader", {-7.f}));
    desk.send(asks, message("/subscribe"));
    desk.send(confirms, message("/subscribe"));
    desk.run(20);
  }
  REQUIRE(log.size() == 1);
  CHECK(log[0].find("udp 10.0.0.7:5000 sets parameters without") == 0);
  CHECK(log[0].find("peers: ['10.0.0.7:PORT']") != std::string::npos);
  desk.send(confirms, desk.received(confirms)[0]);
  desk.run(1100);
  REQUIRE(log.size() == 2);
  CHECK(log[1].find("udp 10.0.0.8:5000 gets no answer until it returns the /confirm") == 0);
  CHECK(log[1].find("peers: ['10.0.0.8:PORT']") != std::string::npos);
  for (int i = 0; i < 500; i++) desk.send(at("10.1.0." + std::to_string(i) + ":1"), message("/mix/vox/fader", {-8.f}));
  CHECK(log.size() == 20);  // forged addresses don't fill it
  CHECK(log.back().find("left out") != std::string::npos);
  desk.now.monotonic_ns += 61 * kSecond;  // one whose line was left out gets it later
  desk.send(at("10.1.0.499:1"), message("/mix/vox/fader", {-8.f}));
  CHECK(log.size() == 21);
}

TEST_CASE("A surface that the session names is answered at once, and keeps its subscription", "[trust]") {
  Desk desk(kMix);
  const Client surface = desk.surface();
  desk.send(surface, message("/subscribe", {"/mix/vox/fader"}));
  CHECK(desk.lines(surface) == Lines{"/done ,ss \"/subscribe\" \"/mix/vox/fader\""});
  desk.run(11'000);
  desk.send("/mix/vox/fader", {-6.f});
  desk.run(50);
  CHECK(desk.lines(surface) == Lines{"/mix/vox/fader ,f -6"});
}

TEST_CASE("Bundles of those who have not confirmed fill a room of their own", "[trust]") {
  Desk desk(kMix);
  const Client forged = desk.stranger();
  osc::Bundle bundle{desk.at(100), {}};
  for (int i = 0; i < 250; i++) bundle.elements.push_back(message("/mix/vox/fader", {float(-i % 50)}));
  for (int i = 0; i < 50; i++) desk.send(forged, bundle);
  CHECK(desk.lines(forged).back().find("too many timed messages") != std::string::npos);
  desk.send(desk.main, osc::Bundle{desk.at(110), {message("/mix/vox/pan", {0.5f})}});
  CHECK(desk.lines().empty());
  desk.run(150);
  CHECK(desk.get("/mix/vox/pan") == 0.5);
}

TEST_CASE("Files are for whom the session says", "[trust]") {
  const std::vector<osc::Packet> verbs{message("/graph/save", {"x.yaml"}),
                                       message("/graph/load", {"x.yaml"}),
                                       message("/mix/take/file", {"nothere.wav"}),
                                       message("/mix/*/file", {"nothere.wav"}),
                                       message("/graph/add", {"mix/p", "player", "file", "nothere.wav"}),
                                       message("/graph/add", {"mix/r", "recorder", "file", "nothere"})};
  for (const FileAccess access : {FileAccess::loopback, FileAccess::all, FileAccess::none}) {
    const TemporaryFolder folder;
    Desk desk(kMix, {.session_file = folder.path("song.yaml"), .files = access});
    for (const bool remote : {false, true}) {
      const bool allowed = access == FileAccess::all || (access == FileAccess::loopback && !remote);
      const Client client = remote ? desk.stranger(kTcp) : desk.client(kTcp);
      for (const auto& verb : verbs) {
        desk.send(client, verb);
        const auto lines = desk.lines(client);
        INFO(std::get<osc::Message>(verb).address << " " << int(access) << remote);
        REQUIRE(lines.size() == 1);
        const bool refused = lines[0].find("files are for") != std::string::npos ||
                             lines[0].find("nobody may load") != std::string::npos;
        CHECK(refused == !allowed);
        desk.send("/graph/remove", {"mix/r"});
        desk.received();
      }
      // What names no file is for everybody.
      desk.send(client, message("/graph/add", {"mix/plain", "player", "play", "off"}));
      CHECK(desk.lines(client) == Lines{"/done ,ss \"/graph/add\" \"mix/plain\""});
      desk.send(client, message("/mix/take/play", {0}));
      desk.send(client, message("/graph/remove", {"mix/plain"}));
      CHECK(desk.lines(client) == Lines{"/done ,ss \"/graph/remove\" \"mix/plain\""});
    }
  }
}

TEST_CASE("Whether an edit names a file is seen in the graph that it makes, a transaction's draft too", "[trust]") {
  Engine engine({});
  auto session = parse_session(kMix, "test.yaml", ".", node_types());
  REQUIRE(session);
  const Graph start = session->graph;
  Workspace workspace(engine, std::move(*session), node_types(), [](auto&&...) {}, {});
  REQUIRE(workspace.apply({.why = Change::Why::start, .whole = start}).empty());
  const Client client({.id = {kTcp, 1}, .name = "test", .remote = true, .role = roles_of(FileAccess::loopback).remote});
  const auto finished = [&](Answer answer) {
    while (answer && answer->work) answer = answer->work()(workspace);
    return answer;
  };
  const auto said = [&](std::string_view command) {
    const osc::Message sent{std::string(command), {}};
    return finished(find_command(command)->run(workspace, {client, sent}));
  };
  const auto edited = [&](const Edit& change) {
    const osc::Message sent{"/graph/edit", {}};
    return finished(edit(workspace, {client, sent}, {change}, ""));
  };
  const auto type = [&](std::string_view id) {
    return *std::find_if(node_types().begin(), node_types().end(), [&](const NodeType* t) { return t->id == id; });
  };
  REQUIRE(said("/graph/begin"));
  REQUIRE(edited(AddNode{make_node("mix/new", *type("player"))}));
  const int file = find_row(*type("player"), "file");
  const Answer named = edited(SetValue{"mix/new", file, std::string("nothere.wav")});
  REQUIRE_FALSE(named);
  CHECK(named.problems().front().what.find("files are for") != std::string::npos);
  CHECK(said("/graph/commit"));

  // What it said of one node is of another when it commits.
  REQUIRE(find_row(*type("input"), "channels") == file);
  const auto put = [&](std::string_view id) {
    const std::vector<Edit> edits{RemoveNode{"mix/new"}, AddNode{make_node("mix/new", *type(id))}};
    return workspace.apply({.why = Change::Why::edit, .edits = edits}).empty();
  };
  REQUIRE(put("input"));
  REQUIRE(said("/graph/begin"));
  REQUIRE(edited(SetValue{"mix/new", file, std::string("2")}));
  REQUIRE(put("player"));
  const Answer committed = said("/graph/commit");
  REQUIRE_FALSE(committed);
  CHECK(committed.problems().front().what.find("files are for") != std::string::npos);
}

TEST_CASE("Patterns that would take long are refused, and many in one packet", "[trust]") {
  Desk desk(kMix);
  std::string stars = "/";
  for (int i = 0; i < 9; i++) stars += "*a";
  desk.send(stars, {1});
  const auto told = desk.lines();
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("more than 8 of") != std::string::npos);

  osc::Bundle bundle;
  for (int i = 0; i < 40; i++) bundle.elements.push_back(message("/mix/*/fader", {float(-i)}));
  desk.send(desk.main, bundle);
  const auto lines = desk.lines();
  REQUIRE(lines.size() == 8);
  for (const auto& line : lines) CHECK(line.find("too many patterns") != std::string::npos);
  CHECK(desk.get("/mix/vox/fader") == -31);
  desk.send("/mix/*/fader", {-3.f});  // the next packet has as many again
  CHECK(desk.get("/mix/vox/fader") == -3);
}

TEST_CASE("Long answers are bounded in number and size, and everybody has a turn", "[trust]") {
  Desk desk(kMix);
  std::vector<Client> clients;
  size_t refused = 0;
  for (size_t i = 0; i < Outbox::kMost + 10; i++) {
    clients.push_back(desk.client());
    desk.send(clients.back(), message("/sync"));
    for (const auto& line : desk.lines(clients.back()))
      refused += line.find("too many long answers") != std::string::npos;
  }
  CHECK(refused == 10);
  desk.run(400);
  for (size_t i = 0; i < Outbox::kMost; i++) {
    const auto lines = desk.lines(clients[i]);
    REQUIRE_FALSE(lines.empty());
    CHECK(lines.back().starts_with("/sync/done"));
  }
  desk.send("/sync");
  desk.run(100);
  CHECK(desk.lines().back().starts_with("/sync/done"));
}

TEST_CASE("Subscriptions are bounded over all clients", "[trust]") {
  Desk desk(kMix);
  size_t made = 0;
  for (size_t c = 0; c < kMaxSubscribers; c++) {
    const Client client = desk.client(kTcp);
    for (size_t i = 0; i < kMaxInterests; i++) {
      desk.send(client, message("/subscribe", {"/mix/*/a" + std::to_string(i)}));
      for (const auto& line : desk.lines(client)) made += line.starts_with("/done");
    }
  }
  CHECK(made == kMaxAllInterests);
}

TEST_CASE("With more to tell than a tick can bear, every subscriber is told in the end", "[trust]") {
  std::string yaml = "mixgraph: 1\nmix:\n";
  for (int i = 0; i < 40; i++) yaml += "  s" + std::to_string(i) + ": {type: strip}\n";
  Desk desk(yaml);
  std::vector<Client> clients;
  for (int i = 0; i < 40; i++) {
    clients.push_back(desk.client(kTcp));
    desk.send(clients.back(), message("/subscribe", {10}));
    desk.send(clients.back(), message("/meters/subscribe", {20}));
    desk.received(clients.back());
  }
  for (const char* part : {"fader", "trim", "mute", "pan"}) desk.send(std::string("/mix/*/") + part, {1});
  desk.run(600);
  for (const Client& client : clients) {
    size_t values = 0, meters = 0;
    for (const auto& line : desk.lines(client)) (line.starts_with("/meters/") ? meters : values)++;
    CHECK(values == 160);
    CHECK(meters > 40);
  }
}

TEST_CASE("Timed messages are bounded in bytes too", "[trust]") {
  Desk desk(kMix);
  osc::Bundle bundle{desk.at(1000), {}};
  for (int i = 0; i < 8; i++)
    bundle.elements.push_back(message("/mix/vox/fader", {osc::Blob{std::vector<uint8_t>(8000)}}));
  int taken = 0;
  for (; taken < 200; taken++) {
    desk.send(desk.main, bundle);
    if (!desk.lines().empty()) break;
  }
  CHECK(taken > 40);
  CHECK(taken < 70);  // 4 MiB of 64 kB each
  desk.run(1100);
  desk.received();
  desk.send(desk.main, osc::Bundle{desk.at(100), {message("/mix/vox/fader", {-4.f})}});
  desk.run(150);
  CHECK(desk.get("/mix/vox/fader") == -4);
}

TEST_CASE("A storm of unknown addresses is told without looking for what was meant each time", "[trust]") {
  Desk desk(kMix);
  size_t explained = 0, told = 0;
  for (int c = 0; c < 10; c++) {
    const Client client = desk.client();
    for (int i = 0; i < 50; i++) desk.send(client, message("/mix/vox/fadr"));
    for (const auto& line : desk.lines(client)) {
      told++;
      explained += line.find("did you mean /mix/vox/fader?") != std::string::npos;
    }
  }
  CHECK(told == 500);
  CHECK(explained == 100);
  desk.run(1000);
  desk.send("/mix/vox/fadr");
  CHECK(desk.lines().back().find("did you mean") != std::string::npos);
}

TEST_CASE("Few transactions are open at a time", "[trust]") {
  Desk desk(kMix);
  std::vector<Client> clients;
  for (size_t i = 0; i <= Transaction::kMostOpen; i++) {
    clients.push_back(desk.client());
    desk.send(clients.back(), message("/graph/begin"));
    const bool done = desk.lines(clients.back())[0].starts_with("/done");
    CHECK(done == (i < Transaction::kMostOpen));
  }
  desk.send(clients[0], message("/graph/cancel"));
  desk.send(clients.back(), message("/graph/begin"));
  CHECK(desk.lines(clients.back())[0].starts_with("/done"));
}

TEST_CASE("A bundle that comes before frames are tied to the time waits by the monotonic clock", "[control]") {
  const bool is_tied_later = GENERATE(false, true);  // without sound it never is
  Desk desk(kMix);
  desk.now.ties = 0;
  desk.send(desk.main, osc::Bundle{desk.at(100), {osc::Message{"/mix/vox/fader", {-4.f}}}});
  desk.now.system_ns += 3600 * kSecond;
  desk.now.zero_ns += 3600 * kSecond;
  desk.run(40);
  desk.now.ties = is_tied_later;
  desk.run(40);
  CHECK(desk.get("/mix/vox/fader") == 0);
  desk.run(40);
  CHECK(desk.get("/mix/vox/fader") == -4);
}

TEST_CASE("What waits of a client is gone with it, and does not remake it", "[control]") {
  const auto kind = GENERATE(kUdp, kTcp);
  Desk desk(kMix);
  const Client gone = desk.client(kind), other = desk.client(kind);
  const auto ahead = [&](const Client& client, float fader) {
    desk.send(client, osc::Bundle{desk.at(100), {osc::Message{"/mix/vox/fader", {fader}}, osc::Message{"/subscribe", {}},
                                                 osc::Message{"/meters/subscribe", {}}, osc::Message{"/sync", {}},
                                                 osc::Message{"/nothing", {}}}});
  };
  ahead(other, -3);
  ahead(gone, -9);
  desk.control.disconnected(gone);
  desk.run(150);
  CHECK(desk.get("/mix/vox/fader") == -3);
  CHECK(desk.received(gone).empty());
  CHECK(desk.control.workspace().feedback.clients() == std::vector<Client>{other});
  CHECK(desk.control.workspace().meters.clients() == std::vector<Client>{other});
  CHECK(desk.control.workspace().clients.count(gone) == 0);
  CHECK_FALSE(desk.control.waits());
}

TEST_CASE("Whose connection ended with an earlier life has the rights it had, and subscribes to nothing", "[control]") {
  Desk desk(kMix);
  const Client absent({.id = {kNoPort, 1}, .name = "absent", .gone = true, .role = roles_of(FileAccess::loopback).remote});
  desk.send(absent, osc::Message{"/graph/save", {"x.yaml"}});
  const auto lines = desk.lines(absent);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("files are for clients on the daemon's own machine") != std::string::npos);
  desk.send(absent, osc::Message{"/subscribe", {}});
  desk.send(absent, osc::Message{"/meters/subscribe", {}});
  desk.run(2);
  CHECK(desk.control.workspace().subscribers().empty());
}

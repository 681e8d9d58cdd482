#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "tests/support/desk.h"

using namespace mixgraph;
using Lines = std::vector<std::string>;

namespace {

const char* const kMix =
    "mixgraph: 1\n"
    "mix:\n"
    "  vox: {type: strip, from: in/1}\n"
    "  keys: {type: strip, from: in/2}\n"
    "  sum: {type: bus, from: [vox, keys]}\n"
    "master:\n"
    "  out: {type: output, from: mix/sum, to: [1, 2]}\n";

/// A client that has subscribed to a pattern.
Client subscriber(Desk& desk, const std::string& pattern, RouterPort port = kUdp) {
  const Client client = desk.client(port);
  desk.send(client, message("/subscribe", {pattern}));
  desk.received(client);
  return client;
}

}  // namespace

TEST_CASE("The first change after a pause comes at the next tick, later ones gathered, the last value last") {
  Desk desk(kMix);
  const Client client = subscriber(desk, "/mix/vox/fader");
  desk.run(100);
  size_t messages = 0;
  std::string last;
  for (int i = 1; i <= 100; i++) {  // one every 2 ms, for 200 ms
    desk.send("/mix/vox/fader", {-0.25F * float(i)});
    desk.run(2);
    for (const std::string& line : desk.lines(client)) messages++, last = line;
    if (i == 1) CHECK(messages == 1);
  }
  desk.run(50);
  for (const std::string& line : desk.lines(client)) messages++, last = line;
  CHECK(messages >= 7);
  CHECK(messages <= 9);
  CHECK(last == "/mix/vox/fader ,f -25");
}

TEST_CASE("What a client sets right after another's set is not followed by the other's value") {
  Desk desk(kMix);
  const Client client = subscriber(desk, "/mix/vox/fader");
  desk.send("/mix/vox/fader", {-6.F});
  desk.send(client, message("/mix/vox/fader", {-9.F}));
  desk.run(100);
  CHECK(desk.lines(client).empty());
}

TEST_CASE("A move is told at a pace, and its target once, however the intervals fall") {
  Desk desk(kMix);
  const Client client = subscriber(desk, "/mix/vox/fader");
  for (int i = 0; i < 40; i++) {
    const float target = i % 2 ? -1.F : -20.F;
    desk.send("/mix/vox/fader", {target, 0.1F + 0.0017F * float(i)});
    desk.run(230 + 2 * (i % 7));
    const auto told = desk.lines(client);
    INFO("move " << i);
    CHECK(told.size() >= 4);
    CHECK(told.size() <= 9);
    const std::string last = osc::describe(message("/mix/vox/fader", {target}));
    CHECK(told.back() == last);
    CHECK(std::count(told.begin(), told.end(), last) == 1);
  }
}

TEST_CASE("Two patterns that want the same parameter bring it once in each form") {
  Desk desk(kMix);
  const Client client = subscriber(desk, "/mix/vox/fader");
  for (const char* pattern : {"/mix/*/fader", "/norm/mix/vox/*", "/mix/vox/fader/level"})
    desk.send(client, message("/subscribe", {pattern}));
  desk.received(client);
  desk.send("/mix/vox/fader", {0.F});
  desk.send("/mix/vox/fader", {-10.F});
  desk.run(100);
  const auto lines = desk.lines(client);
  CHECK(std::set<std::string>(lines.begin(), lines.end()) ==
        std::set<std::string>{"/mix/vox/fader ,f -10", "/norm/mix/vox/fader ,f 0.5",
                              "/mix/vox/fader/level ,f -10"});
  CHECK(lines.size() == 3);
}

TEST_CASE("Subscriptions follow edits: new nodes that match are heard of") {
  Desk desk(kMix);
  const Client client = subscriber(desk, "/mix/*/fader");
  desk.send("/graph/add", {"mix/bass", "strip"});
  desk.run(20);
  CHECK(desk.lines(client) == Lines{"/graph/changed ,i 1"});
  desk.send("/mix/bass/fader", {-3.F});
  desk.run(50);
  CHECK(desk.lines(client) == Lines{"/mix/bass/fader ,f -3"});
  desk.send("/mix/bass/fader", {-4.F});
  desk.send("/graph/remove", {"mix/bass"});
  desk.run(50);
  CHECK(desk.lines(client) == Lines{"/graph/changed ,i 2"});
}

TEST_CASE("UDP subscribers are forgotten after 10 s, TCP ones when they leave") {
  Desk desk(kMix);
  const Client udp = subscriber(desk, "/mix/*/fader"),
                 tcp = subscriber(desk, "/mix/*/fader", kTcp);
  desk.now.monotonic_ns += 9 * kSecond;
  desk.send(udp, message("/renew"));
  desk.now.monotonic_ns += 9 * kSecond;
  desk.run(4);
  CHECK(desk.control.workspace().feedback.clients().size() == 2);
  desk.now.monotonic_ns += 2 * kSecond;
  desk.run(4);
  CHECK(desk.control.workspace().feedback.clients() == std::vector<Client>{tcp});
  desk.control.disconnected(tcp);
  CHECK(desk.control.workspace().feedback.clients().empty());
}

TEST_CASE("There are at most 64 subscribers, and those who are there stay") {
  Desk desk(kMix);
  for (int i = 0; i < 64; i++) subscriber(desk, "/mix/*/fader", kTcp);
  const Client late = desk.client();
  desk.send(late, message("/subscribe"));
  CHECK(desk.lines(late).at(0).find("64 subscribers already") != std::string::npos);
  CHECK(desk.control.workspace().feedback.clients().size() == 64);
}

TEST_CASE("A dump tells every parameter once, at its value when it is sent, at a pace") {
  Desk desk(kMix);
  const Client client = desk.client();
  desk.send(client, message("/sync"));
  CHECK(desk.received(client).empty());
  desk.run(2);
  const auto first = desk.received(client);
  CHECK(first.size() > 5);
  CHECK(first.size() < 60);
  desk.send("/mix/sum/fader", {-33.F});  // its turn comes late
  desk.run(100);
  auto rest = desk.received(client);
  REQUIRE(!rest.empty());
  const osc::Message done = rest.back();
  rest.pop_back();
  const size_t count = desk.control.workspace().document.names().entries().size();
  CHECK(osc::describe(done) == "/sync/done ,i " + std::to_string(count));
  std::set<std::string> told;
  for (const auto& list : {first, rest})
    for (const osc::Message& value : list) told.insert(value.address);
  CHECK(told.size() == count);
  CHECK(first.size() + rest.size() == count);
  for (const osc::Message& value : rest)
    if (value.address == "/mix/sum/fader") CHECK(osc::describe(value) == "/mix/sum/fader ,f -33");
}

TEST_CASE("Meters tell the highest since the last message, however slow the subscription") {
  Desk desk(kMix);
  const Client slow = desk.client();
  desk.send(slow, message("/meters/subscribe", {"/mix/vox/meter", 400}));
  desk.run(20);
  desk.received(slow);
  desk.run(100);
  desk.send("/mix/vox/fader", {-90.F});
  desk.run(500);
  const auto readings = desk.received(slow);
  REQUIRE(!readings.empty());
  CHECK(readings[0].address == "/meters/mix/vox/meter");
  // 0.5 at the input, -3 dB of a centred pan
  CHECK(osc::number(readings[0].arguments.at(0)).value() == Approx(-9).margin(0.2));
  desk.run(800);
  CHECK(osc::number(desk.received(slow).back().arguments.at(0)).value() < -60);
  CHECK(desk.droppable >= 3);
}

TEST_CASE("Many answers come in bundles that fit into an Ethernet frame") {
  std::vector<size_t> sizes;
  const Send send = [&](const Client&, const osc::Packet& packet, bool) {
    sizes.push_back(osc::encode(packet).size());
  };
  std::vector<osc::Message> messages(200, message("/mix/vox/compressor/threshold", {-20.F}));
  send_all(send, {}, messages, false);
  CHECK(sizes.size() < 12);
  for (size_t size : sizes) CHECK(size <= kBundleBytes);
  sizes.clear();
  messages.resize(3);
  send_all(send, {}, messages, false);
  CHECK(sizes.size() == 3);
}

TEST_CASE("The edition of the subscriptions changes when they do, and at no other time", "[feedback]") {
  Desk desk(kMix);
  const Client client = desk.client();
  uint64_t known = desk.control.subscriptions_edition();
  const auto changed = [&] { return std::exchange(known, desk.control.subscriptions_edition()) != known; };
  const auto send = [&](const char* address, std::vector<osc::Argument> arguments = {}) {
    desk.send(client, osc::Message{address, std::move(arguments)});
  };
  send("/subscribe", {"/mix/*/fader", 30});
  CHECK(changed());
  send("/subscribe", {"/mix/*/fader", 30});
  send("/renew");
  desk.send(client, osc::Bundle{desk.at(1000), {osc::Message{"/mix/vox/fader", {-4.f}}}});
  desk.send("/mix/vox/fader", {-5.f});
  desk.run(100);
  CHECK_FALSE(changed());
  send("/subscribe", {"/mix/*/fader", 50});
  CHECK(changed());
  send("/meters/subscribe");
  CHECK(changed());
  send("/unsubscribe", {"/mix/*/fader"});
  CHECK(changed());
  desk.run(10'100);  // the lease
  CHECK(changed());
  CHECK(desk.control.subscriptions().empty());
}

// Who is heard, how often, and that nobody keeps others from it.
#include <catch2/catch.hpp>

#include "daemon/access.h"
#include "daemon/life/log_limit.h"
#include "daemon/net/fair_queue.h"
#include "daemon/net/token_bucket.h"
#include "tests/daemon/net_server.h"
#include "tests/support/other_address.h"

using namespace mixgraph;
using namespace mixgraph::net_test;

namespace {

constexpr int64_t kMs = 1'000'000;

/// Counts of packets that are answered, of so many that are sent at once.
int answers(OscClient& client, int count) {
  for (int i = 0; i < count; i++) client.send(message("/a"));
  int answered = 0;
  while (client.receive(200ms)) answered++;
  return answered;
}

}  // namespace

TEST_CASE("A bucket lets twice its rate through at once, and its rate in the long run", "[access]") {
  TokenBucket bucket(100);
  int64_t now = 1000 * kMs;
  int taken = 0;
  while (bucket.take(1, now)) taken++;
  CHECK(taken == 200);
  for (taken = 0, now += 500 * kMs; bucket.take(1, now);) taken++;
  CHECK(taken == 50);
  CHECK_FALSE(bucket.take(1, now));
  now += 60'000 * kMs;
  CHECK(bucket.take(1000, now));  // the last one may owe
  CHECK_FALSE(bucket.take(1, now + 7000 * kMs));
  CHECK(bucket.take(1, now + 8100 * kMs));

  TokenBucket unlimited;
  for (int i = 0; i < 100'000; i++) REQUIRE(unlimited.take(1, now));
}

TEST_CASE("In an overload those who send little go first, and those who send much share the rest",
          "[access]") {
  FairQueue queue;
  const auto packet = [](uint64_t sender) { return FairQueue::Packet{sender, Bytes(100), true}; };
  int64_t served[3] = {};  // ns
  int answered = 0;
  // Two that send without end, one of them what is three times as long, and one that asks now and then.
  for (int i = 0; i < 100'000; i++) {
    for (const uint64_t sender : {0, 1}) queue.add(packet(sender));
    if (i % 100 == 0) REQUIRE(queue.add(packet(2)));
    const auto next = queue.take();
    REQUIRE(next);
    if (next->sender == 2) REQUIRE(i % 100 <= 2);  // after one of each at most
    if (next->sender == 2) answered++;
    const int64_t took = next->sender == 1 ? 15'000 : 5'000;
    served[next->sender] += took;
    queue.used(next->sender, took);
  }
  CHECK(answered == 1000);
  CHECK(double(served[0]) == Approx(double(served[1])).epsilon(0.01));
}

TEST_CASE("A sender's packets stay in order, and who has rested is not served for the time before",
          "[access]") {
  FairQueue queue;
  for (uint8_t i = 0; i < 3; i++) queue.add({7, {i}, true});
  for (uint8_t i = 0; i < 3; i++) {
    const auto next = queue.take();
    REQUIRE(next);
    CHECK(next->bytes == Bytes{i});
    queue.used(7, 1'000'000'000);
  }
  CHECK(queue.empty());
  CHECK_FALSE(queue.take());
  int served[10] = {};
  for (int i = 0; i < 1000; i++) {
    for (const uint64_t sender : {7, 8}) queue.add({sender, {0}, true});
    const auto next = queue.take();
    served[next->sender]++;
    queue.used(next->sender, 1000);
  }
  CHECK(std::abs(served[7] - served[8]) <= 1);
}

TEST_CASE("The room of a queue is shared, one packet has room always, and who is forgotten leaves nothing",
          "[access]") {
  FairQueue queue;
  size_t alone = 0;
  while (queue.add({1, Bytes(8000), true})) alone++;
  CHECK(alone == FairQueue::kRoom / (8000 + sizeof(FairQueue::Packet)));
  for (uint64_t sender = 2; sender < 1000; sender++) REQUIRE(queue.add({sender, Bytes(8000), true}));
  CHECK_FALSE(queue.add({2, Bytes(8000), true}));
  for (uint64_t sender = 1; sender < 999; sender++) queue.forget(sender);
  const auto last = queue.take();
  REQUIRE(last);
  CHECK(last->sender == 999);
  queue.forget(999);
  queue.used(999, 1);
  CHECK(queue.empty());
}

TEST_CASE("A cause that repeats is logged five times a second, and how much was left out", "[access]") {
  LogLimit limit;
  int64_t now = 0;
  for (int i = 0; i < 5; i++) CHECK(limit.admits("flood", now) == 0u);
  for (int i = 0; i < 7; i++) CHECK_FALSE(limit.admits("flood", now + 500 * kMs));
  CHECK(limit.admits("other", now) == 0u);
  CHECK(limit.admits("flood", now + 1000 * kMs) == 7u);
  CHECK(limit.admits("flood", now + 1000 * kMs) == 0u);
}

TEST_CASE("An endpoint beyond its rate is not heard until it is within it again, others are", "[access]") {
  OscServerOptions options;
  options.loopback_rate = 20;
  Server server(options);
  const auto greedy = server.connect(OscTransport::udp), modest = server.connect(OscTransport::udp);
  const int answered = answers(*greedy, 200);
  CHECK(answered >= 40);
  CHECK(answered < 60);
  CHECK(server.counters().rate_drops == uint64_t(200 - answered));
  CHECK(answers(*modest, 5) == 5);
  std::this_thread::sleep_for(300ms);
  CHECK(answers(*greedy, 1) == 1);
}

TEST_CASE("A bundle counts as the messages that are in it", "[access]") {
  OscServerOptions options;
  options.loopback_rate = 100;
  Server server(options);
  const auto client = server.connect(OscTransport::udp);
  osc::Bundle bundle;
  for (int i = 0; i < 100; i++) bundle.elements.push_back(osc::Message{"/mix/vox/fader", {1.f}});
  const Bytes bytes = osc::encode(bundle);
  for (int i = 0; i < 10; i++) client->send(bytes);
  int answered = 0;
  while (client->receive(200ms)) answered++;
  CHECK(answered == 3);
}

TEST_CASE("By default a script on this machine may send as fast as it can", "[access]") {
  Server server;
  std::atomic<int> heard = 0;
  server.run([&] { server.on_packet = [&](const Client&, std::span<const uint8_t>) { ++heard; }; });
  const auto client = server.connect(OscTransport::udp);
  constexpr int kCount = 20'000;
  for (int i = 0; i < kCount; i++) client->send(message("/a"));
  CHECK(server.eventually([&] { return heard + int(server.server->kernel_drops()) == kCount; }));
  CHECK(server.counters().rate_drops + server.counters().flood_drops == 0);
}

TEST_CASE("What the system dropped because nobody read it is counted", "[access]") {
  Server server;
  std::atomic<int> heard = 0;
  const auto client = server.connect(OscTransport::udp);
  constexpr int kCount = 20'000;
  server.run([&] {
    server.on_packet = [&](const Client&, std::span<const uint8_t>) { ++heard; };
    for (int i = 0; i < kCount; i++) client->send(message("/a"));
  });
  // The system tells with the packets that come after.
  for (int i = 0; i < 20; i++) {
    client->send(message("/a"));
    std::this_thread::sleep_for(5ms);
  }
  CHECK(server.eventually([&] { return heard + int(server.server->kernel_drops()) == kCount + 20; }));
  CHECK(server.run([&] { return server.server->kernel_drops(); }) > 0);
}

TEST_CASE("A datagram that is too large is told, not cut", "[access]") {
  Server server;
  const auto client = server.connect(OscTransport::udp);
  const Bytes fits = message("/a", {osc::Blob{Bytes(UdpPort::kMaxDatagram - 12)}});
  REQUIRE(fits.size() == UdpPort::kMaxDatagram);
  client->send(fits);
  CHECK(client->receive(5s) == fits);
  client->send(message("/a", {osc::Blob{Bytes(UdpPort::kMaxDatagram - 8)}}));
  CHECK(client->receive(5s) == message("/error"));
  CHECK(server.logged("bad frame: a datagram of more than 8192 bytes"));
}

TEST_CASE("Other machines are heard if they are allowed, and only they", "[access]") {
  const auto other = other_address();
  if (!other) {
    WARN("this machine has no address but loopback");
    return;
  }
  for (const bool allowed : {false, true}) {
    OscServerOptions options;
    options.addresses = {*other};
    options.rate = 50;
    if (allowed) options.allow = {*Network::parse(*other + "/24")};
    Server server(options);
    const auto udp = server.connect(OscTransport::udp, *other);
    CHECK(answers(*udp, 3) == (allowed ? 3 : 0));
    const auto tcp = server.connect(OscTransport::tcp, *other);
    tcp->send(message("/a"));
    CHECK(bool(tcp->receive(2s)) == allowed);
    CHECK(server.counters().not_allowed == (allowed ? 0 : 4));
    if (!allowed) continue;
    CHECK(server.run([&] { return server.clients.begin()->second->remote; }));
    CHECK(answers(*udp, 300) < 200);  // their rate is limited
  }
}

TEST_CASE("Connections that never said anything make room for others", "[access]") {
  OscServerOptions options;
  options.max_connections = 3;
  Server server(options);
  const auto speaker = server.connect(OscTransport::tcp);
  speaker->send(message("/a"));
  REQUIRE(speaker->receive(5s));
  const auto mute = server.connect(OscTransport::tcp), slow = server.connect(OscTransport::tcp);
  slow->send_raw(bytes_of(std::string("\0\0\0\x08/a", 6)));
  REQUIRE(server.eventually([&] { return server.server->connections() == 3; }));
  std::this_thread::sleep_for(1100ms);
  for (int i = 0; i < 2; i++) {
    const auto newcomer = server.connect(OscTransport::tcp);
    newcomer->send(message("/b"));
    CHECK(newcomer->receive(5s) == message("/b"));
  }
  speaker->send(message("/c"));
  CHECK(speaker->receive(5s) == message("/c"));
  CHECK_FALSE(mute->receive(5s));
}

TEST_CASE("A client whose packets take long does not keep others waiting", "[access]") {
  Server server;
  server.run([&] {
    server.on_packet = [&](const Client& client, std::span<const uint8_t> packet) {
      if (packet[1] == 's') std::this_thread::sleep_for(2ms);
      if (packet[1] == 'q') server.server->send(client, packet);
    };
  });
  // Two seconds of work, over each transport, in queues that are full from the start.
  const auto tcp = server.connect(OscTransport::tcp), udp = server.connect(OscTransport::udp);
  for (int i = 0; i < 1000; i++) {
    tcp->send(message("/slow"));
    udp->send(message("/slow"));
  }
  const auto quick = server.connect(OscTransport::tcp);
  for (int i = 0; i < 5; i++) {
    const auto sent = std::chrono::steady_clock::now();
    quick->send(message("/quick"));
    CHECK(quick->receive(5s));
    CHECK(std::chrono::steady_clock::now() - sent < 1s);
  }
}

TEST_CASE("An address that others reach needs somebody who is allowed", "[access]") {
  OscSettings osc;
  CHECK(check_access(osc).empty());
  osc.bind = {"127.0.0.1", "::1"};
  CHECK(check_access(osc).empty());
  CHECK(access_warnings(osc).empty());
  for (const char* address : {"0.0.0.0", "192.168.1.5", "::"}) {
    osc.bind = {"127.0.0.1", address};
    osc.allow = {};
    REQUIRE(check_access(osc).size() == 1);
    CHECK(check_access(osc)[0].where == std::string("bind ") + address);
    osc.allow = {"192.168.1.0/24"};
    CHECK(check_access(osc).empty());
    REQUIRE(access_warnings(osc).size() == 1);
    CHECK(access_warnings(osc)[0].find("192.168.1.0/24") != std::string::npos);
  }
  osc.allow = {"everybody"};
  CHECK(check_access(osc).size() == 1);
}

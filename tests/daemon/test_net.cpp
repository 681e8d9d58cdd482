#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <thread>

#include "daemon/net/router.h"
#include "tests/daemon/net_server.h"
#include "tests/support/other_address.h"

using namespace mixgraph;
using namespace mixgraph::net_test;
using namespace std::string_literals;

TEST_CASE("UDP, TCP and TCP with SLIP carry packets both ways on one port number") {
  Server server;
  for (const auto transport : {OscTransport::udp, OscTransport::tcp, OscTransport::tcp_slip}) {
    const auto client = server.connect(transport);
    for (const auto& packet :
         {message("/mix/vox/fader", {-6.0F}), message("/x", {osc::Blob{Bytes(8000, 0xc0)}}),
          message("/y", {osc::Blob{{0xc0, 0xdb, 0xdc, 0xdd}}})}) {
      CHECK(client->send(packet));
      CHECK(client->receive(5s) == packet);
    }
    CHECK_FALSE(client->receive(10ms));
    CHECK_FALSE(client->failure());
  }
  CHECK(server.counters().packets == 9);
  CHECK(server.logged("connect udp"));
  CHECK(server.logged("disconnect tcp"));
}

TEST_CASE("Clients have names, and keep their identity from packet to packet") {
  Server server;
  const auto udp = server.connect(OscTransport::udp);
  const auto tcp = server.connect(OscTransport::tcp);
  for (int i = 0; i < 3; ++i) {
    for (auto* client : {udp.get(), tcp.get()}) {
      client->send(message("/a"));
      REQUIRE(client->receive(5s));
    }
  }
  // Both counts begin at 1, and the kind tells them apart.
  server.run([&] {
    CHECK(server.clients.size() == 1);
    CHECK(server.clients.at(1)->name.starts_with("tcp 127.0.0.1:"));
    CHECK(server.log == std::vector<std::string>{"connect tcp", "connect udp"});
    CHECK_FALSE(Client({{kUdp, 1}, ""}) == Client({{kTcp, 1}, ""}));
    CHECK(server.server->send(Client({{kTcp, 99}, ""}), message("/a")) == Sent::gone);
    CHECK(server.server->send(Client({{kUdp, 99}, ""}), message("/a")) == Sent::gone);
    CHECK(server.server->send(Client(), message("/a")) == Sent::gone);
    CHECK(server.server->send(Client({{kUdp, 1}, ""}), Bytes(osc::kMaxPacket + 1)) == Sent::dropped);
    CHECK(server.server->counters().dropped_sends == 1);
  });
}

TEST_CASE("IPv6 loopback is served where there is one") {
  Server server;
  if (server.server->listening().size() < 2) {
    WARN("no ::1 here");
    return;
  }
  CHECK(server.server->listening()[1] == "[::1]:" + std::to_string(server.port));
  for (const auto transport : {OscTransport::udp, OscTransport::tcp}) {
    const auto client = server.connect(transport, "::1");
    client->send(message("/a"));
    CHECK(client->receive(5s) == message("/a"));
  }
  server.run([&] { CHECK(server.clients.at(1)->name.find(" [::1]:") != std::string::npos); });
}

TEST_CASE("A port in use and a wrong address are named") {
  Server first;
  asio::io_context io;
  OscServerOptions options;
  options.port = first.port;
  const auto second = OscServer::open(io, options, {});
  REQUIRE_FALSE(second);
  CHECK(second.problems().front().text() == "udp 127.0.0.1:" + std::to_string(first.port) +
                                                ": Address already in use; stop the program that uses it, or "
                                                "choose another port");
  options.addresses = {"192.0.2.1", "localhost:9000"};  // 192.0.2.0/24 belongs to nobody (RFC 5737)
  CHECK(OscServer::open(io, options, {}).problems().front().text() ==
        "localhost:9000: not an IP address; an address such as 127.0.0.1, 0.0.0.0 or ::1");
  options.addresses = {"192.0.2.1"};
  CHECK(OscServer::open(io, options, {}).problems().front().hint == "an address of this machine");
}

TEST_CASE("Nobody listening is a problem of the client's, at once over TCP and at the answer over UDP") {
  uint16_t port = 0;
  { port = Server().port; }
  const auto tcp = OscClient::open("127.0.0.1", port, OscTransport::tcp);
  REQUIRE_FALSE(tcp);
  CHECK(tcp.problems().front().text() ==
        "tcp 127.0.0.1:" + std::to_string(port) +
            ": Connection refused; is mixgraphd running there, with this port?");
  const auto udp = OscClient::open("127.0.0.1", port, OscTransport::udp);
  REQUIRE(udp);
  (*udp)->send(message("/a"));
  CHECK_FALSE((*udp)->receive(5s));
  CHECK((*udp)->failure()->what == "Connection refused");
}

TEST_CASE("A burst of datagrams arrives whole") {
  Server server;
  const auto client = server.connect(OscTransport::udp);
  server.run([&] { server.on_packet = [](const auto&, auto) {}; });
  for (int i = 0; i < 500; ++i) client->send(message("/burst", {int32_t{i}}));
  CHECK(server.eventually([&] { return server.server->counters().packets == 500; }));
}

TEST_CASE("Who floods a socket that is not read fills a queue of its own") {
  Server server;
  const auto flood = server.connect(OscTransport::udp);
  std::vector<std::unique_ptr<OscClient>> others;
  for (int i = 0; i < 16; ++i) others.push_back(server.connect(OscTransport::udp));
  server.run([&] {  // on the thread that would read
    for (int i = 0; i < 20'000; ++i) flood->send(message("/flood"));
    for (const auto& client : others) client->send(message("/a"));
  });
  CHECK(server.counters().packets < 20'000);
  // One in 32 shares the queue of the flood.
  const auto heard = [](const auto& client) { return client->receive(1s).has_value(); };
  CHECK(std::count_if(others.begin(), others.end(), heard) > 8);
}

TEST_CASE("What is sent to all machines at once is heard once") {
  const auto own = other_address();
  const auto all = own ? broadcast_of(*own) : std::nullopt;
  if (!all) {
    WARN("this machine has no network with a broadcast address");
    return;
  }
  OscServerOptions options;
  options.addresses = {"0.0.0.0"};
  options.allow = {*Network::parse(*own)};
  Server server(options);
  const int sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  REQUIRE(setsockopt(sender, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) == 0);
  for (const std::string& address : {*all, *own}) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(server.port);
    REQUIRE(inet_pton(AF_INET, address.c_str(), &to.sin_addr) == 1);
    const Bytes packet = message("/a");
    REQUIRE(sendto(sender, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) ==
            ssize_t(packet.size()));
  }
  close(sender);
  CHECK(server.eventually([&] { return server.server->counters().packets >= 2; }));
  std::this_thread::sleep_for(50ms);
  CHECK(server.counters().packets == 2);
}

TEST_CASE("A stream in pieces of one byte, and many packets in one piece, are the same packets") {
  Server server;
  const auto packet = message("/mix/vox/fader", {-6.0F});
  for (const auto framing : {Framing::size_prefix, Framing::slip}) {
    const auto framed = frame(packet, framing);
    auto client = server.connect(OscTransport::tcp);
    for (const uint8_t byte : framed) client->send_raw({&byte, 1});
    CHECK(client->receive(5s) == packet);
    Bytes many;
    for (int i = 0; i < 100; ++i) many.insert(many.end(), framed.begin(), framed.end());
    client->send_raw(many);
    for (int i = 0; i < 100; ++i) REQUIRE(client->receive(5s) == packet);
  }
}

TEST_CASE("Answers that are queued still arrive when the client has stopped sending") {
  Server server;
  const auto client = server.connect(OscTransport::tcp);
  const auto big = message("/big", {osc::Blob{Bytes(60000, 1)}});
  server.run([&] {
    server.on_packet = [&](const Client& id, auto) {
      for (int i = 0; i < 15; ++i) server.server->send(id, big);
      server.server->send(id, message("/last"));
    };
  });
  client->send(message("/a"));
  for (int i = 0; i < 15; ++i) REQUIRE(client->receive(5s) == big);
  CHECK(client->receive(5s) == message("/last"));
}

TEST_CASE("The server can hang up from inside a packet") {
  Server server;
  Sent sent = Sent::queued;
  server.run([&] {
    server.on_packet = [&](const Client& id, auto) {
      server.server->disconnect(id);
      sent = server.server->send(id, message("/a"));
    };
  });
  const auto client = server.connect(OscTransport::tcp);
  client->send_raw(bytes_of("\0\0\0\4/a\0\0\0\0\0\4/b\0\0"s));
  CHECK_FALSE(client->receive(5s));
  CHECK(client->failure());
  CHECK(server.logged("disconnect tcp"));
  CHECK(server.counters().packets == 1);
  CHECK(sent == Sent::gone);
}

TEST_CASE("A server can be destroyed with connections open and opened again on its port") {
  OscServerOptions options;
  {
    Server server;
    options.port = server.port;
    const auto client = server.connect(OscTransport::tcp);
    client->send(message("/a"));
    CHECK(client->receive(5s));
    client->send_raw(bytes_of("\0\0\0\x8/a"s));
  }
  Server again(options);
  CHECK(again.port == options.port);
}

TEST_CASE("liblo's oscsend is understood over UDP and TCP") {
  if (std::system("command -v oscsend > /dev/null") != 0) {
    WARN("oscsend (liblo-tools) is not installed");
    return;
  }
  Server server;
  std::vector<std::string> heard;
  server.run([&] {
    server.on_packet = [&](const Client&, std::span<const uint8_t> bytes) {
      const auto packet = osc::decode(bytes);
      heard.push_back(packet ? osc::describe(std::get<osc::Message>(*packet))
                             : packet.problems().front().text());
    };
  });
  for (const std::string transport : {"udp", "tcp"}) {
    const std::string to = "oscsend osc." + transport + "://127.0.0.1:" + std::to_string(server.port) + "/ ";
    CHECK(std::system((to + "/mix/vox/fader f -6").c_str()) == 0);
    CHECK(std::system((to + "/all ihdscTFNI 1 2 0.5 text x").c_str()) == 0);
    CHECK(std::system((to + "/info").c_str()) == 0);
    REQUIRE(server.eventually([&] { return heard.size() == 3; }));
    CHECK(
        server.run([&] { return std::exchange(heard, {}); }) ==
        std::vector<std::string>{"/mix/vox/fader ,f -6", "/all ,ihdscTFNI 1 2 0.5 \"text\" 'x'", "/info ,"});
  }
}

TEST_CASE("What is sent to a client goes to the port that it came by") {
  Router router;
  std::vector<std::string> sent;
  for (const uint16_t port : {kUdp, kTcp})
    router.connect(port, {[&sent, port](const Client& client, const osc::Packet& packet, bool droppable) {
                            sent.push_back(std::to_string(port) + client->name + osc::describe(std::get<osc::Message>(packet)) + (droppable ? "?" : ""));
                          },
                          [&sent, port](const Client& client, bool held) { sent.push_back(std::to_string(port) + client->name + (held ? " held" : " free")); }});
  const Client one({{kUdp, 1}, "a"}), two({{kTcp, 1}, "b"}), nowhere({{77, 1}, "c"});
  router.send(one, osc::Message{"/x", {}}, true);
  router.send(two, osc::Message{"/y", {}}, false);
  router.hold(two, true);
  router.send(nowhere, osc::Message{"/z", {}}, false);
  router.hold(nowhere, true);
  CHECK(sent == std::vector<std::string>{"1a/x ,?", "2b/y ,", "2b held"});
}

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "daemon/net/udp_peers.h"
#include "tests/daemon/net_server.h"

using namespace mixgraph;
using namespace mixgraph::net_test;
using namespace std::string_literals;

namespace {

/// This process's connected ends at a port that it listens on.
std::vector<int> accepted_at(uint16_t port) {
  std::vector<int> found;
  for (int descriptor = 3; descriptor < 1024; ++descriptor) {
    sockaddr_in own{}, other{};
    socklen_t size = sizeof own;
    const bool is_here = getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size) == 0 && own.sin_family == AF_INET;
    size = sizeof other;
    const bool is_connected = is_here && getpeername(descriptor, reinterpret_cast<sockaddr*>(&other), &size) == 0;
    if (is_connected && ntohs(own.sin_port) == port) found.push_back(descriptor);
  }
  return found;
}

/// A UDP socket at one of the addresses of loopback.
class UdpSocket {
 public:
  explicit UdpSocket(const std::string& address) : socket_(io_, {asio::ip::make_address(address), 0}) {}
  uint16_t port() const { return socket_.local_endpoint().port(); }
  void send(uint16_t port, const Bytes& packet) const {
    socket_.send_to(asio::buffer(packet), {asio::ip::make_address("127.0.0.1"), port});
  }
  Bytes receive() const {
    pollfd ready{socket_.native_handle(), POLLIN, 0};
    if (poll(&ready, 1, 5000) <= 0) return {};
    Bytes packet(8192);
    packet.resize(socket_.receive(asio::buffer(packet)));
    return packet;
  }

 private:
  asio::io_context io_;
  mutable asio::ip::udp::socket socket_;
};

}  // namespace

TEST_CASE("A broken TCP stream is answered, closed and counted, and others go on") {
  Server server;
  const auto other = server.connect(OscTransport::tcp);
  struct Row {
    std::string bytes, what;
  };
  for (const auto& row :
       {Row{"GET / HTTP/1.1\r\n\r\n", "a stream that begins with byte 0x47"},
        Row{"\0\0\0\0"s, "a frame of 0 bytes"}, Row{"\0\x10\0\0more"s, "a frame of 1048576 bytes"}}) {
    const auto client = server.connect(OscTransport::tcp);
    client->send_raw(bytes_of(row.bytes));
    CHECK(server.logged("bad frame: " + row.what));
    CHECK(client->receive(5s) == message("/error"));
    CHECK_FALSE(client->receive(5s));
    CHECK(client->failure()->what == "End of file");
  }
  CHECK(server.eventually([&] { return server.server->connections() == 1; }));
  CHECK(server.counters().bad_frames == 3);
  other->send(message("/a"));
  CHECK(other->receive(5s) == message("/a"));
}

TEST_CASE("A bad escape costs one SLIP frame, and the connection lives on") {
  Server server;
  const auto client = server.connect(OscTransport::tcp_slip);
  client->send_raw(bytes_of("\xc0/a\xdb\x01\xc0"s));
  CHECK(client->receive(5s) == message("/error"));
  client->send(message("/b"));
  CHECK(client->receive(5s) == message("/b"));
}

TEST_CASE("A frame that is not finished in time ends the connection, an idle one stays") {
  OscServerOptions options;
  options.frame_timeout = 50ms;
  Server server(options);
  const auto idle = server.connect(OscTransport::tcp);
  const auto slow = server.connect(OscTransport::tcp);
  slow->send_raw(bytes_of("\0\0\0\x8/a"s));
  CHECK(slow->receive(5s) == message("/error"));
  CHECK(server.logged("bad frame: a frame was begun and not finished in time"));
  CHECK(server.logged("disconnect tcp"));
  CHECK_FALSE(slow->receive(5s));
  idle->send(message("/a"));
  CHECK(idle->receive(5s) == message("/a"));
}

TEST_CASE("A connection that ends inside a frame is noted") {
  Server server;
  server.connect(OscTransport::tcp)->send_raw(bytes_of("\0\0\0\x8/a"s));
  CHECK(server.logged("bad frame: the connection ended inside a frame"));
  CHECK(server.logged("disconnect tcp"));
}

TEST_CASE("No more than the allowed number of connections, and room again when one leaves") {
  OscServerOptions options;
  options.max_connections = 2;
  Server server(options);
  auto first = server.connect(OscTransport::tcp);
  const auto second = server.connect(OscTransport::tcp);
  CHECK(server.eventually([&] { return server.server->connections() == 2; }));
  const auto third = server.connect(OscTransport::tcp);
  CHECK_FALSE(third->receive(5s));
  CHECK(third->failure());
  CHECK(server.counters().refused_clients == 1);
  first.reset();
  CHECK(server.eventually([&] { return server.server->connections() == 1; }));
  const auto fourth = server.connect(OscTransport::tcp);
  fourth->send(message("/a"));
  CHECK(fourth->receive(5s) == message("/a"));
}

TEST_CASE("When there is no room, the connection that has been idle longest makes some") {
  OscServerOptions options;
  options.max_connections = 3;
  Server server(options);
  std::vector<std::unique_ptr<OscClient>> clients;
  const auto says = [](OscClient& client) { return client.send(message("/a")) && client.receive(5s) == message("/a"); };
  for (int i = 0; i < 3; ++i) clients.push_back(server.connect(OscTransport::tcp));
  for (const int i : {1, 0, 2}) {
    REQUIRE(says(*clients[size_t(i)]));
    std::this_thread::sleep_for(20ms);
  }
  std::this_thread::sleep_for(1100ms);
  REQUIRE(says(*clients[2]));
  const auto newcomer = server.connect(OscTransport::tcp);
  CHECK(says(*newcomer));
  CHECK_FALSE(clients[1]->receive(5s));
  CHECK(clients[1]->failure());
  CHECK(says(*clients[0]));
  CHECK(says(*clients[2]));
  const auto refused = server.connect(OscTransport::tcp);  // nobody is idle now
  CHECK_FALSE(refused->receive(5s));
  CHECK(refused->failure());
}

TEST_CASE("Who listens to what it is sent is not idle") {
  OscServerOptions options;
  options.max_connections = 2;
  Server server(options);
  const auto listener = server.connect(OscTransport::tcp), idle = server.connect(OscTransport::tcp);
  for (auto* client : {listener.get(), idle.get()}) {
    client->send(message("/a"));
    REQUIRE(client->receive(5s));
  }
  std::this_thread::sleep_for(1100ms);
  server.run([&] { server.server->send(server.clients.at(1), message("/meters")); });
  CHECK(listener->receive(5s) == message("/meters"));
  const auto newcomer = server.connect(OscTransport::tcp);
  newcomer->send(message("/b"));
  CHECK(newcomer->receive(5s) == message("/b"));
  CHECK_FALSE(idle->receive(5s));
  CHECK(idle->failure());
  CHECK_FALSE(listener->failure());
}

TEST_CASE("A connection whose other end has gone is found out within seconds, on sockets of a service manager too") {
  const bool handed_over = GENERATE(false, true);
  OscServerOptions options;
  if (handed_over) {
    const int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(listen(listening, 4) == 0);
    options.sockets.tcp = {listening};
  }
  Server server(options);
  const auto client = server.connect(OscTransport::tcp);
  client->send(message("/a"));
  REQUIRE(client->receive(5s));
  const auto accepted = accepted_at(server.port);
  REQUIRE(accepted.size() == 1);
  const auto option = [&](int level, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    REQUIRE(getsockopt(accepted[0], level, name, &value, &size) == 0);
    return value;
  };
  CHECK(option(SOL_SOCKET, SO_KEEPALIVE) == 1);
  CHECK(option(IPPROTO_TCP, TCP_KEEPIDLE) + option(IPPROTO_TCP, TCP_KEEPINTVL) * option(IPPROTO_TCP, TCP_KEEPCNT) <= 15);
  CHECK(option(IPPROTO_TCP, TCP_USER_TIMEOUT) <= 15'000);
  CHECK(option(IPPROTO_TCP, TCP_USER_TIMEOUT) >= 5000);
}

TEST_CASE("A client that does not read loses meters first, then its connection, others are not held up") {
  Server server;
  const auto other = server.connect(OscTransport::tcp);
  const auto lazy = server.connect(OscTransport::tcp);
  lazy->send(message("/a"));
  REQUIRE(lazy->receive(5s));
  const Bytes meters = message("/meters", {osc::Blob{Bytes(60000)}});
  // Far more than the system's own buffers take (some 6 MB on loopback).
  server.run([&] {
    const Client client = server.clients.begin()->second;
    int dropped = 0;
    for (int i = 0; i < 1000; ++i)
      dropped += server.server->send(client, meters, Delivery::droppable) == Sent::dropped;
    CHECK(dropped > 100);
    CHECK(server.server->counters().dropped_sends == static_cast<uint64_t>(dropped));
    CHECK(server.server->send(client, message("/a")) == Sent::queued);  // there is room for what matters
    int queued = 0;
    while (server.server->send(client, meters) == Sent::queued) ++queued;
    CHECK(queued < 1000);
    CHECK(server.server->send(client, meters) == Sent::gone);
  });
  CHECK(server.logged("disconnect tcp"));
  other->send(message("/b"));
  CHECK(other->receive(5s) == message("/b"));
}

TEST_CASE("UDP endpoints are forgotten when there are too many, but not while pinned") {
  const auto endpoint = [](uint16_t port) {
    return UdpPeers::Endpoint(asio::ip::make_address("127.0.0.1"), port);
  };
  UdpPeers peers(3);
  const auto a = peers.hear(endpoint(1), 0)->id;
  const auto b = peers.hear(endpoint(2), 0)->id;
  const auto c = peers.hear(endpoint(3), 0)->id;
  CHECK_FALSE(peers.hear(endpoint(1), 0)->is_new);
  peers.pin(b);
  // b is silent longest but pinned, then c.
  const auto d = peers.hear(endpoint(4), 0);
  CHECK(d->is_new);
  CHECK(d->forgotten == c);
  CHECK_FALSE(peers.find(c));
  CHECK(peers.find(b)->endpoint == endpoint(2));
  CHECK(peers.size() == 3);
  // The same endpoint through another socket is another peer.
  CHECK(peers.hear(endpoint(1), 1)->forgotten == a);
  // An id is never used again.
  CHECK(peers.hear(endpoint(3), 0)->id > d->id);

  UdpPeers full(1);
  const auto pinned = full.hear(endpoint(1), 0)->id;
  full.pin(pinned);
  full.pin(pinned);
  full.unpin(pinned);
  CHECK_FALSE(full.hear(endpoint(2), 0));
  full.unpin(pinned);
  full.unpin(pinned);
  CHECK(full.hear(endpoint(2), 0)->forgotten == pinned);
}

TEST_CASE("Endpoints that may be forged are forgotten before those that are trusted") {
  const auto endpoint = [](uint16_t port) { return UdpPeers::Endpoint(asio::ip::make_address("10.0.0.1"), port); };
  UdpPeers peers(3);
  const auto trusted = peers.hear(endpoint(1), 0)->id;
  peers.trust(trusted);
  for (uint16_t port = 2; port < 100; port++) CHECK(peers.hear(endpoint(port), 0)->forgotten != trusted);
  CHECK(peers.find(trusted));
  peers.trust(peers.hear(endpoint(98), 0)->id);
  peers.trust(peers.hear(endpoint(99), 0)->id);
  CHECK(peers.hear(endpoint(100), 0)->forgotten == trusted);  // if there are no others, the one silent longest
}

TEST_CASE("What comes from a surface's address is one client, sent to at its port") {
  OscServerOptions options;
  const UdpSocket receiver("127.0.0.2"), sender("127.0.0.2"), other("127.0.0.3");
  options.surfaces = {*NetworkPeer::parse("127.0.0.2:" + std::to_string(receiver.port()))};
  Server server(options);
  const Client surface = server.run([&] { return server.server->surfaces().at(0); });
  CHECK_FALSE(surface->leased);
  CHECK(server.run([&] { return server.server->send(surface, message("/before")); }) == Sent::queued);
  CHECK(receiver.receive() == message("/before"));
  sender.send(server.port, message("/a"));
  CHECK(receiver.receive() == message("/a"));
  receiver.send(server.port, message("/b"));
  CHECK(receiver.receive() == message("/b"));
  other.send(server.port, message("/c"));
  CHECK(other.receive() == message("/c"));
  server.run([&] {
    CHECK(server.clients.size() == 2);
    CHECK(!server.clients.at(surface.id().number)->leased);
    CHECK(server.clients.rbegin()->second->leased);
  });
}

TEST_CASE("A forgotten UDP client is reported, and a pinned one still receives") {
  OscServerOptions options;
  options.max_udp_clients = 2;
  Server server(options);
  const auto subscriber = server.connect(OscTransport::udp);
  subscriber->send(message("/subscribe"));
  REQUIRE(subscriber->receive(5s));
  const Client id = server.run([&] {
    server.server->pin(server.clients.at(1));
    return server.clients.at(1);
  });
  for (int i = 0; i < 5; ++i) {
    const auto passing = server.connect(OscTransport::udp);
    passing->send(message("/a"));
    CHECK(passing->receive(5s));
  }
  CHECK(server.logged("disconnect udp"));
  CHECK(server.run([&] { return server.server->send(id, message("/news")); }) == Sent::queued);
  CHECK(subscriber->receive(5s) == message("/news"));
}

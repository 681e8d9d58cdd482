#include "daemon/net/osc_server.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <tuple>
#include <utility>

#include "daemon/osc/osc.h"
#include "daemon/net/tcp_port.h"
#include "daemon/osc/turn.h"

namespace mixgraph {
namespace {

/// A connection that has been idle for so long makes room for others, if there is none.
constexpr std::chrono::seconds kIdleConnection{1};

Network::Address bytes_of(const asio::ip::address& address) {
  const auto v6 =
      address.is_v6() ? address.to_v6() : asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4());
  return v6.to_bytes();
}

asio::ip::address address_of(const Network::Address& bytes) {
  const asio::ip::address_v6 address(bytes);
  if (address.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, address);
  return address;
}

int64_t monotonic_ns() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

/// About how many messages are in a packet, without reading it: the shortest sets take 40 bytes of a bundle.
double messages_in(std::span<const uint8_t> bytes) {
  const bool is_bundle = !bytes.empty() && bytes.front() == '#';
  return is_bundle ? 1 + double(bytes.size()) / 40 : 1;
}

}  // namespace

using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;

Result<std::unique_ptr<OscServer>> OscServer::open(asio::io_context& io, const OscServerOptions& options,
                                                   OscServerEvents events) {
  auto bound = options.sockets.empty() ? bind_sockets(io, options.addresses, options.port)
                                       : adopt_sockets(io, options.sockets);
  if (!bound) return bound.problems();
  std::unique_ptr<OscServer> server(new OscServer(io, options, std::move(events)));
  server->start(std::move(*bound));
  return server;
}

OscServer::OscServer(asio::io_context& io, const OscServerOptions& options, OscServerEvents events)
    : io_(io),
      options_(options),
      events_(std::move(events)),
      peers_(options.max_udp_clients),
      all_trusted_(options.total_rate),
      all_others_(options.other_rate) {}

/// Handlers that have already been queued keep their socket alive, find it closed and do not come back here.
OscServer::~OscServer() {
  for (const auto& port : udp_ports_) port->close();
  for (const auto& port : tcp_ports_) port->close();
  for (const auto& [id, connection] : connections_) connection->abandon();
}

void OscServer::start(BoundSockets bound) {
  port_ = bound.port;
  const auto batch = UdpPort::make_batch();
  for (auto& socket : bound.udp) {
    const size_t index = udp_ports_.size();
    const auto address = socket.local_endpoint().address();
    if (std::find(addresses_.begin(), addresses_.end(), address) == addresses_.end()) {
      addresses_.push_back(address);
      listening_.push_back(endpoint_text(address, port_));
    }
    udp_ports_.push_back(std::make_shared<UdpPort>(
        std::move(socket), batch,
        [this, index](const auto& from, auto bytes, bool whole) { datagram(index, from, bytes, whole); }));
    udp_ports_.back()->start();
  }
  for (const NetworkPeer& surface : options_.surfaces) add_surface(surface);
  for (auto& acceptor : bound.tcp) {
    tcp_ports_.push_back(std::make_shared<TcpPort>(
        std::move(acceptor), [this](tcp::socket socket) { accept(std::move(socket)); }));
    tcp_ports_.back()->start();
  }
}

/// Sends from a socket that reaches it, as far as can be told; from where it sends to, once it has.
void OscServer::add_surface(const NetworkPeer& surface) {
  const udp::endpoint endpoint(address_of(surface.address), surface.port);
  const auto reaches = [&](const asio::ip::address& from) {
    return from.is_v4() == endpoint.address().is_v4() &&
           (from.is_unspecified() || from.is_loopback() == endpoint.address().is_loopback());
  };
  const auto socket = std::find_if(udp_ports_.begin(), udp_ports_.end(), [&](const auto& port) { return reaches(port->address()); });
  const auto heard = peers_.hear(endpoint, socket == udp_ports_.end() ? 0 : size_t(socket - udp_ports_.begin()));
  surfaces_[surface.address] = heard->id;
  peers_.find(heard->id)->messages = TokenBucket(options_.rate);
  peers_.pin(heard->id);
  peers_.trust(heard->id);
}

std::vector<Client> OscServer::surfaces() {
  std::vector<Client> clients;
  for (const auto& [address, id] : surfaces_) clients.push_back(udp_client(id));
  return clients;
}

RolePtr OscServer::role_of(bool remote) const { return options_.role ? options_.role(remote) : Role::all(); }

const Client& OscServer::udp_client(uint64_t id) {
  auto& client = peers_.find(id)->client;
  if (!client) client = new_udp_client(id);
  return *client;
}

Client OscServer::new_udp_client(uint64_t id) const {
  const auto& endpoint = peers_.find(id)->endpoint;
  const auto surface = surfaces_.find(bytes_of(endpoint.address()));
  const bool remote = !endpoint.address().is_loopback();
  const bool is_surface = surface != surfaces_.end() && surface->second == id;
  return Client({.id = {kUdp, id},
                 .name = "udp " + endpoint_text(endpoint.address(), endpoint.port()),
                 .remote = remote,
                 .forgeable = remote && !is_surface,
                 .leased = !is_surface,
                 .role = role_of(remote)});
}

/// A datagram with the forged address of this server would be answered to itself, and the answer answered
/// again.
bool OscServer::is_own(const udp::endpoint& from) const {
  if (from.port() != port_) return false;
  return from.address().is_loopback() ||
         std::find(addresses_.begin(), addresses_.end(), from.address()) != addresses_.end();
}

bool OscServer::is_allowed(const asio::ip::address& address) const {
  if (address.is_loopback()) return true;
  const auto bytes = bytes_of(address);
  return std::any_of(options_.allow.begin(), options_.allow.end(),
                     [&](const Network& network) { return network.contains(bytes); });
}

/// An endpoint's own limit comes first, so that what it sends beyond it takes nothing from the others.
bool OscServer::is_within_rate(uint64_t id, std::span<const uint8_t> bytes, int64_t now_ns) {
  UdpPeers::Peer& peer = *peers_.find(id);
  const double messages = messages_in(bytes);
  if (!peer.messages.take(messages, now_ns)) return false;
  return peer.endpoint.address().is_loopback() || (peer.trusted ? all_trusted_ : all_others_).take(messages, now_ns);
}

void OscServer::datagram(size_t socket, const udp::endpoint& from, std::span<const uint8_t> bytes,
                         bool whole) {
  const auto sender = hear(socket, from);
  if (!sender) return;
  if (!is_within_rate(*sender, bytes, monotonic_ns())) {
    ++counters_.rate_drops;
  } else if (!waiting_.add({*sender, {bytes.begin(), bytes.end()}, whole})) {
    ++counters_.flood_drops;
  } else {
    serve_soon();
  }
}

/// The id of who sent a datagram; nothing if it is not to be heard.
std::optional<uint64_t> OscServer::hear(size_t socket, const udp::endpoint& from) {
  if (const auto surface = hear_surface(socket, from)) return surface;
  if (!is_allowed(from.address())) {
    ++counters_.not_allowed;
    return {};
  }
  if (is_own(from) || from.port() == 0) {
    ++counters_.dropped_echoes;
    return {};
  }
  const auto heard = peers_.hear(from, socket);
  if (!heard) {
    ++counters_.refused_clients;
    return {};
  }
  if (heard->forgotten) {
    counters_.flood_drops += waiting_.forget(*heard->forgotten);
    if (events_.on_disconnect)
      events_.on_disconnect(Client({.id = {kUdp, *heard->forgotten}, .name = "udp (forgotten)"}));
  }
  if (heard->is_new) {
    const Client& client = udp_client(heard->id);
    peers_.find(heard->id)->messages = TokenBucket(client->remote ? options_.rate : options_.loopback_rate);
    if (!client->remote) peers_.trust(heard->id);
    if (events_.on_connect) events_.on_connect(client);
  }
  return heard->id;
}

std::optional<uint64_t> OscServer::hear_surface(size_t socket, const udp::endpoint& from) {
  const auto surface = surfaces_.find(bytes_of(from.address()));
  if (surface == surfaces_.end() || is_own(from)) return {};
  peers_.find(surface->second)->socket = socket;
  return surface->second;
}

void OscServer::serve_soon() {
  if (std::exchange(*serves_, true)) return;
  asio::post(io_, [this, alive = std::weak_ptr(serves_)] {
    if (!alive.expired()) serve();
  });
}

/// Carries out what has been read, for a turn; meanwhile the system's queues fill again, so they come next.
void OscServer::serve() {
  carry_out_waiting(Turn());
  *serves_ = false;
  if (!waiting_.empty()) serve_soon();
}

void OscServer::finish(std::chrono::milliseconds most) { carry_out_waiting(Turn(most)); }

void OscServer::carry_out_waiting(const Turn& turn) {
  while (const auto packet = waiting_.take()) {
    const int64_t begun_ns = monotonic_ns();
    carry_out(*packet);
    waiting_.used(packet->sender, monotonic_ns() - begun_ns);
    if (turn.is_over()) return;
  }
}

void OscServer::carry_out(const FairQueue::Packet& packet) {
  const Client client = udp_client(packet.sender);
  if (packet.whole) {
    ++counters_.packets;
    if (events_.on_packet) events_.on_packet(client, packet.bytes);
    return;
  }
  ++counters_.bad_frames;
  if (events_.on_bad_frame)
    events_.on_bad_frame(client,
                         {"", "a datagram of more than " + std::to_string(UdpPort::kMaxDatagram) + " bytes",
                          "TCP takes packets of 64 KiB"});
}

uint64_t OscServer::kernel_drops() const {
  uint64_t drops = 0;
  for (const auto& port : udp_ports_) drops += port->kernel_drops();
  return drops;
}

/// Whether there is room for one more connection. If not, one is closed that makes it: of those that are at their end,
/// else of those that have never sent anything, else of the others, the one that has been idle longest.
bool OscServer::make_room() {
  if (connections_.size() < options_.max_connections) return true;
  const auto latest = std::chrono::steady_clock::now() - kIdleConnection;
  const auto rank = [](const TcpConnection& connection) {
    return std::tuple(connection.is_open(), connection.has_spoken(), connection.idle_since());
  };
  TcpConnection* least = nullptr;
  for (const auto& [id, connection] : connections_)
    if (connection->idle_since() <= latest && (!least || rank(*connection) < rank(*least))) least = connection.get();
  if (least) least->close();
  return least != nullptr;
}

void OscServer::accept(tcp::socket socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return;  // already hung up
  if (!is_allowed(endpoint.address())) {
    ++counters_.not_allowed;
    return;
  }
  if (!make_room()) {
    ++counters_.refused_clients;
    return;
  }
  const bool remote = !endpoint.address().is_loopback();
  const Client client({.id = {kTcp, ++last_connection_},
                       .name = "tcp " + endpoint_text(endpoint.address(), endpoint.port()),
                       .remote = remote,
                       .role = role_of(remote)});
  TcpConnection::Events events;
  events.packet = [this, client](std::span<const uint8_t> packet) {
    ++counters_.packets;
    if (events_.on_packet) events_.on_packet(client, packet);
  };
  events.bad_frame = [this, client](const Problem& problem) {
    ++counters_.bad_frames;
    if (events_.on_bad_frame) events_.on_bad_frame(client, problem);
  };
  events.closed = [this, client] {
    connections_.erase(client.id().number);
    if (events_.on_disconnect) events_.on_disconnect(client);
  };
  const auto connection =
      std::make_shared<TcpConnection>(std::move(socket), options_.frame_timeout, std::move(events));
  connections_[client.id().number] = connection;
  if (events_.on_connect) events_.on_connect(client);
  connection->start();
}

OpenSockets OscServer::sockets() const {
  OpenSockets sockets;
  for (const auto& port : udp_ports_) sockets.udp.push_back(port->descriptor());
  for (const auto& port : tcp_ports_) sockets.tcp.push_back(port->descriptor());
  return sockets;
}

std::optional<UdpOrigin> OscServer::origin(const Client& client) const {
  const auto* peer = client.id().port == kUdp ? peers_.find(client.id().number) : nullptr;
  if (!peer) return {};
  return UdpOrigin{peer->endpoint.address().to_string(), peer->endpoint.port(), peer->socket};
}

void OscServer::take(const UdpOrigin& from, std::span<const uint8_t> packet) {
  error_code error;
  const auto address = asio::ip::make_address(from.address, error);
  if (error || from.socket >= udp_ports_.size()) return;
  if (const auto sender = hear(from.socket, {address, from.port}))
    carry_out({*sender, {packet.begin(), packet.end()}, true});
}

Sent OscServer::send(const Client& client, std::span<const uint8_t> packet, Delivery delivery) {
  const auto [port, number] = client.id();
  if (port != kUdp && port != kTcp) return Sent::gone;
  Sent sent = Sent::dropped;
  if (packet.size() <= osc::kMaxPacket) {
    sent = port == kTcp ? send_tcp(number, packet, delivery) : send_udp(number, packet);
  }
  if (sent == Sent::dropped) ++counters_.dropped_sends;
  return sent;
}

Sent OscServer::send_udp(uint64_t id, std::span<const uint8_t> packet) {
  const auto* peer = peers_.find(id);
  if (!peer) return Sent::gone;
  return udp_ports_[peer->socket]->send(peer->endpoint, packet) ? Sent::queued : Sent::dropped;
}

Sent OscServer::send_tcp(uint64_t id, std::span<const uint8_t> packet, Delivery delivery) {
  const auto connection = connections_.find(id);
  return connection == connections_.end() ? Sent::gone : connection->second->send(packet, delivery);
}

void OscServer::hold(const Client& client, bool held) {
  if (client.id().port == kUdp && peers_.find(client.id().number)) {
    waiting_.hold(client.id().number, held);
    if (!waiting_.empty()) serve_soon();
  }
  if (client.id().port != kTcp) return;
  if (const auto connection = connections_.find(client.id().number); connection != connections_.end()) connection->second->hold(held);
}

void OscServer::trust(const Client& client) {
  if (client.id().port == kUdp) peers_.trust(client.id().number);
}

void OscServer::pin(const Client& client) {
  if (client.id().port == kUdp) peers_.pin(client.id().number);
}

void OscServer::unpin(const Client& client) {
  if (client.id().port == kUdp) peers_.unpin(client.id().number);
}

void OscServer::disconnect(const Client& client) {
  if (client.id().port != kTcp) return;
  if (const auto connection = connections_.find(client.id().number); connection != connections_.end()) {
    connection->second->close();
  }
}

}  // namespace mixgraph

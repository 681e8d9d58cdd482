#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/network.h"
#include "daemon/osc/client.h"
#include "daemon/net/fair_queue.h"
#include "daemon/net/sockets.h"
#include "daemon/net/tcp_connection.h"
#include "daemon/net/udp_peers.h"
#include "daemon/net/udp_port.h"
#include "graph/problem.h"

namespace mixgraph {

class TcpPort;
class Turn;

struct OscServerOptions {
  std::vector<std::string> addresses;  ///< to bind, in figures; none: 127.0.0.1 and, where there is one, ::1
  uint16_t port = 0;                   ///< for UDP and TCP alike; 0: any that is free
  OpenSockets sockets;                 ///< if there are any, they are used, and nothing is bound
  std::vector<Network> allow;          ///< other machines that are heard; this one always is
  double rate = 2000;             ///< messages per second of a UDP endpoint on another machine; 0: no limit
  double total_rate = 20'000;     ///< of all those together that are trusted
  double other_rate = 4000;       ///< of all others, whose addresses may be forged
  double loopback_rate = 0;       ///< of a UDP endpoint on this machine
  size_t max_udp_clients = 1024;  ///< endpoints remembered
  size_t max_connections = 16;    ///< TCP; the one that has been idle longest makes room for another
  std::vector<NetworkPeer> surfaces;  ///< each of them is one UDP client, whatever its port, and sent to at this one
  std::chrono::milliseconds frame_timeout{10'000};  ///< to finish a started TCP frame
  std::function<RolePtr(bool remote)> role = {};    ///< of a client on this machine or another one; without it, everything
};

/// Where a datagram came from.
struct UdpOrigin {
  std::string address;  ///< in figures
  uint16_t port = 0;
  size_t socket = 0;  ///< the number of the socket that it came to
  bool operator==(const UdpOrigin&) const = default;
};

/// Called from io_context::run(), one at a time. They may send and disconnect, and must not destroy the
/// server.
struct OscServerEvents {
  std::function<void(const Client&, std::span<const uint8_t> packet)> on_packet;
  /// A TCP client connected, or a UDP endpoint was heard for the first time.
  std::function<void(const Client&)> on_connect;
  /// A TCP client is gone, or a UDP endpoint was forgotten to make room. Its id stays invalid for ever.
  std::function<void(const Client&)> on_disconnect;
  /// A TCP stream that cannot be cut into packets. An answer sent from inside the call still arrives.
  std::function<void(const Client&, const Problem&)> on_bad_frame;
};

/// What happened since the server was opened.
struct OscServerCounters {
  uint64_t packets = 0;
  uint64_t bad_frames = 0;
  uint64_t refused_clients = 0;  ///< too many TCP connections, or UDP endpoints that are all pinned
  uint64_t dropped_sends = 0;    ///< packets that found no room
  uint64_t dropped_echoes = 0;   ///< datagrams that claim to come from this server
  uint64_t not_allowed = 0;      ///< datagrams and connections of machines that are not allowed
  uint64_t rate_drops = 0;       ///< datagrams beyond the rate of their endpoint, or of all
  uint64_t flood_drops = 0;      ///< datagrams of endpoints that had too many waiting, or were forgotten meanwhile
};

/// OSC packets over UDP and TCP on one port number, both framings. Knows nothing of what is in them. All of
/// it runs on the thread of the io_context; nothing blocks. [control]
class OscServer {
 public:
  static Result<std::unique_ptr<OscServer>> open(asio::io_context& io, const OscServerOptions& options,
                                                 OscServerEvents events);
  ~OscServer();
  OscServer(const OscServer&) = delete;
  OscServer& operator=(const OscServer&) = delete;

  uint16_t port() const { return port_; }
  /// Where it listens, for people: "127.0.0.1:9000".
  const std::vector<std::string>& listening() const { return listening_; }

  /// Its sockets, for the next life of this process.
  OpenSockets sockets() const;

  /// Where a UDP client's datagrams come from; empty: it is another client, or forgotten.
  std::optional<UdpOrigin> origin(const Client& client) const;
  /// Carries out what has been read from the sockets so far, unless that takes too long.
  void finish(std::chrono::milliseconds most);
  /// Carries out a packet as if it had come from there.
  void take(const UdpOrigin& from, std::span<const uint8_t> packet);

  /// Sends one packet, in the framing of the client. At most osc::kMaxPacket bytes; larger ones are dropped.
  Sent send(const Client& client, std::span<const uint8_t> packet, Delivery delivery = Delivery::certain);
  /// Nothing more of a client is carried out until it is released.
  void hold(const Client& client, bool held);
  /// A UDP client on another machine has shown that it is there: it has no part in the limits of those who have not.
  void trust(const Client& client);
  /// The clients of OscServerOptions::surfaces.
  std::vector<Client> surfaces();
  /// While pinned, a UDP client is not forgotten. Pins count. Without effect on TCP clients.
  void pin(const Client& client);
  void unpin(const Client& client);
  /// Closes a TCP connection; on_disconnect follows. Without effect on UDP clients.
  void disconnect(const Client& client);

  const OscServerCounters& counters() const { return counters_; }
  /// Datagrams that the system dropped because they were not read in time.
  uint64_t kernel_drops() const;
  size_t connections() const { return connections_.size(); }

 private:
  OscServer(asio::io_context& io, const OscServerOptions& options, OscServerEvents events);
  void start(BoundSockets bound);
  void add_surface(const NetworkPeer& surface);
  void datagram(size_t socket, const asio::ip::udp::endpoint& from, std::span<const uint8_t> bytes,
                bool whole);
  std::optional<uint64_t> hear(size_t socket, const asio::ip::udp::endpoint& from);
  std::optional<uint64_t> hear_surface(size_t socket, const asio::ip::udp::endpoint& from);
  void serve_soon();
  void serve();
  void carry_out_waiting(const Turn& turn);
  void carry_out(const FairQueue::Packet& packet);
  void accept(asio::ip::tcp::socket socket);
  bool make_room();
  bool is_own(const asio::ip::udp::endpoint& from) const;
  bool is_allowed(const asio::ip::address& address) const;
  bool is_within_rate(uint64_t id, std::span<const uint8_t> bytes, int64_t now_ns);
  RolePtr role_of(bool remote) const;
  const Client& udp_client(uint64_t id);
  Client new_udp_client(uint64_t id) const;
  Sent send_udp(uint64_t id, std::span<const uint8_t> packet);
  Sent send_tcp(uint64_t id, std::span<const uint8_t> packet, Delivery delivery);

  asio::io_context& io_;
  OscServerOptions options_;
  OscServerEvents events_;
  OscServerCounters counters_;
  uint16_t port_ = 0;
  std::vector<std::string> listening_;
  std::vector<asio::ip::address> addresses_;
  std::vector<std::shared_ptr<UdpPort>> udp_ports_;
  std::vector<std::shared_ptr<TcpPort>> tcp_ports_;
  UdpPeers peers_;
  std::map<Network::Address, uint64_t> surfaces_;  // their ids
  TokenBucket all_trusted_, all_others_;           // of other machines
  FairQueue waiting_;  // datagrams
  std::shared_ptr<bool> serves_ = std::make_shared<bool>(false);  // whether a turn of theirs is due
  std::map<uint64_t, std::shared_ptr<TcpConnection>> connections_;
  uint64_t last_connection_ = 0;
};

}  // namespace mixgraph

#pragma once
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <string>
#include <vector>

#include "graph/problem.h"

namespace boost::asio {
class io_context;
}

namespace mixgraph {

namespace asio = boost::asio;

/// Sockets bound to one port number.
struct BoundSockets {
  std::vector<asio::ip::udp::socket> udp;    ///< several per address, each with a queue for some of the senders
  std::vector<asio::ip::tcp::acceptor> tcp;  ///< listening, one per address
  uint16_t port = 0;
};

/// File descriptors of sockets that somebody else bound: a service manager, or this program before it started
/// itself again.
struct OpenSockets {
  std::vector<int> udp;
  std::vector<int> tcp;  ///< listening
  bool empty() const { return udp.empty() && tcp.empty(); }
  bool operator==(const OpenSockets&) const = default;
};

/// Takes them over. All must have the same port number. None of them is inherited by other programs. The
/// problem names the one that is no such socket. [control]
Result<BoundSockets> adopt_sockets(asio::io_context& io, const OpenSockets& sockets);

/// Binds UDP and TCP on every address (IPv4 or IPv6 in figures); none means 127.0.0.1, and ::1 where the
/// machine has it. Port 0 takes one that is free everywhere. All sockets are non-blocking, and
/// none is inherited by other programs. The problem names the address. [control]
Result<BoundSockets> bind_sockets(asio::io_context& io, const std::vector<std::string>& addresses,
                                  uint16_t port);

/// "127.0.0.1:9000" or "[::1]:9000".
std::string endpoint_text(const asio::ip::address& address, uint16_t port);

}  // namespace mixgraph

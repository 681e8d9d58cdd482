#include "daemon/net/sockets.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <iterator>
#include <optional>

namespace mixgraph {
namespace {

using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;

constexpr int kReceiveBuffer = 1 << 20;  // bytes
constexpr int kFreePortAttempts = 20;
constexpr int kQueues = 32;  // UDP sockets per address

std::string hint_for(const error_code& error) {
  if (error == asio::error::address_in_use) return "stop the program that uses it, or choose another port";
  if (error == asio::error::access_denied) return "a port from 1024 to 65535";
  return "an address of this machine";
}

Problem bind_problem(const char* kind, const asio::ip::address& address, uint16_t port,
                     const error_code& error) {
  return {fmt::format("{} {}", kind, endpoint_text(address, port)), error.message(), hint_for(error)};
}

template <class Value>
error_code set_option(udp::socket& socket, int option, const Value& value) {
  const bool done = ::setsockopt(socket.native_handle(), SOL_SOCKET, option, &value, sizeof value) == 0;
  return done ? error_code() : error_code(errno, boost::system::system_category());
}
/// Lets others of this user have the same port, if they allow it too.
error_code share_port(udp::socket& socket) { return set_option(socket, SO_REUSEPORT, 1); }

/// One socket or acceptor, open and bound but not listening; `joins` others on its port.
template <class Socket>
error_code bind_one(Socket& socket, const typename Socket::endpoint_type& endpoint, bool joins = false) {
  error_code error;
  if (!socket.is_open()) socket.open(endpoint.protocol(), error);
  if (!error && endpoint.address().is_v6()) socket.set_option(asio::ip::v6_only(true), error);
  if (!error) socket.non_blocking(true, error);
  if (!error) fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  // TCP may follow itself on a port at once. UDP with this option would let two daemons share one.
  if constexpr (std::is_same_v<Socket, tcp::acceptor>) {
    if (!error) socket.set_option(tcp::acceptor::reuse_address(true), error);
  } else {
    if (!error && joins) error = share_port(socket);
    error_code ignored;  // the system may grant less
    socket.set_option(udp::socket::receive_buffer_size(kReceiveBuffer), ignored);
  }
  if (!error) socket.bind(endpoint, error);
  return error;
}

/// Leaves what was sent to many machines at once to the first socket: the system would give it to all of them.
error_code hear_own_only(udp::socket& socket) {
  sock_filter program[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, uint32_t(SKF_AD_OFF + SKF_AD_PKTTYPE)},
                           {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, PACKET_HOST},
                           {BPF_RET | BPF_K, 0, 0, UINT32_MAX},
                           {BPF_RET | BPF_K, 0, 0, 0}};
  const sock_fprog filter{uint16_t(std::size(program)), program};
  return set_option(socket, SO_ATTACH_FILTER, filter);
}

/// Adds sockets to the one that is bound to `endpoint`. The system deals datagrams out among them by their sender,
/// always to the same, so that a flood fills one queue of many. The first one is bound without the option, as
/// it must have the port for itself; where others can't join it, it stays alone.
void add_queues(std::vector<udp::socket>& sockets, asio::io_context& io, udp::socket first) {
  error_code error;
  const auto endpoint = first.local_endpoint(error);
  if (!error) error = share_port(first);
  sockets.push_back(std::move(first));
  for (int i = 1; i < kQueues && !error; ++i) {
    udp::socket next(io);
    next.open(endpoint.protocol(), error);
    if (!error) error = hear_own_only(next);  // before anything can come
    if (!error) error = bind_one(next, endpoint, true);
    if (!error) sockets.push_back(std::move(next));
  }
}

struct Failure {
  Problem problem;
  error_code error;
};

std::optional<Failure> bind_address(BoundSockets& bound, asio::io_context& io,
                                    const asio::ip::address& address) {
  udp::socket datagrams(io);
  if (const auto error = bind_one(datagrams, udp::endpoint(address, bound.port))) {
    return Failure{bind_problem("udp", address, bound.port, error), error};
  }
  error_code ignored;
  const uint16_t port = datagrams.local_endpoint(ignored).port();

  tcp::acceptor acceptor(io);
  auto error = bind_one(acceptor, tcp::endpoint(address, port));
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) return Failure{bind_problem("tcp", address, port, error), error};

  bound.port = port;
  add_queues(bound.udp, io, std::move(datagrams));
  bound.tcp.push_back(std::move(acceptor));
  return {};
}

Result<std::vector<asio::ip::address>> parse_addresses(const std::vector<std::string>& texts) {
  std::vector<asio::ip::address> addresses;
  Problems problems;
  for (const auto& text : texts) {
    error_code error;
    addresses.push_back(asio::ip::make_address(text, error));
    if (error)
      problems.push_back({text, "not an IP address", "an address such as 127.0.0.1, 0.0.0.0 or ::1"});
  }
  if (!problems.empty()) return problems;
  return addresses;
}

Result<BoundSockets> bind_addresses(asio::io_context& io, const std::vector<asio::ip::address>& addresses,
                                    uint16_t port, bool skip_missing, bool& retry) {
  BoundSockets bound{{}, {}, port};
  for (const auto& address : addresses) {
    const auto failure = bind_address(bound, io, address);
    if (!failure) continue;
    if (skip_missing && address.is_v6() && failure->error != asio::error::address_in_use) continue;
    retry = port == 0 && failure->error == asio::error::address_in_use;
    return failure->problem;
  }
  return bound;
}

int option_of(int socket, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

/// Makes `socket` the one with this descriptor, if that is bound and of the right kind.
template <class Socket>
std::optional<Problem> adopt_one(Socket& socket, int descriptor, uint16_t& port) {
  constexpr bool kTcp = std::is_same_v<Socket, tcp::acceptor>;
  const std::string name = fmt::format("{} socket, file descriptor {}", kTcp ? "tcp" : "udp", descriptor);
  const int domain = option_of(descriptor, SO_DOMAIN);
  const bool fits = (domain == AF_INET || domain == AF_INET6) &&
                    option_of(descriptor, SO_TYPE) == (kTcp ? SOCK_STREAM : SOCK_DGRAM) &&
                    (!kTcp || option_of(descriptor, SO_ACCEPTCONN) == 1);
  if (!fits)
    return Problem{name, "it is not what it should be",
                   kTcp ? "a listening stream socket" : "a bound datagram socket"};
  using Protocol = typename Socket::protocol_type;
  error_code error;
  socket.assign(domain == AF_INET ? Protocol::v4() : Protocol::v6(), descriptor, error);
  if (!error) socket.non_blocking(true, error);
  const auto endpoint = error ? typename Socket::endpoint_type() : socket.local_endpoint(error);
  if (error) return Problem{name, error.message(), ""};
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  if (port == 0) port = endpoint.port();
  if (endpoint.port() != port)
    return Problem{name, fmt::format("its port is {}", endpoint.port()),
                   fmt::format("{}, as of the others", port)};
  return {};
}

}  // namespace

Result<BoundSockets> adopt_sockets(asio::io_context& io, const OpenSockets& sockets) {
  BoundSockets bound;
  for (const int descriptor : sockets.udp)
    if (auto problem = adopt_one(bound.udp.emplace_back(io), descriptor, bound.port)) return *problem;
  for (const int descriptor : sockets.tcp)
    if (auto problem = adopt_one(bound.tcp.emplace_back(io), descriptor, bound.port)) return *problem;
  return bound;
}

std::string endpoint_text(const asio::ip::address& address, uint16_t port) {
  const std::string text = address.to_string();
  return address.is_v6() ? fmt::format("[{}]:{}", text, port) : fmt::format("{}:{}", text, port);
}

Result<BoundSockets> bind_sockets(asio::io_context& io, const std::vector<std::string>& texts,
                                  uint16_t port) {
  const bool by_default = texts.empty();
  const auto addresses = parse_addresses(by_default ? std::vector<std::string>{"127.0.0.1", "::1"} : texts);
  if (!addresses) return addresses.problems();
  for (int attempt = 1;; ++attempt) {
    bool retry = false;
    auto bound = bind_addresses(io, *addresses, port, by_default, retry);
    if (bound || !retry || attempt == kFreePortAttempts) return bound;
  }
}

}  // namespace mixgraph

#pragma once
#include <array>
#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "daemon/control/osc.h"

namespace mixgraph {

/// One bound UDP socket: many datagrams per wake-up, and none that blocks. [control]
class UdpPort : public std::enable_shared_from_this<UdpPort> {
 public:
  using Endpoint = boost::asio::ip::udp::endpoint;
  using OnDatagram = std::function<void(const Endpoint& from, std::span<const uint8_t>)>;

  /// The socket is bound and non-blocking. Nothing arrives before start().
  UdpPort(boost::asio::ip::udp::socket socket, OnDatagram on_datagram);
  void start();
  /// False when the datagram was dropped: too large, or the system has no room for it.
  bool send(const Endpoint& to, std::span<const uint8_t> bytes);
  void close();
  int descriptor() { return socket_.native_handle(); }

 private:
  static constexpr int kBurst = 64;  // datagrams before other sockets have their turn
  void drain();

  boost::asio::ip::udp::socket socket_;
  OnDatagram on_datagram_;
  std::array<uint8_t, osc::kMaxPacket + 1> buffer_;
};

}  // namespace mixgraph

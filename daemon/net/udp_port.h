#pragma once
#include <sys/socket.h>

#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace mixgraph {

/// One bound UDP socket: many datagrams per call of the system, none that blocks, and others have their turn
/// in between. [control]
class UdpPort : public std::enable_shared_from_this<UdpPort> {
 public:
  using Endpoint = boost::asio::ip::udp::endpoint;
  static constexpr size_t kMaxDatagram = 8192;  ///< bytes; larger ones arrive cut

  /// Where many datagrams are read to at once. Ports on one thread share one.
  class Batch;
  static std::shared_ptr<Batch> make_batch();
  /// `whole`: false if it was larger than kMaxDatagram.
  using Heard = std::function<void(const Endpoint& from, std::span<const uint8_t>, bool whole)>;

  /// The socket is bound and non-blocking. Nothing arrives before start().
  UdpPort(boost::asio::ip::udp::socket socket, std::shared_ptr<Batch> batch, Heard heard);
  void start();
  /// False when the datagram was dropped: the system has no room for it.
  bool send(const Endpoint& to, std::span<const uint8_t> bytes);
  void close();
  /// That it is bound to.
  boost::asio::ip::address address() const {
    boost::system::error_code ignored;
    return socket_.local_endpoint(ignored).address();
  }
  int descriptor() { return socket_.native_handle(); }
  /// Datagrams that the system dropped because they were not read in time.
  uint32_t kernel_drops() const { return kernel_drops_; }

 private:
  enum class Left : uint8_t { nothing, maybe_more };

  void serve();
  Left turn();
  void note_drops(const msghdr& header);

  boost::asio::ip::udp::socket socket_;
  std::shared_ptr<Batch> batch_;
  Heard heard_;
  uint32_t kernel_drops_ = 0;
};

}  // namespace mixgraph

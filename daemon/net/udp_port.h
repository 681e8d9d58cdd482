#pragma once
#include <sys/socket.h>

#include <array>
#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace mixgraph {

/// One bound UDP socket: many datagrams per call of the system, none that blocks, and other sockets have
/// their turn in between. [control]
class UdpPort : public std::enable_shared_from_this<UdpPort> {
 public:
  using Endpoint = boost::asio::ip::udp::endpoint;
  static constexpr size_t kMaxDatagram = 8192;  ///< bytes; larger ones arrive cut

  struct Events {
    /// `whole`: false if it was larger than kMaxDatagram.
    std::function<void(const Endpoint& from, std::span<const uint8_t>, bool whole)> datagram;
    /// All that had come was read.
    std::function<void()> caught_up;
  };

  /// The socket is bound and non-blocking. Nothing arrives before start().
  UdpPort(boost::asio::ip::udp::socket socket, Events events);
  void start();
  /// False when the datagram was dropped: the system has no room for it.
  bool send(const Endpoint& to, std::span<const uint8_t> bytes);
  void close();
  int descriptor() { return socket_.native_handle(); }
  /// Datagrams that the system dropped because they were not read in time.
  uint32_t kernel_drops() const { return kernel_drops_; }

 private:
  static constexpr size_t kBatch = 32;  // datagrams per call of the system
  static constexpr int kBatches = 64;   // per turn, unless its time is over before
  enum class Left : uint8_t { nothing, maybe_more };

  void serve();
  Left turn();
  bool receive();
  void deliver(size_t index);
  void note_drops(const msghdr& header);

  struct Slot {
    std::array<uint8_t, kMaxDatagram> bytes;
    Endpoint from;
    alignas(cmsghdr) std::array<uint8_t, 64> control;
  };
  boost::asio::ip::udp::socket socket_;
  Events events_;
  std::vector<Slot> slots_;
  std::array<mmsghdr, kBatch> headers_{};
  std::array<iovec, kBatch> buffers_{};
  size_t received_ = 0, next_ = 0;  // of slots_
  uint32_t kernel_drops_ = 0;
};

}  // namespace mixgraph

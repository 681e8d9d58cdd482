#pragma once
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "daemon/osc/framing.h"
#include "graph/problem.h"

namespace mixgraph {

/// What became of bytes that were to be sent.
enum class Sent : uint8_t {
  queued,   ///< handed to the system, or waiting in the queue of the connection
  dropped,  ///< there was no room; the client is still there
  gone,     ///< there is no such client, or no longer
};

/// What may be left out when a client reads too slowly.
enum class Delivery : uint8_t {
  certain,    ///< answers and changes: a TCP client that has no room for one is closed
  droppable,  ///< meters: the next one replaces it
};

/// One TCP client: packets out of its stream, and a bounded queue of packets into it. Never blocks. [control]
class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
 public:
  static constexpr size_t kMaxQueue = 1 << 20;          ///< bytes waiting to be sent
  static constexpr size_t kDroppableQueue = 256 << 10;  ///< bytes; above this droppable packets are dropped

  struct Events {
    std::function<void(std::span<const uint8_t>)> packet;
    /// The stream is wrong. An answer given from inside this call is still sent, even when the connection
    /// ends.
    std::function<void(const Problem&)> bad_frame;
    /// Once, never from inside send() or close().
    std::function<void()> closed;
  };

  /// `frame_timeout` is the time to finish a started frame, and at the end of a connection to take what
  /// waits.
  TcpConnection(boost::asio::ip::tcp::socket socket, std::chrono::milliseconds frame_timeout, Events events);
  void start();
  Sent send(std::span<const uint8_t> packet, Delivery delivery);
  /// While it is held, no packets come of it, and its stream is not read on.
  void hold(bool held);
  /// Whether a whole packet has ever come.
  bool has_spoken() const { return has_spoken_; }
  bool is_open() const { return state_ == State::open; }
  /// Since when nothing has come, and the system has taken nothing to be sent.
  std::chrono::steady_clock::time_point idle_since() const { return idle_since_; }
  /// Ends the connection at once.
  void close();
  /// Ends it without calling any of the events again.
  void abandon();

 private:
  enum class State : uint8_t {
    open,
    draining,  // what waits is sent, what comes is thrown away
    closed,
  };

  void end_if_peer_is_gone();
  void read();
  void input(const boost::system::error_code& error, size_t size);
  void serve(bool same_frame);
  void end_of_input(bool orderly);
  void write();
  void output(const boost::system::error_code& error);
  void drain();
  void everything_sent();
  void watch_frame(bool same_frame);
  void set_deadline();
  void deadline_passed();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  std::chrono::milliseconds frame_timeout_;
  Events events_;
  State state_ = State::open;
  bool input_ended_ = false, has_spoken_ = false, held_ = false, reading_ = false;
  std::chrono::steady_clock::time_point idle_since_ = std::chrono::steady_clock::now();
  FrameReader frames_;
  std::array<uint8_t, 16384> input_;
  std::vector<uint8_t> writing_;  // with the system; then
  std::vector<uint8_t> waiting_;
};

}  // namespace mixgraph

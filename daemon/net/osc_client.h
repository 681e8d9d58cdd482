#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/osc/framing.h"
#include "graph/problem.h"

namespace mixgraph {

enum class OscTransport : uint8_t {
  udp,
  tcp,       ///< size prefixes (OSC 1.0)
  tcp_slip,  ///< SLIP (OSC 1.1)
};

/// The other end: sends and receives OSC packets, waiting at most as long as it is told. For the command line
/// and tests; never inside the daemon. One thread at a time. [any]
class OscClient {
 public:
  using Milliseconds = std::chrono::milliseconds;
  static constexpr Milliseconds kSendTimeout{2000};

  /// Connects to a host by name or address; a name server that is silent may take longer than `timeout`. For UDP nothing is sent, so a missing server shows only later.
  static Result<std::unique_ptr<OscClient>> open(const std::string& host, uint16_t port,
                                                 OscTransport transport,
                                                 Milliseconds timeout = Milliseconds(2000));
  OscClient(const OscClient&) = delete;
  OscClient& operator=(const OscClient&) = delete;

  /// False, with failure(), when it could not be sent within kSendTimeout.
  bool send(std::span<const uint8_t> packet);
  /// Sends bytes over TCP as they are, without framing, to try what a server does with them.
  bool send_raw(std::span<const uint8_t> bytes);
  /// The next packet, except those by which a daemon on another machine asks whether we are here, which are returned to
  /// it; empty when none came in time, or with failure().
  std::optional<std::vector<uint8_t>> receive(Milliseconds timeout);

  /// Why nothing can be sent or received any more.
  const std::optional<Problem>& failure() const { return failure_; }

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  struct Outcome {
    boost::system::error_code error;
    size_t size = 0;
  };

  OscClient(std::string where, OscTransport transport);
  bool is_udp() const { return transport_ == OscTransport::udp; }
  bool fail(const boost::system::error_code& error);
  template <class Protocol>
  boost::system::error_code connect(const std::string& host, uint16_t port, Deadline deadline);
  boost::system::error_code connect(const boost::asio::ip::udp::resolver::results_type& found,
                                    Deadline deadline);
  boost::system::error_code connect(const boost::asio::ip::tcp::resolver::results_type& found,
                                    Deadline deadline);
  Outcome receive_some(Deadline deadline);
  bool confirms(std::span<const uint8_t> packet);
  template <class Start, class Cancel>
  Outcome wait(Deadline deadline, Start start, Cancel cancel);

  std::string where_;  // for problems
  OscTransport transport_;
  boost::asio::io_context io_;
  boost::asio::ip::udp::socket datagrams_{io_};
  boost::asio::ip::tcp::socket stream_{io_};
  FrameReader frames_;
  std::vector<uint8_t> buffer_;
  std::optional<Problem> failure_;
};

}  // namespace mixgraph

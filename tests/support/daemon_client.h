#pragma once
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/osc/osc.h"
#include "daemon/net/osc_client.h"

namespace mixgraph {

/// A client of a daemon at 127.0.0.1, for tests that need more than a transcript: ones that restart it.
class DaemonClient {
 public:
  explicit DaemonClient(int port, OscTransport transport = OscTransport::udp);

  bool send(const std::string& address, std::vector<osc::Argument> arguments = {});
  bool send(const osc::Packet& packet);
  /// The next message to this address; others are passed over.
  std::optional<osc::Message> wait_for(const std::string& address,
                                       std::chrono::milliseconds patience = std::chrono::seconds(5));
  /// An item of /status: a number, or a text. NaN and "?" where there is none. Asks again until there is an
  /// answer, for up to 10 s.
  double number(const std::string& item);
  std::string text(const std::string& item);
  /// A parameter's value; NaN: no answer in time.
  double get(const std::string& address);
  /// The session as /graph/get tells it; throws std::runtime_error if it doesn't, in 10 s.
  std::string session();
  /// Asks for /status until an item is this text.
  bool wait_for_text(const std::string& item, const std::string& expected,
                     std::chrono::milliseconds patience = std::chrono::seconds(10));
  bool wait_for_number(const std::string& item, double least,
                       std::chrono::milliseconds patience = std::chrono::seconds(10));

 private:
  std::optional<osc::Argument> status(const std::string& item);
  std::optional<osc::Message> next(std::chrono::milliseconds patience);

  std::unique_ptr<OscClient> socket_;
  std::deque<osc::Message> received_;
};

}  // namespace mixgraph

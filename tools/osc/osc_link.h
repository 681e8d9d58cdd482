#pragma once
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "daemon/osc/osc.h"
#include "daemon/net/osc_client.h"

namespace mixgraph {

/// Where `mixgraph osc` talks to.
struct OscPeer {
  std::string host = "127.0.0.1";
  int port = 9000;
  bool tcp = false;
  std::string framing;  ///< size or slip; empty: size
  std::string name() const { return host + ":" + std::to_string(port) + (tcp ? " (tcp)" : " (udp)"); }
};

/// A connection to a daemon, message by message. One thread. [any]
class OscLink {
 public:
  using Milliseconds = std::chrono::milliseconds;
  static Result<std::unique_ptr<OscLink>> open(const OscPeer& peer);

  void send(const osc::Message& message) { client_->send(osc::encode(message)); }
  /// The next message, bundles taken apart; empty when none came in time, or with failure().
  std::optional<osc::Message> receive(Milliseconds timeout);
  const std::optional<Problem>& failure() const { return client_->failure(); }

 private:
  explicit OscLink(std::unique_ptr<OscClient> client) : client_(std::move(client)) {}
  void take(const osc::Packet& packet);

  std::unique_ptr<OscClient> client_;
  std::deque<osc::Message> waiting_;
};

}  // namespace mixgraph

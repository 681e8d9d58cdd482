#pragma once
#include <functional>
#include <map>

#include "daemon/osc/send.h"

namespace mixgraph {

/// Takes what is sent to a client to the port that it came by: each speaks its own tongue. [control]
class Router {
 public:
  struct Sink {
    Send send;
    /// Nothing more is to be read from a client for now, or it is again.
    std::function<void(const Client&, bool held)> hold = {};
  };

  void connect(uint16_t port, Sink sink) { sinks_[port] = std::move(sink); }
  /// To a port that isn't there nothing is sent.
  void send(const Client& client, const osc::Packet& packet, bool droppable) const {
    const auto sink = sinks_.find(client.id().port);
    if (sink != sinks_.end()) sink->second.send(client, packet, droppable);
  }
  void hold(const Client& client, bool held) const {
    const auto sink = sinks_.find(client.id().port);
    if (sink != sinks_.end() && sink->second.hold) sink->second.hold(client, held);
  }

 private:
  std::map<uint16_t, Sink> sinks_;
};

}  // namespace mixgraph

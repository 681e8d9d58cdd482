#pragma once
#include <deque>
#include <functional>
#include <map>
#include <optional>

#include "daemon/control/send.h"

namespace mixgraph {

/// An answer of many messages. Each is made when it is sent, so that it tells the value of that moment.
struct LongAnswer {
  size_t count = 0;
  std::function<std::optional<osc::Message>(size_t)> message;         ///< nullopt: it is gone, and left out
  std::function<std::optional<osc::Message>(size_t sent)> last = {};  ///< after all others; may be empty
};

/// Long answers, sent at a pace that a client's socket buffer bears: one bundle per client and tick.
/// [control]
class Outbox {
 public:
  static constexpr size_t kWaiting = 8;  ///< long answers per client

  /// False: too many are waiting for this client.
  bool add(const ClientId& client, LongAnswer answer);
  void drop(const ClientId& client) { queues_.erase(client); }
  void tick(const Send& send);
  size_t size() const { return queues_.size(); }

 private:
  struct Queued {
    LongAnswer answer;
    size_t next = 0, sent = 0;
  };
  static osc::Bundle next_bundle(Queued& queued);

  std::map<ClientId, std::deque<Queued>> queues_;
};

}  // namespace mixgraph

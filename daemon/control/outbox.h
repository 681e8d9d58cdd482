#pragma once
#include <deque>
#include <functional>
#include <map>
#include <optional>

#include "daemon/osc/send.h"

namespace mixgraph {

/// An answer of many messages. Each is made when it is sent, so that it tells the value of that moment.
struct LongAnswer {
  size_t count = 0;
  std::function<std::optional<osc::Message>(size_t)> message;         ///< nullopt: it is gone, and left out
  std::function<std::optional<osc::Message>(size_t sent)> last = {};  ///< after all others; may be empty
  size_t bytes = 0;                                                   ///< of memory that it takes, about
};

/// Long answers, sent at a pace that a client's socket buffer bears: one bundle per client and tick, and to
/// so many clients per tick that it takes no more than a fraction of it. [control]
class Outbox {
 public:
  static constexpr size_t kWaiting = 8;          ///< long answers per client
  static constexpr size_t kMost = 64;            ///< long answers
  static constexpr size_t kMostBytes = 4 << 20;  ///< of all of them; one alone may take more
  static constexpr size_t kClientsPerTick = 16;

  /// False: too many are waiting for this client.
  bool add(const Client& client, LongAnswer answer);
  void drop(const Client& client);
  void tick(const Send& send);
  size_t size() const { return queues_.size(); }

 private:
  struct Queued {
    LongAnswer answer;
    size_t next = 0, sent = 0;
  };
  static osc::Bundle next_bundle(Queued& queued);

  using Queues = std::map<Client, std::deque<Queued>>;
  Queues::iterator serve(Queues::iterator client, const Send& send);
  void done_with(const Queued& queued);

  Queues queues_;
  std::optional<Client> last_served_;
  size_t waiting_ = 0, bytes_ = 0;
};

}  // namespace mixgraph

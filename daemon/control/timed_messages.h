#pragma once
#include <map>
#include <vector>

#include "daemon/osc/client.h"
#include "daemon/osc/osc.h"
#include "graph/node.h"

namespace mixgraph {

/// Messages that belong together, at one time.
struct TimedGroup {
  ClientId client;
  osc::TimeTag time;
  std::vector<osc::Message> messages;

  /// Whether it begins with `/on_tick`: its frame is the first one of a tick.
  bool on_tick() const {
    return !messages.empty() && messages.front().address == "/on_tick" && messages.front().arguments.empty();
  }
};

/// The first frame from `frame` on with which a tick of the engine's grid begins. [any]
constexpr uint64_t next_tick(uint64_t frame) {
  return (frame + kMaxBlock - 1) / kMaxBlock * kMaxBlock;
}

/// The messages of a bundle and of those inside it, in groups by time; what is inside at no later time
/// belongs to the bundle around it. [any]
std::vector<TimedGroup> groups_of(const ClientId& client, const osc::Bundle& bundle);

/// Groups that wait for their time. [control]
class TimedMessages {
 public:
  static constexpr size_t kCapacity = 10'000;    ///< messages
  static constexpr size_t kMostBytes = 4 << 20;  ///< that they take, about

  /// False: no room.
  bool add(TimedGroup group);
  /// What is due until a system time (ns since 1970), in order of time, then of arrival.
  std::vector<TimedGroup> take(int64_t until_ns);
  /// All that wait.
  const std::multimap<int64_t, TimedGroup>& waiting() const { return waiting_; }
  size_t size() const { return messages_; }  ///< messages
  bool empty() const { return waiting_.empty(); }

 private:
  std::multimap<int64_t, TimedGroup> waiting_;
  size_t messages_ = 0, bytes_ = 0;
};

}  // namespace mixgraph

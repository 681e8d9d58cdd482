#pragma once
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "daemon/osc/client.h"
#include "daemon/osc/now.h"
#include "daemon/osc/osc.h"
#include "graph/node.h"

namespace mixgraph {

/// Messages that belong together, at one time.
struct TimedGroup {
  Client client;
  osc::TimeTag time;
  std::vector<osc::Message> messages;
  uint64_t frame = 0;   ///< at which it is due, whatever the system's clock says later; 0: not known yet
  int64_t due_ns = 0;   ///< monotonic; counts while the frame is not known
  bool trusted = true;  ///< else it waits in a room apart

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
std::vector<TimedGroup> groups_of(const Client& client, const osc::Bundle& bundle);

/// Groups that wait for their time. [control]
class TimedMessages {
 public:
  static constexpr size_t kCapacity = 10'000;    ///< messages
  static constexpr size_t kMostBytes = 4 << 20;  ///< that they take, about
  static constexpr size_t kUntrusted = 10;       ///< so many times less of those of clients that are not trusted
  using Place = std::pair<uint64_t, uint64_t>;   ///< frame, number by arrival

  /// False: no room.
  bool add(TimedGroup group);
  /// Gives their frames to those that came before frames were tied to the time. `rate` in Hz.
  void tie(const Now& now, double rate);
  /// What is due until a frame, in order of time, then of arrival; of what has no frame yet, until a monotonic time.
  std::vector<TimedGroup> take(uint64_t until_frame, int64_t until_ns);
  /// Drops what waits of a client.
  void drop(const Client& client);
  /// All that wait.
  const std::map<Place, TimedGroup>& waiting() const { return waiting_; }
  bool empty() const { return waiting_.empty(); }

 private:
  using Waiting = std::map<Place, TimedGroup>;
  TimedGroup remove(Waiting::iterator at);

  Waiting waiting_;
  std::unordered_map<Client, std::set<Place>> of_client_;
  uint64_t arrivals_ = 0;
  struct Room {
    size_t messages = 0, bytes = 0;
  };
  Room trusted_, untrusted_;  // that is taken
};

}  // namespace mixgraph

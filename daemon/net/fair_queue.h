#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace mixgraph {

/// Packets of many senders that wait to be carried out. Whoever has taken the least time goes first, so that a sender who
/// floods it delays itself: start-time fair queueing (P. Goyal, H. M. Vin and H. Cheng, SIGCOMM 1996), with the
/// time that a packet really took as its length. [control]
class FairQueue {
 public:
  /// Bytes for all. No sender has more of them than its equal share; each may have one packet in any case.
  static constexpr size_t kRoom = 1 << 20;

  struct Packet {
    uint64_t sender = 0;
    std::vector<uint8_t> bytes;
    bool whole = true;  ///< false: it was cut
  };

  /// False: its sender has no more room.
  bool add(Packet packet);
  /// The next one. used() is to follow.
  std::optional<Packet> take();
  /// A packet of this sender took so long.
  void used(uint64_t sender, int64_t ns);
  /// Drops what waits of it; returns how many packets.
  size_t forget(uint64_t sender);
  /// While it is held, nothing of this sender is taken.
  void hold(uint64_t sender, bool held);
  /// Whether there is nothing to take.
  bool empty() const { return order_.empty(); }

 private:
  struct Sender {
    std::deque<Packet> waiting;
    size_t bytes = 0;
    bool held = false;
    int64_t start = 0;  // ns of virtual time at which its next packet begins
  };

  std::unordered_map<uint64_t, Sender> senders_;
  std::set<std::pair<int64_t, uint64_t>> order_;  // of those with packets waiting, by start
  size_t bytes_ = 0;
  int64_t virtual_time_ = 0, latest_ = 0;         // ns: the start of what was taken last, the latest start of all
};

}  // namespace mixgraph

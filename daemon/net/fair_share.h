#pragma once
#include <cstdint>
#include <unordered_map>

namespace mixgraph {

/// Divides the time that packets take among their senders, while more come than can be carried out. A socket
/// has one queue for all senders, and the system drops whatever comes when it is full; so the packets of
/// those who send most are thrown away as soon as they are read, and the queue stays short for the others.
/// Without an overload, or with one sender alone, nobody is held back. [control]
class FairShare {
 public:
  /// Whether a sender's packet may be carried out, or is to be thrown away. Times are monotonic.
  bool admits(uint64_t sender, int64_t now_ns);
  /// A packet took so long.
  void used(uint64_t sender, int64_t ns) { used_[sender] += ns; }
  /// The queue was found empty.
  void caught_up() { caught_up_ = true; }

 private:
  static constexpr int64_t kWindow = 5'000'000;      // ns
  static constexpr int64_t kMost = 3'000'000;        // ns of a window for all senders in an overload
  static constexpr int64_t kLeast = 100'000;
  static constexpr int64_t kPersists = 100'000'000;  // ns that an overload is taken to last
  void begin_window(int64_t now_ns);
  int64_t fair_share() const;

  std::unordered_map<uint64_t, int64_t> used_;  // ns in this window
  int64_t window_ends_ = 0, overload_ends_ = 0;
  int64_t budget_ = kMost;     // ns of all senders in a window
  int64_t share_ = INT64_MAX;  // ns of each sender in this window
  bool caught_up_ = true;
};

}  // namespace mixgraph

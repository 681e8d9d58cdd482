#pragma once
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/engine.h"

namespace mixgraph {

/// Whether a row's value changes while its node runs on, and all others with their cables. [any]
bool can_move(const Parameter& p);
/// Whether it can take its time. [any]
bool takes_time(const Parameter& p);

/// A parameter on its way, as control sees it: where it is at any frame.
struct RunningMove {
  const Parameter* parameter = nullptr;
  double from = 0, to = 0;  ///< in the unit
  uint64_t start = 0;       ///< frame
  double frames = 0;        ///< length
  Course course = Course::position;

  double end() const { return double(start) + frames; }
  double at(uint64_t frame) const;
};

/// All that move, by address: so that a get and the feedback during a move tell the value now. [control]
class Moves {
 public:
  void begin(const std::string& address, const RunningMove& move) { moves_[address] = move; }
  void stop(const std::string& address) {
    if (!moves_.empty()) moves_.erase(address);
  }
  /// The value now; nullopt if it rests.
  std::optional<double> value(const std::string& address, uint64_t frame) const;
  /// What has begun and not arrived.
  std::vector<std::string> under_way(uint64_t frame) const;
  /// What has arrived since the last call; it is forgotten, and rests.
  std::vector<std::string> take_arrived(uint64_t frame);
  /// Forgets every move for which `over(address, move)`.
  template <class Over>
  void drop(Over over) {
    std::erase_if(moves_, [&](const auto& item) { return over(item.first, item.second); });
  }
  size_t size() const { return moves_.size(); }

 private:
  std::unordered_map<std::string, RunningMove> moves_;
};

}  // namespace mixgraph

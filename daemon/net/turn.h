#pragma once
#include <chrono>

namespace mixgraph {

/// The time that one socket may work before others, and the clock, have their turn. [control]
class Turn {
 public:
  static constexpr std::chrono::microseconds kLength{1000};
  bool is_over() const { return std::chrono::steady_clock::now() >= end_; }

 private:
  std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now() + kLength;
};

}  // namespace mixgraph

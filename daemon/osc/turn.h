#pragma once
#include <chrono>

namespace mixgraph {

/// The time that one client may have before others, and the clock, have their turn. [control]
class Turn {
 public:
  explicit Turn(std::chrono::microseconds length = std::chrono::microseconds(1000))
      : end_(std::chrono::steady_clock::now() + length) {}
  bool is_over() const { return std::chrono::steady_clock::now() >= end_; }

 private:
  std::chrono::steady_clock::time_point end_;
};

}  // namespace mixgraph

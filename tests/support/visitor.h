#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "tests/support/daemon_client.h"

namespace mixgraph {

/// Asks for values, and measures how long the answers take. [ms]
class Visitor {
 public:
  explicit Visitor(int port) : client_(port, OscTransport::tcp) {}
  void ask() {
    const auto sent = std::chrono::steady_clock::now();
    client_.send("/master/out/to");  // it may be gone: then the answer is an error
    client_.send("/clock");
    if (!client_.wait_for("/clock", std::chrono::seconds(10))) unanswered++;
    times_.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - sent).count());
  }
  double percentile(double part) {
    std::sort(times_.begin(), times_.end());
    return times_.empty() ? NAN : times_[size_t(part * double(times_.size() - 1))];
  }
  size_t asked() const { return times_.size(); }
  size_t unanswered = 0;

 private:
  DaemonClient client_;
  std::vector<double> times_;
};

}  // namespace mixgraph

#pragma once
#include <atomic>
#include <chrono>
#include <thread>

namespace mixgraph {

/// A real-time thread that does the same work in each period of 256 frames, as the thread of a daemon's audio would: how often it
/// takes longer than a period, without having waited for a processor, is what the machine itself does to work of that kind.
class SteadyWork {
 public:
  /// `share` of a period that the work takes when nothing is in its way.
  explicit SteadyWork(double share);
  ~SteadyWork();
  int interrupted() const { return interrupted_; }
  double worst_ms() const { return worst_ms_; }

 private:
  void run(double share);
  std::atomic<bool> ends_{false};
  std::atomic<int> interrupted_{0};
  std::atomic<double> worst_ms_{0};
  std::thread thread_;
};

}  // namespace mixgraph

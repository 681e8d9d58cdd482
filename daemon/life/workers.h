#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace mixgraph {

/// Threads that take turns at slow work, one turn every few milliseconds. One of them always waits for the next turn: where
/// the others hang, another one is started, up to kMost; those that nobody needs any more end. [control]
class Workers {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr size_t kMost = 16;

  /// One turn of the work, called by several threads at a time while some hang; false: there is none, and the next turn has
  /// time.
  explicit Workers(std::function<bool()> work) : work_(std::move(work)) {}
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void start();
  /// No turn begins any more. False: some have not ended after this time.
  bool stop(Clock::duration patience);

 private:
  void run();
  void add_thread();
  void join_ended();

  const std::function<bool()> work_;
  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::vector<std::thread> threads_;
  std::vector<std::thread::id> ended_;
  size_t running_ = 0, waiting_ = 0;
  Clock::time_point next_turn_{};
  Clock::duration interval_{};
  bool stops_ = false;
};

}  // namespace mixgraph

#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "daemon/life/notify.h"

namespace mixgraph {

/// Watches over the other threads from one of its own, which waits for none of them. Time in which the whole
/// process stood still (a debugger, a suspended machine) is nobody's fault and does not count. [control]
class Supervisor {
 public:
  using Duration = std::chrono::steady_clock::duration;

  /// How long each may show no sign of life. MIXGRAPH_CONTROL_LIMIT_MS and MIXGRAPH_AUDIO_LIMIT_MS in the
  /// environment replace them, for tests.
  struct Limits {
    Duration control, audio;
    Limits();
  };

  /// All of them are called on the supervisor's thread, and must not wait for another thread.
  struct Watched {
    std::function<uint64_t()> control;  ///< a number that moves with every turn of the control thread
    std::function<uint64_t()> audio;    ///< one that moves with every period of the engine
    /// About every 20 ms.
    std::function<void()> look_after_device;
    /// Once, with the reason. Nothing is watched after it returns.
    std::function<void(const std::string&)> stalled;
  };

  /// `notify` gets its watchdog messages only while all is well.
  Supervisor(Watched watched, const Notify& notify, Limits limits = {});
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

 private:
  /// How long a number has not moved.
  struct Silence {
    uint64_t latest = 0;
    Duration length{};
    void observe(uint64_t number, Duration elapsed);
  };
  void run();
  void feed_watchdog(std::chrono::steady_clock::time_point now);

  const Watched watched_;
  const Notify& notify_;
  const Limits limits_;
  Silence control_, audio_;
  std::chrono::steady_clock::time_point next_watchdog_{};
  std::atomic<bool> running_{true};
  std::thread thread_;
};

}  // namespace mixgraph

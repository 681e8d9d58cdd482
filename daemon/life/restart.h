#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/net/sockets.h"

namespace mixgraph {

/// What one life of this process leaves to the next.
struct EarlierLife {
  std::string reason;             ///< why it started itself again; empty: it did not
  int restarts = 0;               ///< so far
  std::vector<int64_t> failures;  ///< when it crashed or stalled in the last minute; s of the monotonic clock
  OpenSockets sockets;
  std::string device, input_device;  ///< as DriverSettings; empty: none was in use
  int open_requests = -1;            ///< file descriptor of what daemon/life/open_requests.h wrote; -1: none
};

/// The process starts itself again: the same program with the same arguments under the same process id, with
/// its sockets open, so that nothing that arrives meanwhile is lost. This is how a hung sound library, a
/// stalled thread and a crash are overcome; so the last step works in a signal handler of a broken process,
/// and all it needs is prepared before.
class Restart {
 public:
  static constexpr int64_t kMemory = 60;  ///< s that a failure is remembered
  static constexpr int kSafeMode = 3;     ///< failures within this time: safe mode
  static constexpr int kBareMode = 4;     ///< without a graph too
  static constexpr int kLast = 5;         ///< no further start

  enum class Why { planned, failure };

  /// Reads what an earlier life has left, or what a service manager passed on (LISTEN_FDS). The arguments
  /// must be main's.
  Restart(int argc, char** argv);
  Restart(const Restart&) = delete;
  Restart& operator=(const Restart&) = delete;

  const EarlierLife& past() const { return past_; }
  /// What the next life finds; `reason`, `restarts` and `failures` are filled in by now(). [control]
  void prepare(const OpenSockets& sockets, const std::string& device, const std::string& input_device,
               int open_requests);
  /// No failure is remembered any more. [control]
  void forgive() { failure_count_.store(0); }

  /// Starts again. Returns only if that is not possible, or after too many failures. Signal-safe. [any]
  void now(const char* reason, Why why) noexcept;

 private:
  struct Prepared {
    std::vector<int> descriptors;
    std::string text;
  };
  static constexpr size_t kRoom = 8192, kMostVariables = 1024;

  void read_past(const char* text);
  void read_listen_variables();
  bool note_failure() noexcept;
  void write_variable(const char* reason, const Prepared& prepared) noexcept;
  void append(const char* text) noexcept;
  void append(int64_t number) noexcept;

  EarlierLife past_;
  char** const argv_;
  std::vector<std::unique_ptr<const Prepared>> kept_;  // all of them: a handler may be reading any
  std::atomic<const Prepared*> prepared_;
  std::atomic<bool> under_way_{false};
  std::atomic<int> failure_count_{0};
  int64_t failures_[kLast] = {};
  char variable_[kRoom];
  size_t used_ = 0;
  char* environment_[kMostVariables + 2];
};

}  // namespace mixgraph

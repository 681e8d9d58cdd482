#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace mixgraph {

/// Tries a device from a process of its own, for one in which PortAudio hangs: this program again, with
/// `--probe-device NAME`. It is started, waited for and ended on a thread of its own, as a disk or a device may hold
/// any of that up. [any]
class DeviceProbe {
 public:
  static constexpr std::chrono::seconds kDeadline{4};

  /// Begins to try an output device; empty: the default one.
  explicit DeviceProbe(const std::string& device);

  /// Whether the device is there and doesn't hang when it is opened; empty: not known yet. Never waits.
  std::optional<bool> poll() const;

 private:
  enum class Answer { none, no, yes };
  std::shared_ptr<std::atomic<Answer>> answer_ = std::make_shared<std::atomic<Answer>>(Answer::none);
};

/// What the process of its own does: the exit code for main, 0 if the device is there. One that refuses to be opened is
/// there: it may be in the hands of the process that asks.
int run_device_probe(const std::string& device);

}  // namespace mixgraph

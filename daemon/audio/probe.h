#pragma once
#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

namespace mixgraph {

/// Looks for a device from a process of its own, for one in which PortAudio hangs: this program again, with
/// `--probe-device NAME`. [control]
class DeviceProbe {
 public:
  static constexpr std::chrono::seconds kDeadline{4};

  /// Starts to look for an output device.
  explicit DeviceProbe(const std::string& device);
  /// Ends the process, if it is still there.
  ~DeviceProbe();
  DeviceProbe(const DeviceProbe&) = delete;
  DeviceProbe& operator=(const DeviceProbe&) = delete;

  /// Whether the device is there; empty: not known yet. Never waits.
  std::optional<bool> poll();

 private:
  pid_t child_ = -1;
  std::chrono::steady_clock::time_point deadline_;
};

/// What the process of its own does: the exit code for main, 0 if the device is there.
int run_device_probe(const std::string& device);

}  // namespace mixgraph

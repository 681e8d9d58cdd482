#pragma once
#include <atomic>
#include <chrono>

#include "daemon/audio/gate.h"
#include "daemon/audio/late_log.h"

namespace mixgraph {

/// The driver in use, and what the host has seen.
struct HostStatus {
  DriverStatus driver;    ///< of the driver in use; its counts are sums over all drivers since start()
  std::string state;      ///< "stopped", "running", or "detached: DEVICE"
  bool detached = false;  ///< the device is lost, the clock stands in
  std::string reason;     ///< while detached: why the last attempt to open the device failed; may be empty
  int attempts = 0;       ///< to open the lost device again
  uint64_t losses = 0;    ///< times that a device was lost
};

/// Keeps the engine running whatever the sound device does. When the device stops asking for sound, the clock
/// driver takes over within 200 ms, and the same device, by its identity, is tried again after 0.5, 1, 2 and
/// then every 5 s; no other is ever chosen. A device that wakes up before the first attempt gets the engine
/// back at once.
///
/// Once a sound server has died, PortAudio may never come back from closing the device (it does for a JACK
/// server that was killed); then no attempt can succeed in this process, `reason` says so, and only a new
/// process (exec) gets the device back. All functions but clock() belong to one thread.
class AudioHost {
 public:
  /// `engine.context` must live until stop() has returned; after that nobody calls it, not even a hung
  /// driver.
  AudioHost(DriverSettings settings, AudioCallback engine);
  ~AudioHost() { stop(); }
  AudioHost(const AudioHost&) = delete;
  AudioHost& operator=(const AudioHost&) = delete;

  enum class IfMissing { refuse, detach };

  /// Opens and starts the driver. If the device cannot be used: returns why, or (`detach`) runs on the clock
  /// and keeps trying. Faulty settings are refused either way. Empty = started. Waits at most 12 s. [control]
  Problems start(IfMissing if_missing = IfMissing::refuse);

  /// Looks after the device; call it about every 50 ms. Never waits for a device, and for the engine at most
  /// 20 ms. Returns what happened, for the log. [control]
  std::vector<std::string> poll();

  HostStatus status() const;  ///< [control]
  int period() const;         ///< of the driver in use, in frames; 0: none yet [control]
  /// What came late, and why. [control]
  const LateLog& late() const { return late_; }

  /// Frames that the engine has run, over all drivers. [any]
  ClockReading clock() const { return gate_->clock(); }

  /// Stops; the engine is not called any more. False: a driver hangs, or something in PortAudio does, and the
  /// process should end with `_exit`, since its exit handlers may hang too. Waits at most 2 s. [control]
  bool stop();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Held;
  struct Attempt;

  void adopt(std::shared_ptr<Held> held);
  bool enter_clock(const std::string& why);
  void lose_device(std::vector<std::string>& events);
  void look_after_lost_device(std::vector<std::string>& events);
  bool give_back(std::shared_ptr<Held> held, std::vector<std::string>& events);
  void begin_attempt();
  void finish_attempt(std::vector<std::string>& events);
  void schedule_attempt();
  void retire(std::shared_ptr<Held> held);

  DriverSettings settings_;  // `device` becomes the identity of what was opened
  std::shared_ptr<Gate> gate_;
  uint32_t seats_ = 0;
  std::shared_ptr<Held> active_;
  std::shared_ptr<Held> lost_;  // kept open for a while, in case it only stalled
  std::shared_ptr<Attempt> attempt_;
  DriverStatus earlier_;  // counts of drivers that are gone
  LateLog late_;
  std::string reason_;
  bool on_device_ = false;  // the active driver can be lost
  bool detached_ = false;
  int attempts_ = 0;
  uint64_t losses_ = 0;
  Time adopted_, next_attempt_;
};

}  // namespace mixgraph

#pragma once
#include <atomic>
#include <chrono>
#include <mutex>

#include "daemon/audio/engine_gate.h"
#include "daemon/audio/late_log.h"
#include "daemon/audio/presence.h"
#include "daemon/audio/probe.h"

namespace mixgraph {

/// The driver in use, and what the host has seen.
struct HostStatus {
  DriverStatus driver;    ///< of the driver in use; its counts are sums over all drivers since start()
  std::string state;      ///< "stopped", "opening", "running", or "detached: DEVICE"
  bool detached = false;  ///< the device is lost, or not there yet: the clock stands in
  std::string reason;     ///< why the last attempt to open the device failed; may be empty
  int attempts = 0;       ///< to open the device that isn't there
  uint64_t losses = 0;    ///< times that a device was lost
};

/// Keeps the engine running whatever the sound device does. When the device stops asking for sound, the clock
/// driver takes over within 200 ms, and the same device, by its identity, is tried again after 0.5, 1, 2 and
/// then every 5 s, and as soon as a sound server or card appears; no other is ever chosen. A device that wakes
/// up before the first attempt gets the engine back at once. All sound that begins fades in. A device that isn't
/// there at the start is one that was lost; only `auto` without a name takes the clock for good.
///
/// Once a sound server has died, PortAudio may never come back from closing the device; then no attempt can
/// succeed in this process, `reason` says so, and only a new process (exec) gets the device back:
/// wants_restart() tells when that helps. [any]
class AudioHost {
 public:
  /// `engine.context` must live until stop() has returned; after that nobody calls it, not even a hung
  /// driver.
  AudioHost(DriverSettings settings, AudioCallback engine);
  ~AudioHost() { stop(); }
  AudioHost(const AudioHost&) = delete;
  AudioHost& operator=(const AudioHost&) = delete;

  /// Begins to open the driver; poll() does the rest. A device that can't be used, or isn't open within `patience`,
  /// is waited for while the clock runs. Only faulty settings are refused. Never waits. [control]
  Problems start(std::chrono::milliseconds patience = kPatience);
  /// Longer than any device takes that works: an idle null sink of PulseAudio takes 2 s.
  static constexpr std::chrono::milliseconds kPatience{3000};

  /// Looks after the device; call it every 10 to 50 ms. Never waits for a device, and for the engine at most
  /// 20 ms. Returns what happened, for the log.
  std::vector<std::string> poll();

  HostStatus status() const;
  int period() const;  ///< of the driver in use, in frames; 0: none yet
  /// What came late, and why.
  LateLog late() const;

  /// Why a new process could use the lost device, and this one can't; empty: that is not so.
  std::string wants_restart() const;

  /// The names by which the device in use, or the lost one, is found again; empty: none was in use.
  std::pair<std::string, std::string> device_and_input() const;

  /// Frames that the engine has run, over all drivers.
  ClockReading clock() const { return gate_->clock(); }

  /// Since when the engine has been at work on one period, by the monotonic clock; 0: it is not.
  int64_t busy_since_ns() const { return gate_->busy_since_ns(); }

  /// Stops; the engine is not called any more. False: a driver hangs, or something in PortAudio does, and the
  /// process should end with `_exit`, since its exit handlers may hang too. Waits at most 2 s. [control]
  bool stop();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Held;
  struct Attempt;

  void adopt(std::shared_ptr<Held> held);
  bool enter_clock(const std::string& why);
  void wait_for_first(std::vector<std::string>& events);
  void stand_in(std::vector<std::string>& events);
  bool takes_the_clock() const;
  std::string wanted() const;
  void lose_device(std::vector<std::string>& events);
  void look_after_lost_device(std::vector<std::string>& events);
  bool give_back(std::shared_ptr<Held> held, std::vector<std::string>& events);
  void begin_attempt();
  void finish_attempt(std::vector<std::string>& events);
  void schedule_attempt();
  void retire(std::shared_ptr<Held> held);
  void look_for_signs();
  void probe_outside();
  bool cannot_close() const;

  mutable std::mutex mutex_;
  DriverSettings settings_;  // `device` becomes the identity of what was opened
  std::shared_ptr<EngineGate> gate_;
  uint32_t seats_ = 0;
  std::shared_ptr<Held> active_;
  std::shared_ptr<Held> lost_;  // kept open for a while, in case it only stalled
  std::shared_ptr<Attempt> attempt_;
  DriverStatus earlier_;  // counts of drivers that are gone
  LateLog late_;
  int64_t next_late_ns_ = 0;  // monotonic; when it is to look again
  std::string reason_;
  Presence presence_;  // when the device was lost, and what has appeared since
  std::unique_ptr<DeviceProbe> probe_;
  std::string wants_restart_;
  bool was_stuck_ = false;
  bool unclosed_ = false;   // the lost device has not been closed yet
  bool on_device_ = false;  // the active driver can be lost
  bool detached_ = false;
  int attempts_ = 0;
  uint64_t losses_ = 0;
  Time adopted_, next_attempt_, clock_due_;
};

}  // namespace mixgraph

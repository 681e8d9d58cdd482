#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/problem.h"

namespace mixgraph {

class PeriodTimer;

/// What a driver calls on the audio thread for every period. `in` and `out` are planar, as many channels as
/// the settings ask for; `frames` may differ from call to call and is at most kMaxPeriod. [audio]
struct AudioCallback {
  void* context = nullptr;
  void (*process)(void* context, const float* const* in, float* const* out, int frames) noexcept = nullptr;
};

inline constexpr int kMinPeriod = 16;
inline constexpr int kMaxPeriod = 8192;
inline constexpr int kMaxChannels = 256;

/// What to open.
struct DriverSettings {
  std::string driver = "auto";  ///< auto, portaudio, clock
  std::string device;           ///< name or part of it, with or without "JACK: " or "ALSA: "; empty = default
  std::string input_device;     ///< likewise; empty = the same device as the output
  double rate = 48000;          ///< Hz, 8000..384000
  int period = 0;               ///< frames, kMinPeriod..kMaxPeriod; 0 = the device's own choice
  int inputs = 2;               ///< engine channels, 0..kMaxChannels
  int outputs = 2;              ///< engine channels, 1..kMaxChannels
  std::vector<int> input_map;   ///< device channel (from 1) of every input; empty = 1..inputs
  std::vector<int> output_map;  ///< device channel (from 1) of every output; empty = 1..outputs
};

/// When a period began, by the monotonic clock, and which frame was its first.
struct ClockReading {
  uint64_t frame = 0;
  int64_t monotonic_ns = 0;
};

/// What a driver knows of itself. Counts are since start.
struct DriverStatus {
  std::string driver;           ///< portaudio, clock
  std::string device;           ///< as DeviceInfo::full_name(); "system clock" for the clock
  std::string input_device;     ///< empty = none
  std::string note;             ///< what differs from what was asked, and why; may be empty
  double rate = 0;              ///< Hz
  int period = 0;               ///< frames of the latest period
  int inputs = 0, outputs = 0;  ///< engine channels
  double input_latency_ms = 0, output_latency_ms = 0;
  bool realtime = false;      ///< the audio thread has real-time priority
  std::string realtime_note;  ///< the priority, or why there is none
  bool memory_locked = false;
  std::string memory_note;  ///< what is locked, or why nothing is
  uint64_t callbacks = 0;
  uint64_t late = 0;         ///< callbacks that came later than 1.8 periods after the one before
  uint64_t overloads = 0;    ///< periods of which our processing took more than 80 %
  uint64_t lost_frames = 0;  ///< frames of time that passed without being asked for
  double max_gap_ms = 0;     ///< longest time between the starts of two callbacks
  uint64_t in_under = 0, in_over = 0, out_under = 0, out_over = 0;  ///< callbacks that PortAudio flagged
  double load = 0, load_max = 0;  ///< process time / period, smoothed over 0.3 s; and the largest
  bool running = false;
};

/// A device that asks for sound, period by period, on a thread of its own.
class Driver {
 public:
  virtual ~Driver() = default;

  /// Starts calling `callback`, whose context must live until stop() has returned true. Returns what went
  /// wrong, if anything did. Waits at most 5 s. [control]
  virtual std::optional<Problem> start(AudioCallback callback) = 0;

  /// Stops and lets the device go. False: the device did not let go in time, and the callback may still be
  /// called, at any later time. [control]
  virtual bool stop() = 0;

  /// True while callbacks come: the latest is no older than 10 periods, but at least 100 ms and at most 150 ms
  /// or 2.5 periods. [any]
  virtual bool alive() const = 0;

  virtual DriverStatus status() const = 0;  ///< [control]

  /// The latest period; frames count from start(). [any]
  virtual ClockReading clock() const = 0;

  /// How its callbacks come. [any]
  virtual const PeriodTimer& timer() const = 0;
};

/// Opens the driver that the settings name; it makes no sound before start(). `auto` is PortAudio with JACK's
/// default device, else ALSA's, else the clock; status().note says why. Waits at most 5 s. [control]
Result<std::unique_ptr<Driver>> open_driver(const DriverSettings& settings);

/// All that is wrong with the settings themselves, before any device is asked.
Problems check(const DriverSettings& settings);

}  // namespace mixgraph

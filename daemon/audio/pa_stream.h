#pragma once
#include <pthread.h>

#include <atomic>
#include <memory>

#include "daemon/audio/channels.h"
#include "daemon/audio/device.h"
#include "daemon/audio/period_timer.h"
#include "daemon/audio/realtime.h"

namespace mixgraph {

// PortAudio, call by call. Whatever is marked [may block] may never return once a sound server has died, and
// is only called by way of DeadlineCalls; it therefore owns or shares all it touches.

/// An open PortAudio stream, and all that its audio callback touches.
struct PaStreamState {
  PaStreamState(double sample_rate, ChannelMap inputs, ChannelMap outputs)
      : rate(sample_rate), router(std::move(inputs), std::move(outputs)), timer(sample_rate) {}

  const double rate;
  void* handle = nullptr;  ///< PaStream
  AudioCallback engine;    ///< set before the start
  ChannelRouter router;
  PeriodTimer timer;
  bool server_paced = false;  ///< by JACK, which may run ahead of time in free-wheel
  double input_latency_ms = 0, output_latency_ms = 0;
  std::string note;                   ///< channels that are not connected
  std::atomic<bool> heard{false};     ///< the first period has come
  std::atomic<bool> ran_away{false};  ///< stopped because it asked for sound faster than time goes
  std::atomic<uint64_t> in_under{0}, in_over{0}, out_under{0}, out_over{0};  ///< PortAudio's flags

  SignalStack signal_stack;  ///< of the audio thread, from its first period on

  // Written by the audio thread before `heard`.
  int64_t first_ns = 0;
  pthread_t thread{};
};

/// Sets JACK_NO_START_SERVER and silences what ALSA and JACK print while they probe; once. [control]
void quiet_sound_libraries();

/// Starts PortAudio; every success needs a terminate_portaudio(). [may block]
std::optional<Problem> initialise_portaudio();
void terminate_portaudio();

/// The devices of JACK and ALSA (OSS is left out: ALSA covers its devices). [may block]
std::vector<DeviceInfo> read_devices();

/// Opens a stream on these devices, which share a host API. [may block]
Result<std::shared_ptr<PaStreamState>> open_stream(const DriverSettings& settings, const DeviceInfo& output,
                                                   const std::optional<DeviceInfo>& input);

/// Starts the stream and waits up to 4 s for its first period. Gives ALSA's audio thread real-time priority,
/// if the device keeps time; JACK has done so itself. [may block]
Result<Permission> start_stream(PaStreamState& stream);

/// Stops and closes the stream, and terminates PortAudio. [may block]
void close_stream(const PaStreamState& stream);

}  // namespace mixgraph

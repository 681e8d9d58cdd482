#include "daemon/audio/pa_stream.h"

#include <dlfcn.h>
#include <pa_jack.h>
#include <portaudio.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <thread>

#include "graph/denormals.h"

namespace mixgraph {
namespace {

using namespace std::chrono_literals;

constexpr auto kFirstPeriodDeadline = 4s;  // an idle null sink of PulseAudio takes 2 s
constexpr auto kPacingTrial = 30ms;
constexpr double kRunawaySeconds = 2;

void ignore_alsa(const char*, int, const char*, int, const char*, ...) {}
void ignore_jack(const char*) {}

/// A function of a library that PortAudio brings and we do not link; null if it is not there.
template <class Function>
Function* find_function(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

void count(PaStreamState& stream, PaStreamCallbackFlags flags) noexcept {
  const auto count_if = [flags](PaStreamCallbackFlags flag, std::atomic<uint64_t>& counter) {
    if (flags & flag) counter.fetch_add(1, std::memory_order_relaxed);
  };
  count_if(paInputUnderflow, stream.in_under);
  count_if(paInputOverflow, stream.in_over);
  count_if(paOutputUnderflow, stream.out_under);
  count_if(paOutputOverflow, stream.out_over);
}

/// A device without pacing (ALSA's null plugin) asks for hundreds of times more than time goes.
bool runs_away(const PaStreamState& stream, int64_t now_ns) noexcept {
  const double elapsed = static_cast<double>(now_ns - stream.first_ns) * 1e-9;
  const double asked_for = static_cast<double>(stream.timer.frames()) / stream.rate;
  return !stream.server_paced && asked_for - elapsed > kRunawaySeconds;
}

int on_period(const void* in, void* out, unsigned long frames, const PaStreamCallbackTimeInfo*,
              PaStreamCallbackFlags flags, void* user) {
  const NoDenormals no_denormals;
  auto& stream = *static_cast<PaStreamState*>(user);
  const int64_t now_ns = monotonic_ns();
  if (!stream.heard.load(std::memory_order_relaxed)) {
    stream.signal_stack.use();
    stream.first_ns = now_ns;
    stream.thread = pthread_self();
    stream.heard.store(true, std::memory_order_release);
  }
  stream.timer.begin(static_cast<int>(frames), now_ns);
  count(stream, flags);
  stream.router.run(stream.engine, static_cast<const float* const*>(in), static_cast<float* const*>(out),
                    static_cast<int>(frames));
  stream.timer.end(monotonic_ns());
  if (!runs_away(stream, now_ns)) return paContinue;
  stream.ran_away.store(true, std::memory_order_relaxed);
  return paAbort;
}

std::string error_text(PaError error) {
  const PaHostErrorInfo* host = error == paUnanticipatedHostError ? Pa_GetLastHostErrorInfo() : nullptr;
  return host && host->errorText && *host->errorText ? host->errorText : Pa_GetErrorText(error);
}

std::string api_name(PaHostApiTypeId type) {
  if (type == paJACK) return "JACK";
  return type == paALSA ? "ALSA" : "";
}

PaStreamParameters parameters(const DriverSettings& settings, const DeviceInfo& device, int channels,
                              double lowest_latency_ms) {
  const double seconds = settings.period > 0 ? 2 * settings.period / settings.rate : lowest_latency_ms * 1e-3;
  return {device.index, channels, paFloat32 | paNonInterleaved, seconds, nullptr};
}

Problem refusal(PaError error, const DeviceInfo& device, double rate) {
  const std::string what = "`" + device.full_name() + "` does not open: " + error_text(error);
  if (error != paInvalidSampleRate) return {"audio", what, ""};
  return {"audio", what + " (" + std::to_string(std::lround(rate)) + " Hz)",
          "a rate of " + std::to_string(std::lround(device.rate)) + " Hz would be accepted"};
}

}  // namespace

void quiet_sound_libraries() {
  static const bool done = [] {
    setenv("JACK_NO_START_SERVER", "1", 1);
    using AlsaHandler = decltype(&ignore_alsa);
    using JackHandler = decltype(&ignore_jack);
    if (auto* set = find_function<int(AlsaHandler)>("snd_lib_error_set_handler")) set(ignore_alsa);
    if (auto* set = find_function<void(JackHandler)>("jack_set_error_function")) set(ignore_jack);
    if (auto* set = find_function<void(JackHandler)>("jack_set_info_function")) set(ignore_jack);
    PaJack_SetClientName("mixgraph");
    return true;
  }();
  (void)done;
}

std::optional<Problem> initialise_portaudio() {
  const PaError error = Pa_Initialize();
  if (error == paNoError) return {};
  return Problem{"audio", "PortAudio does not start: " + error_text(error), ""};
}

void terminate_portaudio() {
  Pa_Terminate();
}

std::vector<DeviceInfo> read_devices() {
  std::vector<DeviceInfo> devices;
  for (int index = 0; index < Pa_GetDeviceCount(); ++index) {
    const PaDeviceInfo& device = *Pa_GetDeviceInfo(index);
    const PaHostApiInfo& api = *Pa_GetHostApiInfo(device.hostApi);
    if (api_name(api.type).empty()) continue;
    DeviceInfo info;
    info.index = index;
    info.name = device.name;
    info.api = api_name(api.type);
    info.inputs = device.maxInputChannels;
    info.outputs = device.maxOutputChannels;
    info.rate = device.defaultSampleRate;
    info.input_latency_ms = device.defaultLowInputLatency * 1e3;
    info.output_latency_ms = device.defaultLowOutputLatency * 1e3;
    info.default_input = index == api.defaultInputDevice;
    info.default_output = index == api.defaultOutputDevice;
    devices.push_back(std::move(info));
  }
  return devices;
}

Result<std::shared_ptr<PaStreamState>> open_stream(const DriverSettings& settings, const DeviceInfo& output,
                                                   const std::optional<DeviceInfo>& input) {
  const auto outs = map_channels(settings.output_map, settings.outputs, output.outputs, "output");
  if (!outs) return outs.problems();
  const auto ins = map_channels(settings.input_map, settings.inputs, input ? input->inputs : 0, "input");
  if (!ins) return ins.problems();
  auto stream = std::make_shared<PaStreamState>(settings.rate, *ins, *outs);
  stream->server_paced = output.api == "JACK";
  stream->note =
      outs->note.empty() || ins->note.empty() ? outs->note + ins->note : outs->note + "; " + ins->note;

  const bool has_inputs = input && ins->device_channels > 0;
  const auto out_side = parameters(settings, output, outs->device_channels, output.output_latency_ms);
  PaStreamParameters in_side{};
  if (has_inputs) in_side = parameters(settings, *input, ins->device_channels, input->input_latency_ms);
  // JACK's server sets the period for all; asking PortAudio for another would only add latency.
  const bool own_choice = settings.period == 0 || output.api == "JACK";
  const unsigned long frames = own_choice ? paFramesPerBufferUnspecified : settings.period;
  const PaError error = Pa_OpenStream(&stream->handle, has_inputs ? &in_side : nullptr, &out_side,
                                      settings.rate, frames, paNoFlag, on_period, stream.get());
  if (error != paNoError) return refusal(error, output, settings.rate);
  if (const PaStreamInfo* info = Pa_GetStreamInfo(stream->handle)) {
    stream->input_latency_ms = has_inputs ? info->inputLatency * 1e3 : 0;
    stream->output_latency_ms = info->outputLatency * 1e3;
  }
  return stream;
}

Result<Permission> start_stream(PaStreamState& stream) {
  if (const PaError error = Pa_StartStream(stream.handle); error != paNoError) {
    return Problem{"audio", "the device does not start: " + error_text(error), ""};
  }
  const auto until = std::chrono::steady_clock::now() + kFirstPeriodDeadline;
  while (!stream.heard.load(std::memory_order_acquire)) {
    if (std::chrono::steady_clock::now() > until) {
      return Problem{"audio", "the device started but never asked for sound", ""};
    }
    std::this_thread::sleep_for(1ms);
  }
  stream.timer.set_thread(number_of(stream.thread));
  if (stream.server_paced) return priority_of(stream.thread);
  // PortAudio would give ALSA's thread priority 1, and do so before it is known that the device keeps time.
  std::this_thread::sleep_for(kPacingTrial);
  if (stream.ran_away)
    return Problem{"audio", "the device keeps no time: it takes sound as fast as it can", ""};
  return raise_priority(stream.thread, kAudioPriority);
}

void close_stream(const PaStreamState& stream) {
  if (Pa_IsStreamStopped(stream.handle) == 0) Pa_StopStream(stream.handle);
  Pa_CloseStream(stream.handle);
  Pa_Terminate();
}

}  // namespace mixgraph

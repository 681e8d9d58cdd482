#include "daemon/life/supervisor.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <cstdlib>

namespace mixgraph {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kInterval = 20ms;
constexpr auto kLongestTurn = 50ms;  // of this thread; what goes beyond was not the others' fault
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr auto kControlLimit = 20s, kAudioLimit = 12s;  // sanitizers slow everything down
#else
constexpr auto kControlLimit = 2s;
constexpr auto kAudioLimit = 1200ms;
#endif

Supervisor::Duration limit_from(const char* variable, Supervisor::Duration usual) {
  const char* text = getenv(variable);
  const int milliseconds = text ? std::atoi(text) : 0;
  return milliseconds > 0 ? std::chrono::milliseconds(milliseconds) : usual;
}

double seconds(Supervisor::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

Supervisor::Limits::Limits()
    : control(limit_from("MIXGRAPH_CONTROL_LIMIT_MS", kControlLimit)),
      audio(limit_from("MIXGRAPH_AUDIO_LIMIT_MS", kAudioLimit)) {}

Supervisor::Supervisor(Watched watched, const Notify& notify, Limits limits)
    : watched_(std::move(watched)), notify_(notify), limits_(limits), thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), "mg-supervisor");
}

Supervisor::~Supervisor() {
  running_ = false;
  thread_.join();
}

void Supervisor::Silence::observe(uint64_t number, Duration elapsed) {
  length = number == latest ? length + elapsed : Duration::zero();
  latest = number;
}

void Supervisor::run() {
  auto before = Clock::now();
  while (running_) {
    std::this_thread::sleep_for(kInterval);
    const auto now = Clock::now();
    const Duration elapsed = std::min<Duration>(now - before, kLongestTurn);
    before = now;
    watched_.look_after_device();
    control_.observe(watched_.control(), elapsed);
    audio_.observe(watched_.audio(), elapsed);
    if (control_.length > limits_.control)
      return watched_.stalled(
          fmt::format("the control thread stood still for {:.1f} s", seconds(limits_.control)));
    if (audio_.length > limits_.audio)
      return watched_.stalled(
          fmt::format("the audio thread stood still for {:.1f} s", seconds(limits_.audio)));
    feed_watchdog(now);
  }
}

void Supervisor::feed_watchdog(Clock::time_point now) {
  const auto interval = notify_.watchdog_interval();
  if (!interval || now < next_watchdog_) return;
  if (control_.length > limits_.control / 4 || audio_.length > limits_.audio / 4) return;
  next_watchdog_ = now + *interval / 2;
  notify_.watchdog();
}

}  // namespace mixgraph

#pragma once
#include <signal.h>

#include <atomic>
#include <chrono>
#include <vector>

#include "daemon/audio/driver.h"
#include "graph/engine.h"

namespace mixgraph {

/// The engine as drivers call it, with a fade at the end of all.
class Sound {
 public:
  explicit Sound(Engine& engine)
      : engine_(engine), fade_frames_(int(0.02 * engine.settings().environment.rate)), left_(fade_frames_) {}

  AudioCallback callback() {
    return {this, [](void* self, const float* const* in, float* const* out, int frames) noexcept {
              static_cast<Sound*>(self)->process(in, out, frames);
            }};
  }
  /// Begins a fade to silence of 20 ms. [control]
  void fade_out() { fading_.store(true, std::memory_order_relaxed); }
  /// Whether it is silent. [control]
  bool is_silent() const { return silent_.load(std::memory_order_relaxed); }

  /// Makes the next period take so much longer, for tests (daemon/life/test_faults.h). [any]
  void stall(std::chrono::nanoseconds length) { stall_ns_.store(length.count(), std::memory_order_relaxed); }
  /// Raises a signal in the next period, for tests. [any]
  void crash(int signal) { crash_.store(signal, std::memory_order_relaxed); }

 private:
  void process(const float* const* in, float* const* out, int frames) noexcept {
    if (stall_ns_.load(std::memory_order_relaxed) != 0) spin();
    if (const int signal = crash_.load(std::memory_order_relaxed)) raise(signal);
    engine_.process(in, out, frames);
    if (!fading_.load(std::memory_order_relaxed)) return;
    for (int i = 0; i < frames; i++) {
      if (left_ > 0) left_--;
      const float x = float(left_) / float(fade_frames_);
      for (int c = 0; c < engine_.settings().outputs; c++) out[c][i] *= x * x * (3 - 2 * x);
    }
    if (left_ == 0) silent_.store(true, std::memory_order_relaxed);
  }

  void spin() noexcept {
    const auto length = std::chrono::nanoseconds(stall_ns_.exchange(0, std::memory_order_relaxed));
    for (const auto until = std::chrono::steady_clock::now() + length;
         std::chrono::steady_clock::now() < until;) {
    }
  }

  Engine& engine_;
  const int fade_frames_;
  int left_;  // [audio]
  std::atomic<bool> fading_{false}, silent_{false};
  std::atomic<int64_t> stall_ns_{0};
  std::atomic<int> crash_{0};
};

}  // namespace mixgraph

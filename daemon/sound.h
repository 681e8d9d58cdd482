#pragma once
#include <atomic>
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

 private:
  void process(const float* const* in, float* const* out, int frames) noexcept {
    engine_.process(in, out, frames);
    if (!fading_.load(std::memory_order_relaxed)) return;
    for (int i = 0; i < frames; i++) {
      if (left_ > 0) left_--;
      const float x = float(left_) / float(fade_frames_);
      for (int c = 0; c < engine_.settings().outputs; c++) out[c][i] *= x * x * (3 - 2 * x);
    }
    if (left_ == 0) silent_.store(true, std::memory_order_relaxed);
  }

  Engine& engine_;
  const int fade_frames_;
  int left_;  // [audio]
  std::atomic<bool> fading_{false}, silent_{false};
};

}  // namespace mixgraph

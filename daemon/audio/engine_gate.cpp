#include "daemon/audio/engine_gate.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <thread>

#include "daemon/audio/prefault.h"

namespace mixgraph {
namespace {

constexpr double kFadeSeconds = 0.05;

}  // namespace

void EngineGate::Seat::process(void* seat, const float* const* in, float* const* out, int frames) noexcept {
  const Seat& self = *static_cast<const Seat*>(seat);
  self.gate_->run(self.number_, in, out, frames);
}

bool EngineGate::admit(uint32_t seat, bool fade, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (true) {
    // First take the gate as if inside, so that the fade is set while no driver can be.
    uint32_t outside = state_.load(std::memory_order_relaxed) & ~1u;
    if (state_.compare_exchange_strong(outside, outside | 1, std::memory_order_acquire)) break;
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  fade_done_ = 0;
  fade_length_ = fade ? static_cast<int>(kFadeSeconds * rate_) : 0;
  state_.store(seat << 1, std::memory_order_release);
  return true;
}

void EngineGate::run(uint32_t seat, const float* const* in, float* const* out, int frames) noexcept {
  uint32_t outside = seat << 1;
  if (!state_.compare_exchange_strong(outside, outside | 1, std::memory_order_acquire)) {
    for (int channel = 0; channel < outputs_; ++channel) std::fill_n(out[channel], frames, 0.0f);
    return;
  }
  const int64_t now_ns = monotonic_ns();
  if (seat != latest_seat_) count_handover(seat, now_ns);
  clock_.publish({frames_, now_ns});
  engine_.process(engine_.context, in, out, frames);
  if (fade_done_ < fade_length_) fade_in(out, frames);
  frames_ += static_cast<uint64_t>(frames);
  latest_ns_ = now_ns;
  latest_frames_ = frames;
  state_.store(seat << 1, std::memory_order_release);
}

void EngineGate::count_handover(uint32_t seat, int64_t now_ns) noexcept {
  prefault_stack();  // another driver's thread
  const double gap = static_cast<double>(now_ns - latest_ns_) * 1e-9 * rate_ - latest_frames_;
  if (latest_seat_ != 0 && gap > 0) lost_frames_.fetch_add(std::llround(gap), std::memory_order_relaxed);
  latest_seat_ = seat;
}

/// Raised cosine.
void EngineGate::fade_in(float* const* out, int frames) noexcept {
  const int count = std::min(frames, fade_length_ - fade_done_);
  for (int i = 0; i < count; ++i) {
    const double phase = std::numbers::pi * (fade_done_ + i) / fade_length_;
    const auto gain = static_cast<float>(0.5 - 0.5 * std::cos(phase));
    for (int channel = 0; channel < outputs_; ++channel) out[channel][i] *= gain;
  }
  fade_done_ += count;
}

}  // namespace mixgraph

#pragma once
#include <atomic>
#include <chrono>
#include <memory>

#include "daemon/audio/frame_clock.h"

namespace mixgraph {

/// The one way into the engine. Every driver calls through a seat of its own, and the gate lets one seat in
/// at a time: a driver that was replaced, or that comes back from the dead, finds the gate closed and plays
/// silence. Nothing waits on the audio thread.
class EngineGate {
 public:
  /// `rate` in Hz, `outputs` engine channels.
  EngineGate(AudioCallback engine, double rate, int outputs) : engine_(engine), rate_(rate), outputs_(outputs) {}

  /// A driver's place at the gate, and the callback to give to the driver. It must outlive the driver's
  /// calls.
  class Seat {
   public:
    Seat(std::shared_ptr<EngineGate> gate, uint32_t number) : gate_(std::move(gate)), number_(number) {}
    AudioCallback callback() { return {this, &Seat::process}; }
    uint32_t number() const { return number_; }

   private:
    static void process(void* seat, const float* const* in, float* const* out, int frames) noexcept;
    const std::shared_ptr<EngineGate> gate_;
    const uint32_t number_;
  };

  /// Lets `seat` in from now on, faded in if `fade`; 0 closes the gate. Waits up to `patience` for a call
  /// that is under way to leave; false if it does not, and then nothing has changed. [control]
  bool admit(uint32_t seat, bool fade, std::chrono::milliseconds patience = std::chrono::milliseconds(20));

  /// The seat that is admitted; 0 = none. [any]
  uint32_t admitted() const noexcept { return state_.load(std::memory_order_relaxed) >> 1; }

  /// Since when the engine has been at work on one period, by the monotonic clock; 0: it is not. [any]
  int64_t busy_since_ns() const noexcept {
    return (state_.load(std::memory_order_relaxed) & 1) != 0 ? clock_.read().monotonic_ns : 0;
  }

  /// The latest period that the engine ran; frames count over all drivers. [any]
  ClockReading clock() const noexcept { return clock_.read(); }

  /// Frames of time that passed between one driver's last period and the next one's first. [any]
  uint64_t lost_frames() const noexcept { return lost_frames_.load(std::memory_order_relaxed); }

 private:
  void run(uint32_t seat, const float* const* in, float* const* out, int frames) noexcept;
  void count_handover(uint32_t seat, int64_t now_ns) noexcept;
  void fade_in(float* const* out, int frames) noexcept;

  const AudioCallback engine_;
  const double rate_;
  const int outputs_;
  std::atomic<uint32_t> state_{0};  // admitted seat * 2 + 1 while a call is inside
  FrameClock clock_;
  std::atomic<uint64_t> lost_frames_{0};

  // Whoever is inside.
  uint64_t frames_ = 0;
  uint32_t latest_seat_ = 0;
  int latest_frames_ = 0;
  int64_t latest_ns_ = 0;
  int fade_done_ = 0, fade_length_ = 0;  // frames
};

}  // namespace mixgraph

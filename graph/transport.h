#pragma once
#include <cstdint>
#include <optional>

#include "graph/node.h"

namespace mixgraph {

inline constexpr double kLeastTempo = 10, kMostTempo = 1000;  ///< beats per minute

/// What is to become of musical time.
struct TransportChange {
  std::optional<bool> rolling = {};
  std::optional<double> tempo = {};    ///< beats per minute
  std::optional<double> seconds = {};  ///< the place to go to
  std::optional<double> beat = {};     ///< that place in beats; without it as if the tempo had always been this
};

/// Musical time from its latest change on. Two that hear of the same changes agree on every frame, however it was reached.
/// [any]
class TransportClock {
 public:
  explicit TransportClock(double rate) : rate_(rate) {}

  /// At a frame that isn't before the latest change.
  Transport at(uint64_t frame) const {
    Transport t = since_;
    if (!t.rolling || frame <= frame_) return t;
    const double passed = double(frame - frame_) / rate_;
    t.seconds += passed;
    t.beat += passed * t.tempo / 60;
    return t;
  }
  void change(const TransportChange& change, uint64_t frame) {
    since_ = at(frame);
    frame_ = frame;
    since_.rolling = change.rolling.value_or(since_.rolling);
    since_.tempo = change.tempo.value_or(since_.tempo);
    if (!change.seconds) return;
    since_.seconds = *change.seconds;
    since_.beat = change.beat.value_or(*change.seconds * since_.tempo / 60);
  }

 private:
  double rate_;          // Hz
  uint64_t frame_ = 0;   // of the latest change
  Transport since_;      // as of then
};

}  // namespace mixgraph

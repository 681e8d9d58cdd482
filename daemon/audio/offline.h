#pragma once
#include <vector>

#include "daemon/audio/driver.h"

namespace mixgraph {

/// Drives the engine as fast as it goes, on the caller's thread: for rendering and tests. No clock and no
/// thread, so the same calls give the same sound. [control]
class Offline {
 public:
  /// `inputs` and `outputs` as the engine's; `period` frames, 1..kMaxPeriod, is what the engine gets at a
  /// time.
  Offline(AudioCallback engine, int inputs, int outputs, int period);

  /// Runs `frames` frames; the last period may be shorter. `in` (null = silence) and `out` (null = not
  /// wanted) are planar and `frames` long.
  void run(int64_t frames, const float* const* in = nullptr, float* const* out = nullptr);

  /// Frames run so far.
  int64_t frames() const { return frames_; }

 private:
  AudioCallback engine_;
  int period_;
  int64_t frames_ = 0;
  std::vector<float> silence_, unheard_;
  std::vector<const float*> in_;
  std::vector<float*> out_;
};

}  // namespace mixgraph

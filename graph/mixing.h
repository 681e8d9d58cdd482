#pragma once
#include <cstdint>

namespace mixgraph {

/// One lane of a buffer, times a gain. data == nullptr is silence.
struct Column {
  const float* data = nullptr;  ///< the lane's first frame
  int stride = 1;               ///< lanes of the buffer
  float gain = 1;
};

/// The loops that carry sound between lane-interleaved buffers [frame][lane] and planar ones (one lane), compiled once per
/// instruction set. Their results don't depend on the set. [audio]
struct Mixing {
  int native;  ///< lanes of a native vector
  /// to = (or +=) from, in the lanes of the mask; the other lanes become 0 (or stay). `mask`: an int per lane, -1 or 0.
  void (*copy_lanes)(float* to, const float* from, int lanes, const int32_t* mask, bool add, int frames);
  /// to = (or +=) the sum over the mask's lanes (nullptr: all), times a gain, always summed in the same order. `to` has
  /// room for kMaxBlock frames.
  void (*sum_lanes)(float* to, const float* from, int lanes, const int32_t* mask, float gain, bool add, int frames);
  /// Each lane of `to` = (or +=) its column.
  void (*gather_lanes)(float* to, int lanes, const Column* columns, bool add, int frames);
};

/// to[i * stride] (+)= from * gains[i] (nullptr: 1). [audio]
void mix_column(float* to, int to_stride, Column from, const float* gains, bool add, int frames);
/// Silences non-finite samples and holds the rest within +-ceiling; returns how many of each it met. [audio]
struct Guarded {
  uint64_t bad = 0, limited = 0;
};
Guarded guard(float* samples, int frames, float ceiling);

}  // namespace mixgraph

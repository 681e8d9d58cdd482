#pragma once
#include <cstddef>
#include <cstdint>

namespace mixgraph {

/// Sixteen values per frame, of which some are summed.
struct Summand {
  const float* data;  ///< the first of sixteen in the first frame; readable even where it isn't summed
  int stride;         ///< from frame to frame
  bool whole;         ///< all sixteen are
  alignas(64) int32_t mask[16];  ///< -1 or 0
};

/// What becomes of lanes: `all`: those without a source become 0; `some`: they stay; `add`: they stay, and the others add.
/// Where two values are added, the sum of two negative zeros is a positive one, as in longer sums.
enum class Into : uint8_t { all, some, add };

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
  /// Lanes of the mask from lanes of another buffer. `mask`: an int per lane, -1 or 0.
  void (*copy_lanes)(float* to, const float* from, int lanes, const int32_t* mask, Into into, int frames);
  /// Each lane from its column, if it has one.
  void (*gather_lanes)(float* to, int lanes, const Column* columns, Into into, int frames);
  /// One lane: the sum of sixteen partial sums, to which the summands add in their order; the upper eight of them are added
  /// to the lower, then of these the upper four, and so on. If to_stride is 1, `to` has room for kMaxBlock frames.
  void (*sum)(float* to, int to_stride, const Summand* from, size_t count, int frames);
  /// Each value: the same sum over those of all buffers; `to` has room for whole native vectors.
  void (*sum_buffers)(float* to, const float* const* from, size_t count, size_t values);
  /// Lanes, as bits, in which a value is not finite, or their squares sum up to more than kRunaway squared.
  uint64_t (*unsound_lanes)(const float* from, int lanes, int frames);
  /// Whether all values are zero; quick to say no.
  bool (*is_silent)(const float* from, size_t count);
};
/// Linear amplitude, +120 dBFS: no signal that anybody wants.
inline constexpr float kRunaway = 1e6f;

/// to[i * stride] = from * gains[i] (nullptr: 1). [audio]
void mix_column(float* to, int to_stride, Column from, const float* gains, int frames);
/// Copies past the caches, for other processors to read once end_copies() has been called. `to` is on a boundary of 16 bytes, and
/// has room for a multiple of four. [audio]
void copy_far(float* to, const float* from, size_t count);
void end_copies();
/// +60 dBFS: what comes from a device or a file with more than that, or is no number, is taken as silence.
inline constexpr float kLoudestSample = 1e3f;
/// A bit test: it holds whatever floating-point options the compiler was given. [any]
inline bool is_finite(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, 4);
  return (bits & 0x7f800000) != 0x7f800000;
}
/// Silences non-finite samples and holds the rest within +-ceiling; returns how many of each it met. [audio]
struct Guarded {
  uint64_t bad = 0, limited = 0;
};
Guarded guard(float* samples, int frames, float ceiling);

}  // namespace mixgraph

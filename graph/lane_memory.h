#pragma once
#include <cstddef>
#include <cstdint>

#include "graph/lanes.h"

namespace mixgraph::MIXGRAPH_ISA {

/// Rings of floats on the heap, some for each lane: delay lines. A lane's rings go where the lane goes, so they are reached by a
/// pointer, whose halves lie in the lane's column of the state. At first all is zeros. Every ring is written frame by frame, at the
/// place of the engine's time, so that a lane finds its place in whatever bank it runs. The member of a node that runs in lanes.
template <class V>
class LaneMemory {
 public:
  /// `rings` of `frames` floats. An instance of one lane makes them; the lanes of a bank get theirs from such instances.
  /// [control]
  LaneMemory(int rings, int frames) {
    for (V& half : halves_) half = V(0.f);
    if constexpr (kLanes<V> == 1) keep(new float[kHeader + size_t(rings) * size_t(frames)](), rings, frames);
  }
  LaneMemory(const LaneMemory&) = delete;
  LaneMemory& operator=(const LaneMemory&) = delete;
  ~LaneMemory() {
    for (int l = 0; l < kLanes<V>; l++) delete[] block(l);
  }

  /// A lane's ring; nullptr: no instance is in the lane. [audio]
  float* ring(int lane, int number) const {
    float* const found = block(lane);
    return found ? found + kHeader + size_t(number) * size_t(size_of(found).frames) : nullptr;
  }
  /// Of each ring: the same for all lanes. [audio]
  uint64_t frames() const {
    for (int l = 0; l < kLanes<V>; l++)
      if (const float* found = block(l)) return uint64_t(size_of(found).frames);
    return 1;
  }
  /// Whether what was written in `count` frames from `time` on is all zeros, in these lanes. [audio]
  bool is_silent(uint64_t lanes, uint64_t time, int count) const {
    for (int l = 0; l < kLanes<V>; l++)
      if (const float* found = block(l); found && lanes >> l & 1 && !is_silent(found, time, count)) return false;
    return true;
  }

 private:
  struct Size {
    int rings, frames;
  };
  static constexpr size_t kHeader = 16;  ///< floats before the first ring, of which two are the Size

  static Size size_of(const float* block) {
    Size size;
    std::memcpy(&size, block, sizeof size);
    return size;
  }
  static bool is_silent(const float* block, uint64_t time, int count) {
    const Size size = size_of(block);
    for (int r = 0; r < size.rings; r++)
      for (int i = 0, at = int(time % uint64_t(size.frames)); i < count; i++, at = at + 1 == size.frames ? 0 : at + 1)
        if (bits(block[kHeader + size_t(r) * size_t(size.frames) + size_t(at)]) << 1 != 0) return false;
    return true;
  }
  void keep(float* block, int rings, int frames) {
    const Size size{rings, frames};
    std::memcpy(block, &size, sizeof size);
    std::memcpy(&halves_[0], &block, sizeof(float));
    std::memcpy(&halves_[1], reinterpret_cast<const char*>(&block) + sizeof(float), sizeof(float));
  }
  float* block(int lane) const {
    float* found = nullptr;
    auto* to = reinterpret_cast<char*>(&found);
    std::memcpy(to, reinterpret_cast<const char*>(&halves_[0]) + sizeof(float) * size_t(lane), sizeof(float));
    std::memcpy(to + sizeof(float), reinterpret_cast<const char*>(&halves_[1]) + sizeof(float) * size_t(lane), sizeof(float));
    return found;
  }

  V halves_[2];
  static_assert(sizeof(float*) == 2 * sizeof(float));
};

}  // namespace mixgraph::MIXGRAPH_ISA

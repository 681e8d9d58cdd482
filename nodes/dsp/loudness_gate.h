#pragma once
#include "nodes/dsp/k_weighting.h"

namespace mixgraph::MIXGRAPH_ISA {

/// The loudness of all blocks since the start, gated (BS.1770-5 Annex 1; EBU Tech 3342), in fixed memory:
/// blocks are counted in bins of 0.01 LU with their exact powers, so a gate is off by at most 0.01 LU and the
/// levels aren't rounded. [audio]
class LoudnessGate {
 public:
  LoudnessGate() : bins_(kBins), groups_(kBins / kGroup) {}

  static size_t memory() { return (kBins + kBins / kGroup) * sizeof(Blocks); }  ///< bytes

  /// Takes in a block, by its power; none of -70 LUFS or less.
  void add(double power) {
    double above = loudness_of(power) - kFloor;
    if (above <= 0) return;
    size_t bin = size_t(above * kPerUnit);
    if (bin >= kBins) bin = kBins - 1;
    bins_[bin].add(power);
    groups_[bin / kGroup].add(power);
    all_.add(power);
  }

  /// Mean power of the blocks that are louder than the mean of all less `gate` LU; 0 if there are none.
  double mean_above(double gate) const { return sum_from(first_above(gate)).mean(); }

  /// How far apart the blocks at two places between the quietest, 0, and the loudest, 1, are in LU, of those
  /// above the gate.
  double range_above(double gate, double low, double high) const {
    size_t first = first_above(gate);
    double steps = sum_from(first).count - 1;
    if (steps < 0) return 0;
    return level_at(first, std::floor(steps * high + 0.5)) - level_at(first, std::floor(steps * low + 0.5));
  }

  void clear() {
    for (size_t i = 0; i < kBins; i++) bins_[i] = {};
    for (size_t i = 0; i < groups_.size(); i++) groups_[i] = {};
    all_ = {};
  }

 private:
  struct Blocks {
    double count = 0, power = 0;
    void add(double p) { count++, power += p; }
    void add(const Blocks& b) { count += b.count, power += b.power; }
    double mean() const { return count > 0 ? power / count : 0; }
  };
  static constexpr double kFloor = -70, kPerUnit = 100;
  static constexpr size_t kGroup = 100, kBins = 10000;

  size_t first_above(double gate) const {
    double bin = std::ceil((loudness_of(all_.mean()) - gate - kFloor) * kPerUnit);
    return bin <= 0 ? 0 : bin >= kBins ? kBins : size_t(bin);
  }
  Blocks sum_from(size_t bin) const {
    Blocks sum;
    for (; bin < kBins && bin % kGroup != 0; bin++) sum.add(bins_[bin]);
    for (size_t group = bin / kGroup; group < groups_.size(); group++) sum.add(groups_[group]);
    return sum;
  }
  /// Mean level of the bin that holds the block with `below` blocks below it, from a bin on. There is one.
  double level_at(size_t bin, double below) const {
    for (;; bin++) {
      for (; bin % kGroup == 0 && groups_[bin / kGroup].count <= below; bin += kGroup)
        below -= groups_[bin / kGroup].count;
      if (bins_[bin].count > below) return loudness_of(bins_[bin].mean());
      below -= bins_[bin].count;
    }
  }

  Memory<Blocks> bins_, groups_;
  Blocks all_;
};

}  // namespace mixgraph::MIXGRAPH_ISA

#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>

namespace mixgraph {

/// How many periods took which share of their time: eight buckets per octave, from 1/8192 to 32 times the
/// period. [any]
struct LoadCounts {
  static constexpr int kPerOctave = 8, kLowest = -13, kOctaves = 18;
  std::array<uint64_t, kPerOctave * kOctaves> counts{};

  static size_t bucket(double load) noexcept {
    // The exponent and the highest three bits of the fraction, in one shift.
    const int64_t steps = int64_t(std::bit_cast<uint64_t>(std::max(load, 1e-9)) >> 49) - (1023 + kLowest) * 8;
    return size_t(std::clamp<int64_t>(steps, 0, kPerOctave * kOctaves - 1));
  }
  /// The middle of a bucket.
  static double load_of(size_t bucket) {
    const int octave = int(bucket) / kPerOctave, step = int(bucket) % kPerOctave;
    return std::ldexp(1 + (step + 0.5) / kPerOctave, octave + kLowest);
  }

  /// The load that so large a share (0..1) of the periods did not exceed; 0 without any.
  double percentile(double share) const {
    uint64_t all = 0, seen = 0;
    for (const uint64_t count : counts) all += count;
    for (size_t b = 0; b < counts.size(); ++b) {
      seen += counts[b];
      if (seen > 0 && double(seen) >= share * double(all)) return load_of(b);
    }
    return 0;
  }
  LoadCounts since(const LoadCounts& earlier) const {
    LoadCounts difference;
    for (size_t b = 0; b < counts.size(); ++b) difference.counts[b] = counts[b] - earlier.counts[b];
    return difference;
  }
};

/// The same, filled by the audio thread and read by any, without a lock.
class LoadHistogram {
 public:
  void note(double load) noexcept {  ///< [audio]
    auto& count = counts_[LoadCounts::bucket(load)];
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  LoadCounts read() const noexcept {  ///< [any]
    LoadCounts counts;
    for (size_t b = 0; b < counts_.size(); ++b) counts.counts[b] = counts_[b].load(std::memory_order_relaxed);
    return counts;
  }

 private:
  std::array<std::atomic<uint64_t>, LoadCounts::kPerOctave * LoadCounts::kOctaves> counts_{};
};

}  // namespace mixgraph

#pragma once
#include "graph/planar.h"
#include "nodes/dsp/ring.h"

namespace mixgraph::MIXGRAPH_ISA {

/// Writes frames to a ring of every lane, from `time` on. [audio]
template <class V>
void write_ring(const LaneMemory<V>& memory, int number, uint64_t time, const V* x, int count) {
  alignas(64) float planar[kLanes<V>][kMaxBlock];
  make_planar(planar[0], reinterpret_cast<const float*>(x), kLanes<V>, count);
  const int size = int(memory.frames()), at = int(time % uint64_t(size));
  for (int l = 0; l < kLanes<V>; l++)
    if (float* ring = memory.ring(l, number)) in_runs(at, size, count, [&](int place, int first, int n) { std::copy_n(planar[l] + first, n, ring + place); });
}

/// Where each lane reads its rings: so many frames back. It goes to another place by a fade of 20 ms, which begins with a tick;
/// where blocks are cut makes no difference. Between frames it reads through a windowed sinc of 20 points: within 0.03 dB to 18 kHz
/// at 44.1 kHz. The member of a node that runs in lanes.
template <class V>
class Taps {
 public:
  static constexpr int kReach = 10;  ///< frames before and behind a place that is no whole number
  explicit Taps(double rate) : span_(float(std::lround(0.02 * rate))), at_(span_) {}

  /// Before each block: `wanted(index)` is the places that are wanted at that index of the tick (the block's first): at least kReach
  /// if the ring is written before it is read, else as many frames more as are read at a time; and less than the rings' length
  /// - kReach. [audio]
  template <class Wanted>
  void begin(const Block<V>& b, Wanted wanted) {
    const bool fresh = any(to_ < V(0.f));
    if (b.at() != 0 && !fresh) return;
    const V next = wanted(b.at());
    for (int l = 0; l < kLanes<V>; l++) {
      const bool is_new = lane(to_, l) < 0;
      if ((b.at() != 0 && !is_new) || lane(at_, l) < lane(span_, l) || lane(next, l) == lane(to_, l)) continue;
      set_lane(from_, l, is_new ? lane(next, l) : lane(to_, l));
      set_lane(to_, l, lane(next, l));
      set_lane(at_, l, is_new ? lane(span_, l) : 0.f);
      for (int n = 0; n < 2 * kReach; n++) set_lane(from_weights_[n], l, lane(to_weights_[n], l));
      design(l);
    }
  }
  /// Frames first..first+count-1 of the block. [audio]
  void read(const LaneMemory<V>& memory, int number, const Block<V>& b, int first, int count, V* out) const {
    alignas(64) float planar[kLanes<V>][kMaxBlock];
    Column columns[kLanes<V>];
    const int size = int(memory.frames());
    const auto now = int((b.time() + uint64_t(first)) % uint64_t(size));
    for (int l = 0; l < kLanes<V>; l++) {
      const float* ring = memory.ring(l, number);
      if (!ring) continue;
      columns[l].data = planar[l];
      read_one(ring, size, now, lane(to_, l), to_weights_, l, count, planar[l]);
      if (lane(at_, l) < lane(span_, l)) fade_one(ring, size, now, l, first, count, planar[l]);
    }
    if constexpr (kLanes<V> == 1)
      std::copy_n(planar[0], count, out);
    else
      kMixing.gather_lanes(reinterpret_cast<float*>(out), kLanes<V>, columns, Into::all, count);
  }
  /// After each block. [audio]
  void end(const Block<V>& b) {
    at_ = min(at_ + V(float(b.frames())), span_);
    from_ = select(at_ < span_, from_, to_);
  }

 private:
  void fade_one(const float* ring, int size, int now, int l, int first, int count, float* out) const {
    float before[kMaxBlock];
    read_one(ring, size, now, lane(from_, l), from_weights_, l, count, before);
    const int fading = std::min(count, int(lane(span_, l) - lane(at_, l)) - first);
    for (int i = 0; i < fading; i++) {
      const float t = (lane(at_, l) + float(first + i)) / lane(span_, l);
      out[i] = madd(t * t * (3 - 2 * t), out[i] - before[i], before[i]);
    }
  }
  static void read_one(const float* ring, int size, int now, float place, const V* weights, int l, int count, float* out) {
    const int whole = int(place);
    const bool is_whole = place == float(whole);
    const int back = is_whole ? whole : whole + kReach, more = is_whole ? 0 : 2 * kReach - 1;
    float x[kMaxBlock + 2 * kReach];
    in_runs(now >= back ? now - back : now - back + size, size, count + more, [&](int at, int first, int n) { std::copy_n(ring + at, n, x + first); });
    if (is_whole) return void(std::copy_n(x, count, out));
    std::fill_n(out, count, 0.f);
    for (int n = 0; n < 2 * kReach; n++) {
      const float weight = lane(weights[n], l);
      for (int i = 0; i < count; i++) out[i] = madd(weight, x[i + n], out[i]);
    }
  }
  /// The modified Bessel function of order 0, by its series.
  static double bessel(double x) {
    double sum = 1, term = 1;
    for (int n = 1; n < 24; n++) sum += term *= x * x / (4.0 * n * n);
    return sum;
  }
  /// sin(pi x) / (pi x) under a Kaiser window, their sum being 1.
  void design(int l) {
    constexpr double kBeta = 5.75;  // least error up to 18 kHz at 44.1 kHz
    const double f = lane(to_, l) - std::floor(lane(to_, l));
    if (f == 0) return;
    double weights[2 * kReach], sum = 0;
    for (int n = 0; n < 2 * kReach; n++) {
      const double x = kReach - n - f, edge = x / kReach;
      // The sines differ by their signs alone.
      sum += weights[n] = (n % 2 ? -1 : 1) / x * bessel(kBeta * std::sqrt(std::max(1 - edge * edge, 0.0)));
    }
    for (int n = 0; n < 2 * kReach; n++) set_lane(to_weights_[n], l, float(weights[n] / sum));
  }

  V span_, at_;                      ///< frames of the fade that are done; all of them: it rests
  V from_ = V(-1.f), to_ = V(-1.f);  ///< places; -1: nothing was wanted yet
  V from_weights_[2 * kReach] = {}, to_weights_[2 * kReach] = {};
};

}  // namespace mixgraph::MIXGRAPH_ISA

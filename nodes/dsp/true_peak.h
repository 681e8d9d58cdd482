#pragma once
#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// Finds the peaks between samples (ITU-R BS.1770-5, Annex 2) with eight points per frame: those between two
/// samples come from the 64 samples about them, through a sinc in a Kaiser window. The sample itself is one
/// of the eight, so a reading is never below the sample peak. Reads at most 0.14 dB low up to 20 kHz at 44.1
/// kHz.
class TruePeak {
 public:
  static constexpr int kPoints = 8, kTaps = 64;
  static constexpr int kDelay = kTaps / 2;  ///< frames

  TruePeak() {
    for (int p = 0; p < kPoints / 2; p++)
      for (int j = 0; j < kTaps / 2; j++) {
        double a = tap(p + 1, j), b = tap(p + 1, kTaps - 1 - j);
        even_[j][p] = float((a + b) / 2);
        odd_[j][p] = float((a - b) / 2);
      }
  }

  /// peaks[i]: the largest absolute value from the sample kDelay frames before in[i] up to the next one.
  /// `peaks` has room for kMaxBlock. [audio]
  void measure(const float* in, int frames, float* peaks) {
    take(in, frames);
    find_peaks(frames, peaks);
    forget(frames);
  }
  /// The same, but 0 where the samples about a peak are too low for it to reach least[i]: where that is so for all, it is
  /// found out in little time. [audio]
  void measure(const float* in, int frames, const float* least, float* peaks) {
    take(in, frames);
    float highest[kTaps - 1 + kMaxBlock];  // about each sample; then of those about the next ones
    const int count = kTaps - 1 + frames;
    for (int i = 0; i < count; i++) highest[i] = kMostBetween * abs(history_[i]);
    int may_reach = 0;
    for (int i = 0; i < count; i++) may_reach |= highest[i] >= least[0];
    for (int i = 0; i < frames; i++) may_reach |= least[i] < least[0];
    if (may_reach) {
      find_peaks(frames, peaks);
      for (int span = 1; span < kTaps; span *= 2)
        for (int i = 0; i < count - span; i++) highest[i] = max(highest[i], highest[i + span]);
      for (int i = 0; i < frames; i++) peaks[i] = highest[i] < least[i] ? 0.f : peaks[i];
    } else {
      std::fill_n(peaks, frames, 0.f);
    }
    forget(frames);
  }

 private:
  /// More than the sum of the absolute taps of any point.
  static constexpr float kMostBetween = 2.8f;

  /// A register full of frames, one lane's.
  using Native = Pack<1>;
  static_assert(kMaxBlock % kNative == 0);

  static Native load(const float* from) {
    Native x;
    std::memcpy(&x, from, sizeof x);
    return x;
  }
  static Native spread(float x) {
    Native n;
    n.v[0] = x - NativeFloat{};
    return n;
  }

  void take(const float* in, int frames) { std::memcpy(&history_[kTaps - 1], in, size_t(frames) * sizeof(float)); }
  void forget(int frames) { std::memmove(&history_[0], &history_[frames], (kTaps - 1) * sizeof(float)); }

  void find_peaks(int frames, float* peaks) const {
    int i = 0;
    for (; i + (kTogether - 1) * kNative < frames; i += kTogether * kNative) find_largest<kTogether>(history_ + i, peaks + i);
    for (; i < frames; i += kNative) find_largest<1>(history_ + i, peaks + i);
  }

  /// Registers full of frames that there is room for, with seven sums each.
  static constexpr int kTogether = kNative == 16 ? 2 : 1;

  /// The taps of point p and those of point 8-p are each other's mirror image, so both come from the sums and
  /// the differences of mirrored samples.
  template <int kCount>
  void find_largest(const float* oldest, float* to) const {
    Native even[kCount][4], odd[kCount][3];
    for (int n = 0; n < kCount; n++) {
      for (Native& x : even[n]) x = Native(0.f);
      for (Native& x : odd[n]) x = Native(0.f);
    }
    for (int j = 0; j < kTaps / 2; j++) {
      Native e[4], o[3];
      for (int p = 0; p < 4; p++) e[p] = spread(even_[j][p]);
      for (int p = 0; p < 3; p++) o[p] = spread(odd_[j][p]);
#pragma GCC unroll 2
      for (int n = 0; n < kCount; n++) {
        const float* here = oldest + n * kNative;
        Native a = load(here + j), b = load(here + kTaps - 1 - j);
        Native sum = a + b, difference = a - b;
        for (int p = 0; p < 4; p++) even[n][p] = madd(sum, e[p], even[n][p]);
        for (int p = 0; p < 3; p++) odd[n][p] = madd(difference, o[p], odd[n][p]);
      }
    }
#pragma GCC unroll 2
    for (int n = 0; n < kCount; n++) {
      Native peak = max(abs(load(oldest + n * kNative + kTaps / 2 - 1)), abs(even[n][3]));
      for (int p = 0; p < 3; p++) peak = max(peak, abs(even[n][p]) + abs(odd[n][p]));
      std::memcpy(to + n * kNative, &peak, sizeof peak);
    }
  }

  /// Weight of the sample j (from the oldest) for the point p eighths after the sample in the middle.
  static double tap(int p, int j) {
    constexpr double kPi = 3.14159265358979323846, kBeta = 9;  // 90 dB
    double t = j - (kTaps / 2 - 1) - double(p) / kPoints, u = t / (kTaps / 2);
    return std::sin(kPi * t) / (kPi * t) * bessel(kBeta * std::sqrt(1 - u * u)) / bessel(kBeta);
  }
  /// The modified Bessel function I0.
  static double bessel(double x) {
    double sum = 1, term = 1;
    for (int k = 1; k < 40; k++) sum += term *= x / (2 * k) * (x / (2 * k));
    return sum;
  }

  float even_[kTaps / 2][4], odd_[kTaps / 2][4];
  float history_[kTaps - 1 + kMaxBlock] = {};
};

}  // namespace mixgraph::MIXGRAPH_ISA

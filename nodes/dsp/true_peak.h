#pragma once
#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// Finds the peaks between samples (ITU-R BS.1770-5, Annex 2) with eight points per frame: those between two
/// samples come from the 64 samples about them, through a sinc in a Kaiser window. The sample itself is one
/// of the eight, so a reading is never below the sample peak. Reads at most 0.14 dB low up to 20 kHz at 44.1
/// kHz.
template <class V>
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
  void measure(const V* in, int frames, V* peaks) {
    std::memcpy(&history_[kTaps - 1], in, size_t(frames) * sizeof(V));
    const char* from = reinterpret_cast<const char*>(history_);
    char* to = reinterpret_cast<char*>(peaks);
    size_t bytes = size_t(frames) * sizeof(V);
    size_t at = 0;
    for (; at + (kTogether - 1) * sizeof(Native) < bytes; at += kTogether * sizeof(Native)) find_largest<kTogether>(from + at, to + at);
    for (; at < bytes; at += sizeof(Native)) find_largest<1>(from + at, to + at);
    std::memmove(&history_[0], &history_[frames], (kTaps - 1) * sizeof(V));
  }

 private:
  /// A register full: several lanes of one frame or, where V is float, several frames. Either way the frame
  /// before is sizeof(V) bytes before.
  using Native = Pack<1>;
  static_assert(kMaxBlock % kNative == 0);

  static Native load(const char* from) {
    Native x;
    std::memcpy(&x, from, sizeof x);
    return x;
  }

  static Native spread(float x) {
    Native n;
    n.v[0] = x - NativeFloat{};
    return n;
  }

  /// Registers full of frames that there is room for, with seven sums each.
  static constexpr int kTogether = kNative == 16 ? 2 : 1;

  /// The taps of point p and those of point 8-p are each other's mirror image, so both come from the sums and
  /// the differences of mirrored samples.
  template <int kCount>
  void find_largest(const char* oldest, char* to) const {
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
        const char* here = oldest + size_t(n) * sizeof(Native);
        Native a = load(here + size_t(j) * sizeof(V)), b = load(here + size_t(kTaps - 1 - j) * sizeof(V));
        Native sum = a + b, difference = a - b;
        for (int p = 0; p < 4; p++) even[n][p] = madd(sum, e[p], even[n][p]);
        for (int p = 0; p < 3; p++) odd[n][p] = madd(difference, o[p], odd[n][p]);
      }
    }
#pragma GCC unroll 2
    for (int n = 0; n < kCount; n++) {
      Native peak = max(abs(load(oldest + size_t(n) * sizeof(Native) + (kTaps / 2 - 1) * sizeof(V))), abs(even[n][3]));
      for (int p = 0; p < 3; p++) peak = max(peak, abs(even[n][p]) + abs(odd[n][p]));
      std::memcpy(to + size_t(n) * sizeof(Native), &peak, sizeof peak);
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
  V history_[kTaps - 1 + kMaxBlock] = {};
};

}  // namespace mixgraph::MIXGRAPH_ISA

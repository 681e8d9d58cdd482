#pragma once
#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// The K-weighting of ITU-R BS.1770-5, Annex 1, of two channels at a time: a shelf for the head's diffraction, and a
/// high-pass (RLB). The recommendation's tables, which are for 48 kHz only, come out of these analogue
/// figures through the bilinear transform, as do the filters for all other rates.
class KWeighting {
 public:
  explicit KWeighting(double rate) : shelf_(shelf(rate)), high_pass_(high_pass(rate)) {}

  /// The squares of both channels' weighted frames, each times a factor. [audio]
  double square(float left, float right, double of_left = 1, double of_right = 1) {
    double x[2] = {left, right};
    shelf_.filter(x);
    high_pass_.filter(x);
    return x[0] * x[0] * of_left + x[1] * x[1] * of_right;
  }

 private:
  struct Biquad {
    double b0, b1, b2, a1, a2;
    double s1[2] = {}, s2[2] = {};

    void filter(double* x) {
      for (int c = 0; c < 2; c++) {
        double y = b0 * x[c] + s1[c];
        s1[c] = b1 * x[c] - a1 * y + s2[c];
        s2[c] = b2 * x[c] - a2 * y;
        x[c] = y;
      }
    }
  };

  static double prewarped(double hertz, double rate) {
    return std::tan(3.14159265358979323846 * hertz / rate);
  }
  static Biquad shelf(double rate) {
    constexpr double kHertz = 1681.974450955533, kQ = 0.7071752369554196, kHigh = 1.584864701130855,
                     kMid = 1.258720930232562;
    double k = prewarped(kHertz, rate), a0 = 1 + k / kQ + k * k;
    return {(kHigh + kMid * k / kQ + k * k) / a0, 2 * (k * k - kHigh) / a0,
            (kHigh - kMid * k / kQ + k * k) / a0, 2 * (k * k - 1) / a0, (1 - k / kQ + k * k) / a0};
  }
  static Biquad high_pass(double rate) {
    constexpr double kHertz = 38.13547087602444, kQ = 0.5003270373238773;
    double k = prewarped(kHertz, rate), a0 = 1 + k / kQ + k * k;
    return {1, -2, 1, 2 * (k * k - 1) / a0, (1 - k / kQ + k * k) / a0};
  }

  Biquad shelf_, high_pass_;
};

/// Loudness in LUFS of a mean square after K-weighting, summed over channels. -150 for silence. [any]
inline double loudness_of(double power) {
  return power > 1e-15 ? -0.691 + 10 * std::log10(power) : -150;
}

}  // namespace mixgraph::MIXGRAPH_ISA

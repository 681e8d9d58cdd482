#pragma once
// Second-order filters from musical parameters, in double precision for one lane.
#include <cmath>

#include "graph/lanes.h"

namespace mixgraph::MIXGRAPH_ISA {

/// A second-order response in s = (1 - 1/z) / (1 + 1/z), which at a frequency f is j tan(pi f / rate):
/// (n2 s^2 + n1 s + n0) / (s^2 + d1 s + d0). No coefficient is a difference of nearly equal numbers, even at
/// 20 Hz.
struct Section {
  double n0, n1, n2, d0, d1;
};

enum class Shelf { low, high };

namespace design {

inline constexpr double kPi = 3.14159265358979323846;

/// Radians per frame; held below the highest frequency that the rate can carry.
inline double radians(double hertz, double rate) {
  return 2 * kPi * (hertz < 0.49 * rate ? hertz : 0.49 * rate) / rate;
}
/// s^2 at `w` radians per frame, with the sign turned.
inline double squared(double w) {
  double t = std::tan(w / 2);
  return t * t;
}

/// The denominator whose poles are those of s^2 + 2 q w s + w^2 carried over by z = e^s (impulse invariance).
inline Section poles(double w, double q) {
  double at_dc, at_nyquist, product_gap;  // (1-p1)(1-p2), (1+p1)(1+p2), 1-p1 p2
  if (q < 1) {
    double fall = -std::expm1(-q * w), e = 1 - fall, s = std::sin(std::sqrt(1 - q * q) * w / 2);
    at_dc = fall * fall + 4 * e * s * s;
    at_nyquist = (1 + e) * (1 + e) - 4 * e * s * s;
    product_gap = fall * (1 + e);
  } else {
    double r = q + std::sqrt(q * q - 1), slow = -std::expm1(-w / r), fast = -std::expm1(-w * r);
    at_dc = slow * fast;
    at_nyquist = (2 - slow) * (2 - fast);
    product_gap = slow + fast - slow * fast;
  }
  return {0, 0, 1, at_dc / at_nyquist, 2 * product_gap / at_nyquist};
}

/// Gives `s`, whose n0 and n2 are set, the n1 with which its power at `u` (see squared()) is `power`.
inline void match_power(Section& s, double u, double power) {
  double denominator = (s.d0 - u) * (s.d0 - u) + s.d1 * s.d1 * u, rest = s.n0 - s.n2 * u;
  double n1_squared = (power * denominator - rest * rest) / u;
  // An inverse of this section must be stable.
  double least = 1e-6 * s.n0 * s.n2;
  s.n1 = std::sqrt(n1_squared > least ? n1_squared : least);
}

/// The numerator's zeros on the poles: transparent, with the poles kept for when the gain moves.
inline Section flat(const Section& s) {
  return {s.d0, s.d1, 1, s.d0, s.d1};
}
inline Section inverse(const Section& s) {
  return {s.d0 / s.n2, s.d1 / s.n2, 1 / s.n2, s.n0 / s.n2, s.n1 / s.n2};
}

}  // namespace design

/// Butterworth's second-order high-pass by the bilinear transform, or one of a cascade. Exact at the cut-off.
inline Section high_pass(double hertz, double q, double rate) {
  double u = design::squared(design::radians(hertz, rate));
  return {0, 0, 1, u, std::sqrt(u) / q};
}

/// A bell with the analogue response (s^2 + s A/Q + 1) / (s^2 + s/(A Q) + 1), A^2 = gain, also near half the
/// rate, where the bilinear transform cramps it: M. Vicanek, "Matched Second Order Digital Filters" (2016).
/// Gain and slope are matched at the centre, and the gain at DC; his equations, solved in powers of u =
/// tan^2(w/2).
inline Section bell(double hertz, double decibels, double q, double rate) {
  double gain = std::exp(std::abs(decibels) * 0.11512925464970229), w = design::radians(hertz, rate);
  double u = design::squared(w), power = gain * gain;
  Section s = design::poles(w, 0.5 / (std::sqrt(gain) * q));
  s.n0 = s.d0;
  double n2_squared = (s.d0 * s.d0 - power * (s.d0 - u) * (s.d0 + u)) / (u * u);
  s.n2 = std::sqrt(n2_squared > 1e-3 ? n2_squared : 1e-3);
  design::match_power(s, u, power);
  return decibels > 0 ? s : design::inverse(s);
}

/// A shelf's highest q: above it the resonance, not the shelf, would be what is heard.
inline constexpr double kSteepestShelf = 1.4;

/// A shelf with the analogue response A (A s^2 + s sqrt(A)/Q + 1) / (s^2 + s sqrt(A)/Q + A) if high, mirrored
/// if low, A^4 = gain squared (R. Bristow-Johnson's cookbook): gains matched at DC, at the corner and at half
/// the rate.
inline Section shelf(Shelf kind, double hertz, double decibels, double q, double rate) {
  // Designed in the direction whose poles lie lower, where they are best placed; the other is its inverse.
  bool high = kind == Shelf::high;
  double a = std::exp((high ? -1 : 1) * std::abs(decibels) * 0.057564627324851145);  // 10^(dB/40)
  double w = design::radians(hertz, rate), r = 1 / (q < kSteepestShelf ? q : kSteepestShelf);
  // The prototype's power at `x` = (frequency / corner)^2.
  auto power = [&](double x) {
    double k = a * r * r * x, above = (1 - a * x) * (1 - a * x) + k, below = (a - x) * (a - x) + k;
    return a * a * (high ? above / below : below / above);
  };
  Section s = design::poles(high ? w * std::sqrt(a) : w / std::sqrt(a), r / 2);
  if (decibels == 0) return design::flat(s);
  s.n0 = s.d0 * (high ? 1 : a * a);
  s.n2 = std::sqrt(power(design::kPi / w * (design::kPi / w)));
  double match = w < 0.7 * design::kPi ? w : 0.7 * design::kPi;
  design::match_power(s, design::squared(match), power(match / w * (match / w)));
  return high == (decibels < 0) ? s : design::inverse(s);
}

}  // namespace mixgraph::MIXGRAPH_ISA

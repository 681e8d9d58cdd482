#pragma once
#include "nodes/dsp/filter_design.h"

namespace mixgraph::MIXGRAPH_ISA {

/// Coefficients of a state-variable filter with trapezoidal integrators (A. Simper, "Solving the continuous
/// SVF equations using trapezoidal integration", 2013), arranged for few operations per frame. Its two states
/// keep their meaning while coefficients move, so that it can be modulated, and single precision suffices for
/// 20 Hz at 192 kHz.
enum SvfCoefficient { kDamp, kFirst, kTwice, kBoth, kDirect, kBand, kLow, kSvfCoefficients };
/// Those of a high-pass: its output is the integrators' input, times kPass.
inline constexpr int kPass = kDirect, kHighPassCoefficients = 5;

template <int N>
struct SvfDesign {
  double k[N];
};

/// Any section. The output is a sum of the input and both states before the frame, so that a frame's way through a
/// cascade of filters takes one operation per filter. [any]
inline SvfDesign<kSvfCoefficients> svf(const Section& s) {
  double g = std::sqrt(s.d0), damp = g + s.d1 / g, first = 2 * g / (1 + s.d0 + s.d1);
  double low = s.n0 / s.d0 - s.n2, band = ((s.n1 - s.n2 * s.d1) / g + low * g) / 2;
  return {{damp, first, 2 * g, first * g, s.n2 + band * first, band * (2 - damp * first), low - band * first}};
}
/// A high_pass() of nodes/dsp/filter_design.h. [any]
inline SvfDesign<kHighPassCoefficients> svf_high_pass(const Section& s) {
  auto all = svf(s);
  return {{all.k[kDamp], all.k[kFirst], all.k[kTwice], all.k[kBoth], 1 / (1 + s.d0 + s.d1)}};
}
/// A high-pass of 6 dB per octave. [any]
inline SvfDesign<kHighPassCoefficients> svf_first_order(double hertz, double rate) {
  double g = std::sqrt(design::squared(design::radians(hertz, rate)));
  return {{1, 2 * g / (1 + g), 0, 0, 1 / (1 + g)}};
}
/// A high-pass that passes everything. [any]
inline constexpr SvfDesign<kHighPassCoefficients> kSvfThrough = {{0, 0, 0, 0, 1}};

/// The filter's state; k(n) is coefficient n at this frame. [audio]
template <class V>
struct Svf {
  V s1 = V(0.f), s2 = V(0.f);

  template <class K>
  [[gnu::always_inline]] inline V tick(V x, K k) {
    V y = madd(k(kDirect), x, madd(k(kBand), s1, k(kLow) * s2));
    drive(x, k);
    return y;
  }
  template <class K>
  [[gnu::always_inline]] inline V high_pass(V x, K k) {
    return drive(x, k) * k(kPass);
  }

 private:
  template <class K>
  [[gnu::always_inline]] inline V drive(V x, K k) {
    V in = madd(-k(kDamp), s1, x - s2);
    s2 = madd(k(kBoth), in, madd(k(kTwice), s1, s2));
    s1 = madd(k(kFirst), in, s1);
    return in;
  }
};

}  // namespace mixgraph::MIXGRAPH_ISA

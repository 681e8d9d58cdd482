#include "nodes/dsp/loop.h"
#include "nodes/dsp/svf.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kFreq, kSlope };
constexpr std::string_view kSlopes[] = {"12", "18", "24"};
constexpr Parameter kParameters[] = {
    {.id = "freq",
     .label = "Frequency",
     .doc = "Cut-off: 3 dB down.",
     .unit = Unit::hertz,
     .curve = Curve::log,
     .min = 20,
     .max = 2000,
     .initial = 80,
     .main = true},
    {.id = "slope",
     .label = "Slope",
     .doc = "Steepness below the cut-off, in dB per octave.",
     .curve = Curve::stepped,
     .max = 2,
     .choices = kSlopes,
     .update = Update::rebuild},
};
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

/// Butterworth: the q of its second-order section, then of its other section; 0 is one of first order, -1
/// none.
constexpr double kQ[][2] = {{0.70710678118654752, -1}, {1, 0}, {0.54119610014619698, 1.3065629648763766}};

SvfDesign<kHighPassCoefficients> design_section(double q, double freq, double rate) {
  if (q < 0) return kSvfThrough;
  return q == 0 ? svf_first_order(freq, rate) : svf_high_pass(high_pass(freq, q, rate));
}

template <class V>
struct Sections {
  Svf<V> section[2];
};

template <class V>
class Highpass {
 public:
  explicit Highpass(const Setup& setup) : rate_(float(setup.rate())), slope_(float(setup.choice(kSlope))) {}

  void process(Block<V> b) {
    const bool two = any(V(0.f) < slope_);
    glide_.run(
        b, [&](int index, uint64_t lanes, V* c) { design(b.ramp(kFreq).at(index), lanes, c); },
        [&](auto frames) {
          if (two)
            loop<kNative == 16 ? 2 : 1>(frames, b, state_, [](auto x, auto& sections, auto k) __attribute__((always_inline)) {
              x = sections.section[0].high_pass(x, k);
              return sections.section[1].high_pass(x, [&k](int n) { return k(kHighPassCoefficients + n); });
            });
          else
            loop<4>(frames, b, state_, [](auto x, auto& sections, auto k) __attribute__((always_inline)) { return sections.section[0].high_pass(x, k); });
        });
  }

 private:
  void design(V log2_freq, uint64_t lanes, V* c) const {
    for_lanes(lanes, [&](int l) {
      double rate = lane(rate_, l), freq = std::exp2(double(lane(log2_freq, l)));
      for (int s = 0; s < 2; s++) {
        auto section = design_section(kQ[int(lane(slope_, l))][s], freq, rate);
        for (int n = 0; n < kHighPassCoefficients; n++)
          set_lane(c[s * kHighPassCoefficients + n], l, float(section.k[n]));
      }
    });
  }

  Gliding<V, 2 * kHighPassCoefficients> glide_;
  Sections<V> state_[2];  ///< by channel
  V rate_, slope_;
};

}  // namespace

extern constexpr NodeType highpass = declared({
    .id = "highpass",
    .label = "High-pass",
    .doc = "Butterworth low-cut filter of 12, 18 or 24 dB per octave.",
    .category = "tone",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .kernels = kLaneKernels<Highpass>,
    .multichannel = Multichannel::apart,
});

}  // namespace mixgraph::MIXGRAPH_ISA

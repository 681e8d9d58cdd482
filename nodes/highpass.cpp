#include "nodes/dsp/gliding.h"
#include "nodes/dsp/parts.h"
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
static_assert(is_sound(kParameters));
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

/// Butterworth: the q of its second-order section, then of its other section; 0 is one of first order, -1
/// none.
constexpr double kQ[][2] = {{0.70710678118654752, -1}, {1, 0}, {0.54119610014619698, 1.3065629648763766}};

SvfDesign<kHighPassCoefficients> design_section(double q, double freq, double rate) {
  if (q < 0) return kSvfThrough;
  return q == 0 ? svf_first_order(freq, rate) : svf_high_pass(high_pass(freq, q, rate));
}

template <class V>
class Highpass {
 public:
  static constexpr bool kPlain = true;
  explicit Highpass(const Setup& setup) : rate_(float(setup.rate())), slope_(float(setup.choice(kSlope))) {}

  void process(Block<V> b) {
    bool two = any(V(0.f) < slope_);
    glide_.run(
        b, [&](int index, uint64_t lanes, V* c) { design(b.ramp(kFreq).at(index), lanes, c); },
        [&](int first, int count, auto c) {
          for (int channel = 0; channel < b.channels(); channel++) {
            filter<0>(b, channel, b.in(channel), first, count, c);
            if (two) filter<1>(b, channel, b.out(channel), first, count, c);
          }
        });
  }

 private:
  using P = Parts<V, 4>;

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

  /// One section over a channel; `in` may be the channel's output.
  template <int section, class C>
  void filter(const Block<V>& b, int channel, const V* in, int first, int count, C c) {
    V* out = b.out(channel);
    Svf<V>& state = state_[channel][section];
    auto own = [&c](int n, int i) -> decltype(auto) { return c(section * kHighPassCoefficients + n, i); };
    for_parts<V, 4, kHighPassCoefficients>(!b.restless(), own, [&](int part, auto k) {
      auto s = part_of<P>(state, part);
      for (int i = first; i < first + count; i++)
        P::set(out[i], part, s.high_pass(P::get(in[i], part), [&](int n) -> decltype(auto) { return k(n, i); }));
      put_part<P>(state, part, s);
    });
  }

  Gliding<V, 2 * kHighPassCoefficients> glide_;
  Svf<V> state_[2][2];  ///< [channel][section]
  V rate_, slope_;
};

}  // namespace

extern constexpr NodeType highpass{.id = "highpass",
                                   .label = "High-pass",
                                   .doc = "Butterworth low-cut filter of 12, 18 or 24 dB per octave.",
                                   .category = "tone",
                                   .inputs = kIn,
                                   .outputs = kOut,
                                   .parameters = kParameters,
                                   .meters = {},
                                   .kernels = kLaneKernels<Highpass>};

}  // namespace mixgraph::MIXGRAPH_ISA

#include "nodes/dsp/gliding.h"
#include "nodes/dsp/svf.h"
#include "nodes/dsp/toggle.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kWidth, kMonoBelow };
constexpr float kOff = 20;
constexpr Parameter kParameters[] = {
    {.id = "width",
     .label = "Width",
     .doc = "Level of the side signal: 0 is mono, 100 leaves the stereo image as it is.",
     .unit = Unit::percent,
     .min = 0,
     .max = 200,
     .initial = 100,
     .main = true},
    {.id = "mono_below",
     .label = "Mono below",
     .doc = "Takes the side signal away below this frequency, 12 dB per octave; off at its minimum.",
     .unit = Unit::hertz,
     .curve = Curve::log,
     .min = kOff,
     .max = 500,
     .initial = kOff},
};
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};
enum MeterRow { kCorrelation };
constexpr Meter kMeters[] = {
    {.id = "correlation",
     .label = "Correlation",
     .doc = "Of left and right over 300 ms: 1 is mono, 0 unrelated or silent, negative loses level in mono.",
     .unit = Unit::none,
     .fold = Fold::last,
     .rest = 0}};

/// With side S = (L - R) / 2 and mid M = L - S, the output is M + S' and M - S' where S' is the new side.
/// Written as L + (S' - S), so that a width of 100 % changes nothing.
template <class V>
class Width {
 public:
  explicit Width(const Setup& setup)
      : on_(setup.rate()), rate_(V(float(setup.rate()))), forget_(V(float(1 / (0.3 * setup.rate())))) {}

  void process(Block<V> b) {
    Ramp<V> width = b.ramp(kWidth), below = b.ramp(kMonoBelow);
    auto design = [&](int index, uint64_t lanes, V* c) {
      c[kFactor] = width.at(index) * V(0.01f);
      V hertz = exp2(below.at(index));
      for_lanes(lanes, [&](int l) { set_filter(c, l, lane(hertz, l)); });
    };
    on_.begin(b, [&](int index) { return V(std::log2(1.0005f * kOff)) < below.at(index); });
    coefficients_.run(b, design, [&](auto frames) {
      for (int i = frames.first; i < frames.first + frames.count; i++) tick(b, i, on_.amount(i), [&](int n) -> decltype(auto) { return frames.c(n, i); });
    });
    b.meter(kCorrelation) = left_right_ / max(sqrt(left_) * sqrt(right_), V(1e-12f));
  }

 private:
  enum Coefficient { kFactor = kHighPassCoefficients, kCoefficients };

  void set_filter(V* c, int l, double hertz) {
    auto filter = svf_high_pass(high_pass(hertz, 0.70710678118654752, lane(rate_, l)));
    for (int n = 0; n < kHighPassCoefficients; n++) set_lane(c[n], l, float(filter.k[n]));
  }

  template <class K>
  void tick(const Block<V>& b, int i, V amount, K k) {
    V left = b.in(0)[i], right = b.in(1)[i], side = (left - right) * V(0.5f);
    V filtered = filter_.high_pass(side, k);
    V change = k(kFactor) * madd(amount, filtered - side, side) - side;
    left += change;
    right -= change;
    b.out(0)[i] = left;
    b.out(1)[i] = right;
    left_ = madd(forget_, left * left - left_, left_);
    right_ = madd(forget_, right * right - right_, right_);
    left_right_ = madd(forget_, left * right - left_right_, left_right_);
  }

  Gliding<V, kCoefficients> coefficients_;
  Svf<V> filter_;
  Toggle<V> on_;  ///< of the filter
  V left_ = V(0.f), right_ = V(0.f), left_right_ = V(0.f);  ///< mean products, forgetting over 300 ms
  V rate_, forget_;
};

}  // namespace

extern constexpr NodeType width = declared({
    .id = "width",
    .label = "Width",
    .doc = "Makes the stereo image narrower or wider, and the bass mono; what has more channels than two isn't for it.",
    .category = "stereo",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .meters = kMeters,
    .kernels = kLaneKernels<Width>,
    .multichannel = Multichannel::refused,
    .least_channels = 2,
});

}  // namespace mixgraph::MIXGRAPH_ISA

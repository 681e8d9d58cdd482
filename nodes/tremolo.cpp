#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kDepth, kRate };
constexpr Parameter kParameters[] = {
    {.id = "depth", .label = "Depth", .doc = "How far the level falls.", .unit = Unit::percent, .max = 100, .initial = 50, .main = true},
    {.id = "rate",
     .label = "Rate",
     .doc = "How often it falls and rises.",
     .unit = Unit::hertz,
     .curve = Curve::log,
     .min = 0.05,
     .max = 20,
     .initial = 5},
};
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

template <class V>
class Tremolo {
 public:
  explicit Tremolo(const Setup& setup) : frame_(float(1 / setup.rate())) {}

  void process(Block<V> b) {
    Ramp<V> depth = b.ramp(kDepth), rate = b.ramp(kRate);
    V share = depth.begin() * V(0.01f), step = exp2(rate.begin()) * frame_;
    for (int i = 0; i < b.frames(); i++) {
      if (b.restless()) {
        share = depth.at(b.at() + i) * V(0.01f);
        step = exp2(rate.at(b.at() + i)) * frame_;
      }
      // A raised cosine that begins at its top: sin^2 of a triangle.
      V wave = sin_quarter(abs(phase_ - V(0.5f)) * V(3.14159265f));
      V gain = madd(share, wave * wave - V(1.f), V(1.f));
      for (int c = 0; c < b.channels(); c++) b.out(c)[i] = b.in(c)[i] * gain;
      phase_ += step;
      phase_ = select(phase_ < V(1.f), phase_, phase_ - V(1.f));
    }
  }

 private:
  V phase_ = V(0.f);  // turns
  V frame_;           // seconds
};

}  // namespace

extern constexpr NodeType tremolo = declared({
    .id = "tremolo",
    .label = "Tremolo",
    .doc = "Lets the level fall and rise.",
    .category = "modulation",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .kernels = kLaneKernels<Tremolo>,
    .multichannel = Multichannel::apart,
});

}  // namespace mixgraph::MIXGRAPH_ISA

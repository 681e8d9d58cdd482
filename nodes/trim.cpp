#include "nodes/dsp/scale.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kGain, kInvert };
constexpr Parameter kParameters[] = {
    {.id = "gain",
     .label = "Gain",
     .doc = "Level of the input.",
     .unit = Unit::decibel,
     .min = -60,
     .max = 24,
     .main = true},
    switch_row("invert", "Invert", "Turns the polarity."),
};
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

template <class V>
class Trim {
 public:
  void process(Block<V> b) {
    Ramp<V> gain = b.ramp(kGain), invert = b.ramp(kInvert);
    auto factor = [&](int index) { return gain_of(gain.at(index)) * (V(1.f) - V(2.f) * invert.at(index)); };
    for (int c = 0; c < b.channels(); c++) scale(b, c, c, factor);
  }
};

}  // namespace

extern constexpr NodeType trim = declared({
    .id = "trim",
    .label = "Trim",
    .doc = "Input gain and polarity.",
    .category = "level",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .kernels = kLaneKernels<Trim>,
    .multichannel = Multichannel::apart,
});

}  // namespace mixgraph::MIXGRAPH_ISA

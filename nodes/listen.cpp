// Where an operator listens. What it hears is the planner's to say (graph/listen.h): what is connected to it, or, while any PFL or AFL
// is on, what those have heard.
#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kLevel, kDim, kDimAmount, kMono };
constexpr Parameter kParameters[] = {
    {.id = "level",
     .label = "Level",
     .doc = "Level of what is listened to; -90 dB is silence.",
     .unit = Unit::decibel,
     .curve = Curve::fader,
     .min = -90,
     .max = 10,
     .main = true,
     .group = GroupPart::listen},
    switch_row("dim", "Dim", "Turns it down by the amount of the dim."),
    {.id = "dim_amount", .label = "Dim amount", .doc = "By how much the dim turns it down.", .unit = Unit::decibel, .min = -60, .max = 0, .initial = -20},
    switch_row("mono", "Mono", "Puts the mean of both sides on both."),
};
constexpr Port kIn[] = {{"in", 2}}, kOut[] = {{"out", 2}};

template <class V>
class Listen {
 public:
  void process(Block<V> b) {
    const Ramp<V> level = b.ramp(kLevel), dim = b.ramp(kDim), amount = b.ramp(kDimAmount), mono = b.ramp(kMono);
    for (int i = 0; i < b.frames(); i++) {
      const int index = b.at() + i;
      const V gain = level.at(index) * madd(dim.at(index), gain_of(amount.at(index)) - V(1.f), V(1.f));
      const V left = b.in(0)[i], right = b.in(1)[i], half = (right - left) * V(0.5f) * mono.at(index);
      b.out(0)[i] = (left + half) * gain;
      b.out(1)[i] = (right - half) * gain;
    }
  }
};

}  // namespace

extern constexpr NodeType listen = declared({
    .id = "listen",
    .label = "Listen",
    .doc = "Where an operator listens: to what is connected to it, or to what PFL and AFL pick.",
    .category = "level",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .kernels = kLaneKernels<Listen>,
});

}  // namespace mixgraph::MIXGRAPH_ISA

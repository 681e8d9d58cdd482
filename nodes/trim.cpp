#include "graph/node.h"

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
static_assert(is_sound(kParameters));
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

template <class V>
class Trim {
 public:
  static constexpr bool kPlain = true;
  explicit Trim(const Setup&) {}

  void process(Block<V> b) {
    Ramp<V> gain = b.ramp(kGain), invert = b.ramp(kInvert);
    auto factor = [&](int index) { return gain_of(gain.at(index)) * (V(1.f) - V(2.f) * invert.at(index)); };
    V still = factor(0);
    for (int i = 0; i < b.frames(); i++) {
      V g = b.restless() ? factor(b.at() + i) : still;
      for (int c = 0; c < b.channels(); c++) b.out(c)[i] = b.in(c)[i] * g;
    }
  }

 private:
  V unused_ = V(0.f);
};

}  // namespace

extern constexpr NodeType trim{.id = "trim",
                               .label = "Trim",
                               .doc = "Input gain and polarity.",
                               .category = "level",
                               .inputs = kIn,
                               .outputs = kOut,
                               .parameters = kParameters,
                               .meters = {},
                               .kernels = kLaneKernels<Trim>};

}  // namespace mixgraph::MIXGRAPH_ISA

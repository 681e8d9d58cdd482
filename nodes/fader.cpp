#include "nodes/dsp/scale.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kLevel };
constexpr Parameter kParameters[] = {
    {.id = "level",
     .label = "Level",
     .doc = "Level of the channel; -90 dB is silence.",
     .unit = Unit::decibel,
     .curve = Curve::fader,
     .min = -90,
     .max = 10,
     .main = true},
};
static_assert(is_sound(kParameters));
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

template <class V>
class Fader {
 public:
  static constexpr bool kPlain = true;
  explicit Fader(const Setup&) {}

  void process(Block<V> b) {
    Ramp<V> level = b.ramp(kLevel);
    for (int c = 0; c < b.channels(); c++) scale(b, c, c, [&](int index) { return level.at(index); });
  }

 private:
  V unused_ = V(0.f);
};

}  // namespace

extern constexpr NodeType fader{.id = "fader",
                                .label = "Fader",
                                .doc = "Level of a channel, from silence to +10 dB.",
                                .category = "level",
                                .inputs = kIn,
                                .outputs = kOut,
                                .parameters = kParameters,
                                .meters = {},
                                .kernels = kLaneKernels<Fader>};

}  // namespace mixgraph::MIXGRAPH_ISA

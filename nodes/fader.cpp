#include "nodes/dsp/scale.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kLevel };
consteval Parameter level_row(std::string_view doc) {
  return {.id = "level", .label = "Level", .doc = doc, .unit = Unit::decibel, .curve = Curve::fader, .min = -90, .max = 10, .main = true};
}
constexpr Parameter kFaderRows[] = {level_row("Level of the channel; -90 dB is silence.")};
constexpr Parameter kSendRows[] = {level_row("Level of what is sent; -90 dB is silence.")};
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

template <class V>
class Level {
 public:
  void process(Block<V> b) {
    Ramp<V> level = b.ramp(kLevel);
    for (int c = 0; c < b.channels(); c++) scale(b, c, c, [&](int index) { return level.at(index); });
  }
};

}  // namespace

extern constexpr NodeType fader = declared({
    .id = "fader",
    .label = "Fader",
    .doc = "Level of a channel, from silence to +10 dB.",
    .category = "level",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kFaderRows,
    .kernels = kLaneKernels<Level>,
});
extern constexpr NodeType send = declared({
    .id = "send",
    .label = "Send",
    .doc = "Level of a copy on its way to another bus: before or after the fader, as it is wired.",
    .category = "level",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kSendRows,
    .kernels = kLaneKernels<Level>,
});

}  // namespace mixgraph::MIXGRAPH_ISA

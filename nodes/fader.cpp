#include "nodes/dsp/group_gain.h"
#include "nodes/dsp/scale.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kLevel };
consteval Parameter level_row(std::string_view doc) {
  return {.id = "level", .label = "Level", .doc = doc, .unit = Unit::decibel, .curve = Curve::fader, .min = -90, .max = 10, .main = true};
}
constexpr Parameter kFaderRows[] = {level_row("Level of the channel; -90 dB is silence."),
                                    {.id = "pfl",
                                     .label = "PFL",
                                     .doc = "Has what goes into it heard at the listen node: before the fader.",
                                     .curve = Curve::stepped,
                                     .choices = kOffOn,
                                     .motion = Motion::jump,
                                     .group = GroupPart::pfl}};
constexpr Parameter kSendRows[] = {level_row("Level of what is sent; -90 dB is silence.")};
constexpr Parameter kOfGroups[] = {{.id = "level",
                                    .label = "Level of group",
                                    .doc = "The level of a group that it is a member of.",
                                    .unit = Unit::decibel,
                                    .curve = Curve::fader,
                                    .min = -90,
                                    .max = 10,
                                    .group = GroupPart::level}};
constexpr auto kGroups = repeated<kOfGroups, int(kMostGroups)>;
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

template <class V>
class Level {
 public:
  void process(Block<V> b) {
    Ramp<V> level = b.ramp(kLevel);
    for (int c = 0; c < b.channels(); c++) scale(b, c, c, [&](int index) { return level.at(index); });
  }
};

/// The same, times the levels of its groups.
template <class V>
class Fader {
 public:
  void process(Block<V> b) {
    Ramp<V> level = b.ramp(kLevel);
    const auto gain = [](V x) { return x; };
    const GroupGain<V, int(kMostGroups), decltype(gain)> groups(b, int(std::size(kFaderRows)), gain);
    for (int c = 0; c < b.channels(); c++) scale(b, c, c, [&](int index) { return level.at(index) * groups.at(index); });
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
    .followers = kGroups,
    .kernels = kLaneKernels<Fader>,
    .multichannel = Multichannel::apart,
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
    .multichannel = Multichannel::apart,
});

}  // namespace mixgraph::MIXGRAPH_ISA

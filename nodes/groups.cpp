// Groups have no sound of their own: members' faders and mutes follow their rows (graph/followers.h).
#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

constexpr Parameter kVcaRows[] = {
    {.id = "level",
     .label = "Level",
     .doc = "Level of all members, on top of their own; -90 dB is silence.",
     .unit = Unit::decibel,
     .curve = Curve::fader,
     .min = -90,
     .max = 10,
     .main = true,
     .group = GroupPart::level},
    {.id = "mute", .label = "Mute", .doc = "Silences all members.", .curve = Curve::stepped, .choices = kOffOn, .group = GroupPart::mute},
    {.id = "solo",
     .label = "Solo",
     .doc = "Solos all members.",
     .curve = Curve::stepped,
     .choices = kOffOn,
     .motion = Motion::jump,
     .group = GroupPart::solo},
};
constexpr Parameter kMuteGroupRows[] = {
    {.id = "mute", .label = "Mute", .doc = "Silences all members.", .curve = Curve::stepped, .choices = kOffOn, .main = true, .group = GroupPart::mute},
};

template <class V>
class Group {
 public:
  void process(Block<V>) {}
};
Format no_channels(const Setup&) { return 1; }

}  // namespace

extern constexpr NodeType vca = declared({
    .id = "vca",
    .label = "VCA",
    .doc = "A group whose level, mute and solo act on all its members.",
    .category = "level",
    .parameters = kVcaRows,
    .kernels = kLaneKernels<Group>,
    .format = no_channels,
});
extern constexpr NodeType mute_group = declared({
    .id = "mute_group",
    .label = "Mute group",
    .doc = "A group whose mute silences all its members.",
    .category = "level",
    .parameters = kMuteGroupRows,
    .kernels = kLaneKernels<Group>,
    .format = no_channels,
});

}  // namespace mixgraph::MIXGRAPH_ISA

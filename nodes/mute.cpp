#include "nodes/dsp/group_gain.h"
#include "nodes/dsp/scale.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

constexpr Parameter on_row() {
  Parameter row = switch_row("on", "Mute", "Silences the channel.");
  row.main = true;
  return row;
}
consteval Parameter group_row(std::string_view id, std::string_view label, std::string_view doc, GroupPart part, Motion motion = Motion::smooth) {
  Parameter row = switch_row(id, label, doc);
  row.motion = motion;
  row.group = part;
  return row;
}
enum Row { kOn, kSolo, kSoloSafe, kAfl, kRows };
constexpr Parameter kParameters[] = {
    on_row(),
    // What the followers make of these is what is heard.
    group_row("solo", "Solo", "Silences every other channel that is neither soloed, nor safe, nor on its way to or from a soloed one.", GroupPart::solo,
              Motion::jump),
    group_row("solo_safe", "Solo safe", "The solo of others doesn't silence it.", GroupPart::solo_safe, Motion::jump),
    group_row("afl", "AFL", "Has what comes out of it heard at the listen node: after the fader.", GroupPart::afl, Motion::jump),
};
constexpr Parameter kOfGroups[] = {group_row("mute", "Mute of group", "The mute of a group that it is a member of.", GroupPart::mute)};
constexpr int kSilenced = int(kMostGroups), kFollowers = kSilenced + 1;
constexpr auto kFollowing = [] {
  std::array<Parameter, kFollowers> rows;
  for (int n = 0; n < kSilenced; n++) rows[size_t(n)] = repeated<kOfGroups, kSilenced>[size_t(n)];
  rows[kSilenced] = group_row("silenced", "Silenced", "The solo of others silences it.", GroupPart::silenced);
  return rows;
}();
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};
constexpr Meter kMeters[] = {{.id = "silenced",
                              .label = "Silenced",
                              .doc = "1 while the solo of others silences it, else 0.",
                              .unit = Unit::none,
                              .fold = Fold::last,
                              .rest = 0}};

template <class V>
class Mute {
 public:
  void process(Block<V> b) {
    Ramp<V> on = b.ramp(kOn);
    const auto gain = [](V x) { return V(1.f) - x; };
    const GroupGain<V, kFollowers, decltype(gain)> others(b, kRows, gain);
    for (int c = 0; c < b.channels(); c++) scale(b, c, c, [&](int index) { return gain(on.at(index)) * others.at(index); });
    b.meter(0) = select(b.ramp(kRows + kSilenced).at(b.at() + b.frames() - 1) > V(0.5f), V(1.f), V(0.f));
  }
};

}  // namespace

extern constexpr NodeType mute = declared({
    .id = "mute",
    .label = "Mute",
    .doc = "Silences a channel without a click, and solos it.",
    .category = "level",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .followers = kFollowing,
    .meters = kMeters,
    .kernels = kLaneKernels<Mute>,
    .never_louder = true,
    .multichannel = Multichannel::apart,
});

}  // namespace mixgraph::MIXGRAPH_ISA

#include "nodes/dsp/scale.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

constexpr Parameter on_row() {
  Parameter row = switch_row("on", "Mute", "Silences the channel.");
  row.main = true;
  return row;
}
enum Row { kOn };
constexpr Parameter kParameters[] = {on_row()};
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

template <class V>
class Mute {
 public:
  void process(Block<V> b) {
    Ramp<V> on = b.ramp(kOn);
    for (int c = 0; c < b.channels(); c++) scale(b, c, c, [&](int index) { return V(1.f) - on.at(index); });
  }
};

}  // namespace

extern constexpr NodeType mute = declared({
    .id = "mute",
    .label = "Mute",
    .doc = "Silences a channel without a click.",
    .category = "level",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .kernels = kLaneKernels<Mute>,
    .never_louder = true,
});

}  // namespace mixgraph::MIXGRAPH_ISA

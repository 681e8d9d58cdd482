#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kFormat };
constexpr Parameter kParameters[] = {format_row("What it is a bus of; auto: the widest of what is connected to it.")};
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

/// An input sums its cables, so what is left to do is to hand it on.
template <class V>
class Sum {
 public:
  void process(Block<V> b) {
    for (int c = 0; c < b.channels(); c++) std::copy_n(b.in(c), b.frames(), b.out(c));
  }
};

}  // namespace

extern constexpr NodeType sum = declared({
    .id = "sum",
    .label = "Sum",
    .doc = "The sum of all that is connected to it: a bus.",
    .category = "level",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .kernels = kLaneKernels<Sum>,
    .format = [](const Setup& setup) { return chosen_format(setup.choice(kFormat)); },
    .multichannel = Multichannel::apart,
});

}  // namespace mixgraph::MIXGRAPH_ISA

// The list of node types. A new type: its file in this folder, and its line here.
#include "graph/node.h"

#define MIXGRAPH_NODE_TYPES(X) \
  X(input)      \
  X(output)     \
  X(player)     \
  X(recorder)   \
  X(trim)       \
  X(highpass)   \
  X(eq)         \
  X(gate)       \
  X(compressor) \
  X(fader)      \
  X(mute)       \
  X(pan)        \
  X(send)       \
  X(sum)        \
  X(delay)      \
  X(feedback)   \
  X(reverb)     \
  X(width)      \
  X(limiter)    \
  X(meter)      \
  X(loudness)

namespace mixgraph::MIXGRAPH_ISA {

#define MIXGRAPH_DECLARE(name) extern const NodeType name;
MIXGRAPH_NODE_TYPES(MIXGRAPH_DECLARE)
#undef MIXGRAPH_DECLARE

NodeTypes node_types() {
#define MIXGRAPH_ADDRESS(name) &name,
  static constexpr const NodeType* kAll[] = {MIXGRAPH_NODE_TYPES(MIXGRAPH_ADDRESS)};
#undef MIXGRAPH_ADDRESS
  return kAll;
}

}  // namespace mixgraph::MIXGRAPH_ISA

// The list of node types. A new type: its file in this folder, and its line here.
#include "graph/node.h"

#define MIXGRAPH_NODE_TYPES(X) \
  X(input)      \
  X(trim)       \
  X(highpass)   \
  X(eq)         \
  X(gate)       \
  X(compressor) \
  X(fader)      \
  X(mute)       \
  X(pan)        \
  X(send)       \
  X(vca)        \
  X(mute_group) \
  X(listen)     \
  X(sum)        \
  X(tremolo)    \
  X(delay)      \
  X(feedback)   \
  X(reverb)     \
  X(width)      \
  X(limiter)    \
  X(meter)      \
  X(spectrum)   \
  X(loudness)

// Those in nodes/io/, the device's outputs and files, which have no arithmetic to speak of: compiled once, for every machine.
#define MIXGRAPH_IO_NODE_TYPES(X) \
  X(output)                       \
  X(player)                       \
  X(recorder)

#define MIXGRAPH_DECLARE(name) extern const NodeType name;
#define MIXGRAPH_ADDRESS(name) &name,
#define MIXGRAPH_IO_ADDRESS(name) &baseline::name,

namespace mixgraph::baseline {
MIXGRAPH_IO_NODE_TYPES(MIXGRAPH_DECLARE)
}

namespace mixgraph::MIXGRAPH_ISA {

MIXGRAPH_NODE_TYPES(MIXGRAPH_DECLARE)

NodeTypes::List node_types() {
  static constexpr const NodeType* kAll[] = {MIXGRAPH_IO_NODE_TYPES(MIXGRAPH_IO_ADDRESS) MIXGRAPH_NODE_TYPES(MIXGRAPH_ADDRESS)};
  return kAll;
}

}  // namespace mixgraph::MIXGRAPH_ISA

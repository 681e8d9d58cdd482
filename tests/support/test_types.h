#pragma once
#include <initializer_list>
#include <vector>

#include "nodes/list.h"

namespace mixgraph {

/// All node types, and some of a test's own.
inline std::vector<const NodeType*> all_types_and(std::initializer_list<const NodeType*> own) {
  std::vector<const NodeType*> types(node_types().begin(), node_types().end());
  types.insert(types.end(), own);
  return types;
}

/// Whether any value of a row does: not that of a format, where channels have to be as many as are named, or in a file.
inline bool takes_any_value(const NodeType& type, const Parameter& p) {
  return p.choices.data() != kFormatChoices || (type.role == DeviceRole::none && !type.slow);
}

namespace baseline {

/// Kernels of a test's node for any number of lanes, also if kLaneKernels would not take it.
template <template <class> class Node>
inline constexpr Kernel kAnyKernels[] = {lane_kernel<Node, float>(), lane_kernel<Node, Pack<1>>(), lane_kernel<Node, Pack<2>>(), lane_kernel<Node, Pack<4>>()};

}  // namespace baseline
}  // namespace mixgraph

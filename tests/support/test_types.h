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

namespace baseline {

/// Kernels of a test's node for any number of lanes, also if kLaneKernels would not take it.
template <template <class> class Node>
inline constexpr Kernel kAnyKernels[] = {kernel_of<Node<float>, float>(), kernel_of<Node<Pack<1>>, Pack<1>>(), kernel_of<Node<Pack<2>>, Pack<2>>(),
                                         kernel_of<Node<Pack<4>>, Pack<4>>()};

}  // namespace baseline
}  // namespace mixgraph

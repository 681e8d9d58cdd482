#pragma once
#include <vector>

#include "config/scene.h"
#include "daemon/control/change.h"

namespace mixgraph {

/// What a scene says of the nodes that are there. [control]
struct SceneValues {
  std::vector<NewValue> values;
  size_t left_out = 0;  ///< values whose parameters are gone
};
SceneValues values_of(const Namespace& names, const Scene& scene);
/// The same of values that were replaced: only what is named.
SceneValues values_of(const Namespace& names, const Scene::Scope& replaced);

/// What a scene keeps of a node: what differs from a fresh one, in the rows that are a matter of scenes. [any]
Scene::Part part_of(const Node& node);

}  // namespace mixgraph

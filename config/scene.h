#pragma once
#include <cstddef>
#include <map>
#include <string>

#include "graph/node.h"
#include "graph/shared.h"

namespace mixgraph {

/// What a recall sets: the nodes that it was stored of, one by one, so that what is made later is left alone; and values
/// that are named without them.
struct Scene {
  /// A node, by its path and type. Its other rows go to their initial values, if they are a matter of scenes.
  struct Part {
    TypeRef type;                    ///< a node of another type at this path is another node
    std::map<int, Value> values;     ///< by row; they fit
    bool operator==(const Part&) const = default;
  };
  using Scope = std::map<std::string, Part>;  ///< by path
  Scope scope;
  std::map<std::string, Value> values;  ///< of rows out of scope, by address without the leading slash: "mix/vox/fader"
  bool operator==(const Scene&) const = default;
};
/// By name.
using Scenes = std::map<std::string, Shared<Scene>>;

/// Of all scenes of a file, so that a short text can't mean too much.
inline constexpr size_t kMostScopeNodes = 1'000'000;
/// The most bytes that a scene takes in a file, about. [any]
size_t bytes_of(const Scene& scene);

}  // namespace mixgraph

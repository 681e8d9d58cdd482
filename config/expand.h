#pragma once
#include <string>
#include <utility>
#include <vector>

#include "config/composite.h"
#include "graph/graph.h"

namespace mixgraph {

/// A node or composite instance that is to join a graph, in words.
struct NewNode {
  std::string path, type;  ///< "mix/vox", "strip"
  /// Key and value as in a session file, with slashes for nesting: {"eq/2/gain", "3"}, {"sends/hall", "-12"}.
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<std::string> from;  ///< sources: "drums", "mix/sum", "in/3"
  std::vector<std::string> groups = {};  ///< that it is a member of: "drums", "mix/band"
};

/// The edits that add it: its nodes, cables, group, and device inputs that aren't there yet. Problems say
/// where with an OSC address. [any]
Result<std::vector<Edit>> expand(const NewNode& node, const Graph& graph, const Composites& composites,
                                 NodeTypes types);

/// The edits that connect a source to a target, or disconnect them. Both may be nodes or composite instances,
/// with a port: "mix/vox", "mix/split:low" to "mix/bus", "mix/vox:key". Paths are from the root. [any]
Result<std::vector<Edit>> connection(const std::string& from, const std::string& to, const Graph& graph,
                                     const Composites& composites, NodeTypes types);
Result<std::vector<Edit>> disconnection(const std::string& from, const std::string& to, const Graph& graph,
                                        const Composites& composites);

/// The edits that remove a node or a composite instance, with everything below its path. [any]
Result<std::vector<Edit>> removal(const std::string& path, const Graph& graph);

}  // namespace mixgraph

#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/osc/pattern.h"
#include "graph/graph.h"

namespace mixgraph {

/// The nodes of a graph that paths and patterns mean: the one at a path, or all beneath it if there is none. [control]
class NodeSelection {
 public:
  explicit NodeSelection(const Graph& graph) : graph_(graph), chosen_(graph.nodes().size()) {}
  void add_all() { chosen_.assign(chosen_.size(), true); }
  /// By an address or a pattern of addresses, such as "/mix/vox" or "/mix/*/fader". A problem if it means none.
  std::optional<Problem> add(const std::string& address);
  /// In the order of the graph.
  std::vector<const Node*> nodes() const;

 private:
  void find_addresses();

  const Graph& graph_;
  std::vector<bool> chosen_;
  std::map<std::string, std::vector<size_t>> meant_;  // nodes by each address that means any
  std::vector<const std::vector<size_t>*> lists_;     // those of meant_
  std::vector<SortedAddress> sorted_;                 // the same, by number in lists_
};

}  // namespace mixgraph

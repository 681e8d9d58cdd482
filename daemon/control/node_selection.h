#pragma once
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
  struct NodeAddress {
    std::string address;
    size_t node;
  };
  /// An address that means something, and the first of the nodes beneath it.
  struct Place {
    size_t first = 0;
    bool is_node = false;
  };
  void find_addresses();
  size_t end_of(uint32_t place) const;

  const Graph& graph_;
  std::vector<bool> chosen_;
  std::vector<NodeAddress> sorted_nodes_;
  std::vector<Place> places_;
  std::vector<SortedAddress> addresses_;  // of places_, in the same order
};

}  // namespace mixgraph

#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace mixgraph {

/// Writes a graph down node by node, for benchmarks. What it is told must be right: a mistake ends in an
/// exception. [any]
class GraphSketch {
 public:
  using Settings = std::initializer_list<std::pair<std::string_view, Value>>;

  explicit GraphSketch(NodeTypes types) : types_(types) {}
  /// Adds a node; rows that aren't named keep their initial values.
  void node(const std::string& path, std::string_view type, Settings settings = {});
  /// A cable from the first output to the first input.
  void cable(const std::string& from, const std::string& to);
  /// Adds a node that hears another.
  void node_after(const std::string& from, const std::string& path, std::string_view type,
                  Settings settings = {});
  Graph graph() const;

 private:
  NodeTypes types_;
  std::vector<Edit> edits_;
};

}  // namespace mixgraph

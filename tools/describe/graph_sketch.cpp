#include "tools/describe/graph_sketch.h"

#include <stdexcept>

namespace mixgraph {
namespace {

const NodeType& type_named(NodeTypes types, std::string_view id) {
  for (const NodeType* type : types)
    if (type->id == id) return *type;
  throw std::invalid_argument("no node type " + std::string(id));
}

}  // namespace

void GraphSketch::node(const std::string& path, std::string_view type, Settings settings) {
  Node node = make_node(path, type_named(types_, type));
  for (const auto& [id, value] : settings) {
    const int row = find_row(*node.type, id);
    if (row < 0) throw std::invalid_argument("no parameter " + std::string(id) + " of " + std::string(type));
    node.values[size_t(row)] = value;
  }
  edits_.push_back(AddNode{std::move(node)});
}

void GraphSketch::cable(const std::string& from, const std::string& to) {
  edits_.push_back(Connect{{from, 0, to, 0}});
}

void GraphSketch::node_after(const std::string& from, const std::string& path, std::string_view type,
                             Settings settings) {
  node(path, type, settings);
  cable(from, path);
}

Graph GraphSketch::graph() const {
  auto graph = mixgraph::apply(Graph{}, edits_);
  if (!graph) throw std::invalid_argument(graph.problems().front().text());
  return *graph;
}

}  // namespace mixgraph

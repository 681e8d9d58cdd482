#include "graph/listen.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "graph/followers.h"

namespace mixgraph {
namespace {

bool is_on(const Node& node, GroupPart part) {
  const int row = find_part(node.type->parameters, part);
  return row >= 0 && node.values[size_t(row)] == Value(1.0);
}

const Node* listen_node_in(const Graph& graph) {
  const NodeType* other = nullptr;  // most nodes are of the type of the one before
  for (const Node& node : graph.nodes()) {
    if (node.type == other) continue;
    if (listens(*node.type)) return &node;
    other = node.type;
  }
  return nullptr;
}

}  // namespace

bool listens(const NodeType& type) { return find_part(type.parameters, GroupPart::listen) >= 0; }

std::optional<std::vector<Cable>> listening_cables(const Graph& graph) {
  const Node* listen = listen_node_in(graph);
  if (!listen) return {};
  std::vector<Cable> heard;
  std::unordered_set<std::string_view> before;  // nodes whose input is heard
  for (const Node& node : graph.nodes()) {
    if (is_on(node, GroupPart::pfl)) before.insert(node.path);
    if (is_on(node, GroupPart::afl)) heard.push_back({node.path, 0, listen->path, 0});
  }
  if (before.empty() && heard.empty()) return {};
  for (const Cable& c : graph.cables()) {
    if (c.to_port == 0 && before.count(c.to)) heard.push_back({c.from, c.from_port, listen->path, 0});
    if (c.to_port != 0 || c.to != listen->path) heard.push_back(c);
  }
  std::sort(heard.begin(), heard.end());
  heard.erase(std::unique(heard.begin(), heard.end()), heard.end());
  return heard;
}

}  // namespace mixgraph

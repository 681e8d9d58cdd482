#include "tests/daemon/random_edits.h"

#include "graph/links.h"

namespace mixgraph {

std::vector<Edit> RandomEdits::next() {
  while (true) {
    auto changed = mixgraph::apply(graph_, {any()});
    if (!changed || *changed == graph_) continue;
    std::vector<Edit> edits = diff(graph_, *changed);
    graph_ = std::move(*changed);
    return edits;
  }
}

Edit RandomEdits::any() {
  const auto& nodes = graph_.nodes();
  const size_t dice = below(20);
  if (nodes.size() < 3 || (dice < 4 && nodes.size() < 30)) {
    const NodeType* of_another = nodes.empty() || below(2) ? nullptr : nodes[below(nodes.size())].type;  // so that they can be linked
    Node node = make_node("mix/n" + std::to_string(number_++), of_another ? *of_another : *types_[below(types_.size())]);
    for (int i = 0; i < row_count(*node.type); i++)
      if (is_text(row(*node.type, i)) && below(2) == 0)
        node.values[size_t(i)] = "take " + std::to_string(number_);
    return AddNode{std::move(node)};
  }
  if (dice < 6) return RemoveNode{nodes[below(nodes.size())].path};
  if (dice < 11) return cable();
  if (dice < 13) return fact();
  return value();
}

Edit RandomEdits::link() {
  const Node &node = graph_.nodes()[below(graph_.nodes().size())], &leader = graph_.nodes()[below(graph_.nodes().size())];
  if (below(4) == 0) return SetFact{node.path, std::string(kLinkFact), ""};
  std::string fact = leader.path;
  for (int r = 0; r < row_count(*node.type); r++)
    if (can_differ(*node.type, r) && below(8) == 0) fact += " " + std::string(row(*node.type, r).id) + "=" + std::to_string(int(below(9)) - 4);
  return SetFact{node.path, std::string(kLinkFact), fact};
}

Edit RandomEdits::fact() {
  if (below(2) == 0) return link();
  const std::string path = below(3) == 0 ? "mix" : graph_.nodes()[below(graph_.nodes().size())].path;
  constexpr std::pair<const char*, const char*> kFacts[] = {
      {"type", "strip"}, {"type", "bus"}, {"label", "L\xc3\xa4ut: \"1\""}, {"label", "2"}, {"color", "#00ff7F"}, {"color", "red"}};
  const auto& [key, value] = kFacts[below(6)];
  return SetFact{path, key, below(3) == 0 ? "" : value};
}

Edit RandomEdits::cable() {
  const auto& cables = graph_.cables();
  if (!cables.empty() && below(3) == 0) return Disconnect{cables[below(cables.size())]};
  const auto& nodes = graph_.nodes();
  const Node &from = nodes[below(nodes.size())], &to = nodes[below(nodes.size())];
  if (from.type->outputs.empty() || to.type->inputs.empty()) return value();
  return Connect{
      {from.path, int(below(from.type->outputs.size())), to.path, int(below(to.type->inputs.size()))}};
}

Edit RandomEdits::value() {
  const auto& nodes = graph_.nodes();
  const Node& node = nodes[below(nodes.size())];
  if (row_count(*node.type) == 0) return RemoveNode{node.path};
  const int index = int(below(size_t(row_count(*node.type))));
  const Parameter& p = row(*node.type, index);
  if (is_text(p)) return SetValue{node.path, index, "file " + std::to_string(below(1000)) + "\n\"\xc3\xbc\""};
  const double position = std::uniform_real_distribution(0.0, 1.0)(random_);
  return SetValue{node.path, index, nearest(p, from_position(p, position))};
}

}  // namespace mixgraph

#include "daemon/control/node_selection.h"

#include "daemon/control/address_list.h"

namespace mixgraph {

std::optional<Problem> NodeSelection::add(const std::string& address) {
  const auto pattern = Pattern::parse(address);
  if (!pattern) return pattern.problems().front();
  if (meant_.empty()) find_addresses();
  const std::vector<uint32_t> found = pattern->matching(sorted_);
  for (const uint32_t list : found)
    for (const size_t node : *lists_[list]) chosen_[node] = true;
  if (found.empty()) return Problem{"", "there is no node at " + address + " or beneath it", "/graph/list lists the nodes"};
  return {};
}

std::vector<const Node*> NodeSelection::nodes() const {
  std::vector<const Node*> nodes;
  for (size_t i = 0; i < chosen_.size(); i++)
    if (chosen_[i]) nodes.push_back(&graph_.nodes()[i]);
  return nodes;
}

void NodeSelection::find_addresses() {
  for (size_t i = 0; i < chosen_.size(); i++) {
    const std::string& path = graph_.nodes()[i].path;
    meant_["/" + path] = {i};
    for (size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1))
      if (!graph_.find(path.substr(0, slash))) meant_["/" + path.substr(0, slash)].push_back(i);
  }
  for (const auto& [address, nodes] : meant_) {
    sorted_.push_back({address, uint32_t(lists_.size())});
    lists_.push_back(&nodes);
  }
  sort_addresses(sorted_);
}

}  // namespace mixgraph

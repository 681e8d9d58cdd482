#include "daemon/control/node_selection.h"

#include <algorithm>

namespace mixgraph {
namespace {

size_t shared(std::string_view a, std::string_view b) {
  return size_t(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

}  // namespace

std::optional<Problem> NodeSelection::add(const std::string& address) {
  const auto pattern = Pattern::parse(address);
  if (!pattern) return pattern.problems().front();
  if (places_.empty()) find_addresses();
  const std::vector<uint32_t> found = pattern->matching(addresses_);
  if (found.empty()) return Problem{"", "there is no node at " + address + " or beneath it", "/graph/list lists the nodes"};
  size_t chosen_to = 0;  // places are in order, and what is beneath one of them is beneath those above it too
  for (const uint32_t place : found)
    for (size_t i = std::max(chosen_to, places_[place].first), end = end_of(place); i < end; chosen_to = ++i) chosen_[sorted_nodes_[i].node] = true;
  return {};
}

std::vector<const Node*> NodeSelection::nodes() const {
  std::vector<const Node*> nodes;
  for (size_t i = 0; i < chosen_.size(); i++)
    if (chosen_[i]) nodes.push_back(&graph_.nodes()[i]);
  return nodes;
}

/// What is beneath an address stands together in the order of addresses, so that each place is found at its first node.
void NodeSelection::find_addresses() {
  for (size_t i = 0; i < chosen_.size(); i++) sorted_nodes_.push_back({"/" + graph_.nodes()[i].path, i});
  std::sort(sorted_nodes_.begin(), sorted_nodes_.end(), [](const auto& a, const auto& b) { return a.address < b.address; });
  std::string_view before;
  const auto add_place = [&](std::string_view address, size_t node, bool is_node) {
    addresses_.push_back({address, uint32_t(places_.size()), uint32_t(shared(before, address))});
    places_.push_back({node, is_node});
    before = address;
  };
  for (size_t i = 0; i < sorted_nodes_.size(); i++) {
    const std::string_view address = sorted_nodes_[i].address;
    const size_t known = shared(i ? std::string_view(sorted_nodes_[i - 1].address) : "", address);
    for (size_t slash = address.find('/', std::max<size_t>(known, 1)); slash != address.npos; slash = address.find('/', slash + 1))
      if (!graph_.find(address.substr(1, slash - 1))) add_place(address.substr(0, slash), i, false);
    add_place(address, i, true);
  }
}

size_t NodeSelection::end_of(uint32_t place) const {
  const auto& [first, is_node] = places_[place];
  if (is_node) return first + 1;
  const std::string after = std::string(addresses_[place].address) + char('/' + 1);
  return size_t(std::partition_point(sorted_nodes_.begin() + ptrdiff_t(first), sorted_nodes_.end(), [&](const auto& n) { return n.address < after; }) -
                sorted_nodes_.begin());
}

}  // namespace mixgraph

#include "graph/followers.h"

#include <algorithm>

namespace mixgraph {
namespace {

std::string key_of(std::string_view path, int row) { return std::string(path) + ":" + std::to_string(row); }

}  // namespace

std::vector<std::string_view> groups_of(const Graph& graph, std::string_view path) {
  const std::string_view own = graph.fact(path, kGroupsFact);
  if (!own.empty() || path.find('/') == path.npos) return groups_in(own);
  return groups_in(graph.fact(path.substr(0, path.rfind('/')), kGroupsFact));
}

int find_part(std::span<const Parameter> rows, GroupPart part, size_t nth) {
  for (size_t r = 0; r < rows.size(); r++)
    if (rows[r].group == part && nth-- == 0) return int(r);
  return -1;
}

void add_membership(std::string& fact, std::string_view group) { fact.append(fact.empty() ? "" : " ").append(group); }

void FollowerParts::add(std::string_view path, const NodeType& type) {
  unsigned bits = 0;
  for (const Parameter& p : type.followers) bits |= 1u << unsigned(p.group);
  if (bits == 0) return;
  parts_[std::string(path)] |= bits;
  if (const size_t slash = path.rfind('/'); slash != path.npos) parts_[std::string(path.substr(0, slash))] |= bits;
}

bool FollowerParts::has(std::string_view path, GroupPart part) const {
  const auto found = parts_.find(std::string(path));
  return found != parts_.end() && (found->second >> unsigned(part) & 1);
}

Followers::Slots Followers::slots_of(const std::vector<std::string_view>& groups, const Slots* before) {
  Slots slots;
  const auto place = [&](std::string_view group) { return size_t(std::find(slots.begin(), slots.end(), group) - slots.begin()); };
  for (size_t s = 0; before && s < slots.size(); s++)
    if (!(*before)[s].empty() && std::find(groups.begin(), groups.end(), (*before)[s]) != groups.end()) slots[s] = (*before)[s];
  for (size_t g = 0; g < groups.size(); g++) {
    if (place(groups[g]) < slots.size()) continue;
    // Behind those that are before it in the list, if there is room: gains are multiplied in this order.
    size_t slot = 0;
    for (size_t earlier = 0; earlier < g; earlier++) slot = std::max(slot, place(groups[earlier]) + 1);
    while (slot < slots.size() && !slots[slot].empty()) slot++;
    if (slot == slots.size()) slot = place("");
    slots[slot] = groups[g];
  }
  return slots;
}

Followers::Followers(const Graph& graph, const Followers& before) : graph_(graph) {
  const auto is_membership = [](const auto& fact) { return fact.first.second == kGroupsFact; };
  if (std::none_of(graph.facts().begin(), graph.facts().end(), is_membership)) return;
  for (const Node& node : graph.nodes()) {
    if (node.type->followers.empty()) continue;
    const auto groups = groups_of(graph, node.path);
    if (groups.empty()) continue;
    const auto old = before.members_.find(node.path);
    members_[node.path] = slots_of(groups, old == before.members_.end() ? nullptr : &old->second);
    for (size_t f = 0; f < node.type->followers.size(); f++)
      if (const auto leader = leader_of(node.path, *node.type, f)) followers_[key_of(leader->path, leader->row)].push_back({node.path, row_count(*node.type) + int(f)});
  }
}

std::span<const Followers::Row> Followers::of(std::string_view path, int row) const {
  if (followers_.empty()) return {};
  const auto found = followers_.find(key_of(path, row));
  return found == followers_.end() ? std::span<const Row>() : found->second;
}

std::optional<Followers::Row> Followers::leader_of(std::string_view path, const NodeType& type, size_t follower) const {
  const auto member = members_.empty() ? members_.end() : members_.find(std::string(path));
  if (member == members_.end()) return {};
  const auto rows = type.followers;
  const GroupPart part = rows[follower].group;
  const auto before = std::count_if(rows.begin(), rows.begin() + std::ptrdiff_t(follower), [part](const Parameter& p) { return p.group == part; });
  if (size_t(before) >= kMostGroups) return {};
  const Node* group = graph_.find(member->second[size_t(before)]);
  const int row = group ? find_part(group->type->parameters, part) : -1;
  if (row < 0) return {};
  return Row{group->path, row};
}

const Followers::Topology& Followers::topology() const {
  if (topology_) return *topology_;
  Topology& made = topology_.emplace();
  for (size_t n = 0; n < graph_.nodes().size(); n++) {
    const Node& node = graph_.nodes()[n];
    const int silenced = find_part(node.type->followers, GroupPart::silenced);
    if (silenced < 0) continue;
    const auto parameters = node.type->parameters;
    Mute mute{n, find_part(parameters, GroupPart::solo), find_part(parameters, GroupPart::solo_safe), row_count(*node.type) + silenced, {}};
    for (const std::string_view path : groups_of(graph_, node.path)) {
      const Node* group = graph_.find(path);
      const int solo = group ? find_part(group->type->parameters, GroupPart::solo) : -1;
      if (solo >= 0) mute.group_solos.push_back({group->path, solo});
    }
    made.mutes.push_back(std::move(mute));
  }
  made.heard_by.resize(graph_.nodes().size());
  made.hears.resize(graph_.nodes().size());
  for (const Cable& cable : graph_.cables()) {
    const size_t from = graph_.place_of(cable.from), to = graph_.place_of(cable.to);
    made.heard_by[from].push_back(to);
    made.hears[to].push_back(from);
  }
  return made;
}

void Followers::reach(const std::vector<std::vector<size_t>>& next, std::vector<bool>& reached, std::vector<size_t> from) {
  std::vector<bool> seen(next.size());
  while (!from.empty()) {
    const size_t node = from.back();
    from.pop_back();
    for (const size_t other : next[node])
      if (!seen[other]) seen[other] = reached[other] = true, from.push_back(other);
  }
}

std::vector<std::pair<Followers::Row, bool>> Followers::silenced(const ValueOf& value_of) const {
  const Topology& t = topology();
  const auto is_on = [&](std::string_view path, int row) { return row >= 0 && value_of(path, row) > 0.5; };
  std::vector<size_t> soloed;
  for (const Mute& m : t.mutes) {
    const bool by_group = std::any_of(m.group_solos.begin(), m.group_solos.end(), [&](const Row& r) { return is_on(r.path, r.row); });
    if (by_group || is_on(graph_.nodes()[m.node].path, m.solo)) soloed.push_back(m.node);
  }
  std::vector<bool> passes(graph_.nodes().size(), soloed.empty());
  for (const size_t node : soloed) passes[node] = true;
  reach(t.heard_by, passes, soloed);
  reach(t.hears, passes, soloed);
  std::vector<std::pair<Row, bool>> rows;
  for (const Mute& m : t.mutes) {
    const std::string& path = graph_.nodes()[m.node].path;
    rows.push_back({{path, m.silenced}, !passes[m.node] && !is_on(path, m.safe)});
  }
  return rows;
}

}  // namespace mixgraph

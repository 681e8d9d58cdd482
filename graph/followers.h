#pragma once
#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/graph.h"

namespace mixgraph {

/// The groups of a node. [any]
std::vector<std::string_view> groups_of(const Graph& graph, std::string_view path);
/// The `nth` row of a part among some, counted from 0; -1: there is none. [any]
int find_part(std::span<const Parameter> rows, GroupPart part, size_t nth = 0);

/// What a group needs of a member, if that has no part for which `has(part)`: "fader" or "mute"; empty: nothing. [any]
template <class Has>
std::string_view lacking(const NodeType& group, Has has) {
  for (const Parameter& p : group.parameters)
    if ((p.group == GroupPart::level || p.group == GroupPart::mute) && !has(p.group)) return p.group == GroupPart::level ? "fader" : "mute";
  return {};
}

/// The value of kGroupsFact with one group more. [any]
void add_membership(std::string& fact, std::string_view group);

/// What can be followed at each path: by the nodes at it and right beneath it. [any]
class FollowerParts {
 public:
  void add(std::string_view path, const NodeType& type);
  bool has(std::string_view path, GroupPart part) const;

 private:
  std::unordered_map<std::string, unsigned> parts_;  // bits, by path
};

/// Who follows whom in a document: members of groups the groups' rows, and what is silenced the solo. While any solo is on, a
/// mute passes if it is soloed itself or by a group, safe, or upstream or downstream of one that is soloed. [control]
class Followers {
 public:
  /// A row of a node, as the engine is told of it (graph/node.h, told_row()).
  struct Row {
    std::string path;
    int row;
  };
  Followers() = default;
  /// Of the same document, later: a member goes on following each of its groups with the same row, so that one that it leaves
  /// moves none of the others.
  Followers(const Graph& graph, const Followers& before);

  bool has_members() const { return !members_.empty(); }
  /// Rows that take the same course as this one. What they all follow may be asked for nodes that follow nothing.
  std::span<const Row> of(std::string_view path, int row) const;
  /// The row that a node's follower follows, by the latter's number among the followers of its type; nothing: none.
  std::optional<Row> leader_of(std::string_view path, const NodeType& type, size_t follower) const;

  /// The silenced rows, and whether they are, if rows have these values.
  using ValueOf = std::function<double(std::string_view path, int row)>;
  std::vector<std::pair<Row, bool>> silenced(const ValueOf& value_of) const;

 private:
  struct Mute {
    size_t node;
    int solo, safe, silenced;       // rows
    std::vector<Row> group_solos;
  };
  struct Topology {
    std::vector<Mute> mutes;
    std::vector<std::vector<size_t>> heard_by, hears;  // nodes
  };
  /// The groups that a node's rows follow, by their number; empty: none. Those that are new to it come in the order of its list.
  using Slots = std::array<std::string, kMostGroups>;
  static Slots slots_of(const std::vector<std::string_view>& groups, const Slots* before);
  const Topology& topology() const;
  static void reach(const std::vector<std::vector<size_t>>& next, std::vector<bool>& reached, std::vector<size_t> from);

  Graph graph_;
  std::unordered_map<std::string, Slots> members_;               // by path
  std::unordered_map<std::string, std::vector<Row>> followers_;  // by path and row of the leader
  mutable std::optional<Topology> topology_;                     // when it is first needed
};

}  // namespace mixgraph

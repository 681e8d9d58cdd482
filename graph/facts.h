#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mixgraph {

/// What is said of paths besides the values of nodes, by path and key: {"mix/vox", "label"} -> "Vocals". A path is a node's,
/// or one that has nodes beneath it.
using Facts = std::map<std::pair<std::string, std::string>, std::string>;

/// A key that is known.
struct FactKey {
  std::string_view id;
  std::string_view accepted;               ///< its values, for people
  bool (*fits)(std::string_view value);    ///< of values that aren't empty
};
/// All keys that are known. [any]
std::span<const FactKey> fact_keys();
/// A key by id, or nullptr. [any]
const FactKey* find_fact_key(std::string_view id);

/// The key of the composite type that a path is an instance of: "mix/vox" is a "strip".
inline constexpr std::string_view kTypeFact = "type";

/// The key of the groups that a path is a member of: their paths, with a space between them. A node is a member by its own path,
/// or else by the one right above it: a strip's fader and mute by the strip's.
inline constexpr std::string_view kGroupsFact = "groups";
/// So many at most: a member has a row for each of them.
inline constexpr size_t kMostGroups = 8;
/// The paths in a value of that key. [any]
std::vector<std::string_view> groups_in(std::string_view fact);

/// The key of what a path's rows follow (graph/links.h): "mix/vox_l fader=-3".
inline constexpr std::string_view kLinkFact = "link";

/// Calls `visit` with a path and with each above it: "mix/vox/eq", "mix/vox", "mix". [any]
template <class Visit>
void each_above(std::string_view path, Visit visit) {
  for (; !path.empty(); path = path.substr(0, path.rfind('/') == path.npos ? 0 : path.rfind('/'))) visit(path);
}

}  // namespace mixgraph

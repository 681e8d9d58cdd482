#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

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

/// Calls `visit` with a path and with each above it: "mix/vox/eq", "mix/vox", "mix". [any]
template <class Visit>
void each_above(std::string_view path, Visit visit) {
  for (; !path.empty(); path = path.substr(0, path.rfind('/') == path.npos ? 0 : path.rfind('/'))) visit(path);
}

}  // namespace mixgraph

#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/composite.h"
#include "graph/graph.h"

namespace mixgraph {

/// A port of a node.
struct End {
  std::string path;
  int port = 0;
  auto operator<=>(const End&) const = default;
};

/// What is at a path: a node or a composite instance. Neither: something wrong that has been reported.
struct Item {
  TypeRef type;
  const Composite* composite = nullptr;
  Place place;  ///< where it was written

  bool is_broken() const { return !type && !composite; }
};

/// "mix/vox" of "mix/vox/eq"; empty at the top. [any]
std::string_view parent_of(std::string_view path);
/// `name` within `base`: "mix/vox". [any]
std::string join(std::string_view base, std::string_view name);
/// "split:low" is "split" and "low"; without a colon the second is empty. [any]
std::pair<std::string_view, std::string_view> split_port(std::string_view name);
/// Whether a path lies in one of the places where nodes may be: in/, mix/, master/. [any]
bool is_in_section(std::string_view path);
/// Whether a path is that of an input that is made by being named: "in/3", "in/1+2". Channels are 1..256.
/// [any]
bool is_device_input(std::string_view path);

/// The nodes and composite instances by path, and what names mean where. Names are looked up from the scope
/// `inner` outwards up to `outer`; "" is the whole session, in which a leading slash stands for it. [any]
class Scope {
 public:
  /// The nodes and groups of a graph; groups of unknown type are left out.
  void add(const Graph& graph, const Composites& composites);
  void add(std::string path, Item item) { items_.emplace(std::move(path), std::move(item)); }

  const Item* at(std::string_view path) const;
  const std::map<std::string, Item, std::less<>>& items() const { return items_; }
  /// The path of the item that a name without a port means, or nothing.
  std::optional<std::string> find(std::string_view name, std::string_view inner,
                                  std::string_view outer) const;
  /// Whether a name leads to something that has been reported, so that nothing more is to be said about it.
  bool is_broken(std::string_view name, std::string_view inner, std::string_view outer) const;
  /// The output that a name means as a source: "vox", "split:low".
  std::optional<End> source(std::string_view name, std::string_view inner, std::string_view outer) const;
  /// The inputs that a name means as a target: "hall", "vox:key". Empty: there are none.
  std::vector<End> targets(std::string_view name, std::string_view inner, std::string_view outer) const;
  /// The inputs behind an input of the item at a path: "from" or a port's name.
  std::vector<End> inputs(std::string_view path, std::string_view port) const;
  /// The names that can be used within a scope, near ones first, and those of whole groups before their
  /// parts.
  std::vector<std::string> names(std::string_view inner, std::string_view outer) const;

 private:
  std::map<std::string, Item, std::less<>> items_;
};

}  // namespace mixgraph

#pragma once
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/facts.h"
#include "graph/node_list.h"

namespace mixgraph {

/// A connection from an output port to an input port. An input sums its cables.
struct Cable {
  std::string from;
  int from_port = 0;
  std::string to;
  int to_port = 0;
  auto operator<=>(const Cable&) const = default;
};

/// The document: nodes in the order they were written, cables, and facts. A plain value: compared, copied, kept. Copies
/// share what they hold, each node by itself, until one of them changes it. Edits go through apply(). [any]
class Graph {
 public:
  Graph() = default;
  Graph(const Graph&) = default;  // there is no cheaper way to move one, and what it was moved from stays whole
  Graph& operator=(const Graph&) = default;
  const NodeList& nodes() const { return content_->nodes; }
  const std::vector<Cable>& cables() const { return *content_->cables; }  ///< sorted
  const Facts& facts() const { return *content_->facts; }
  /// A fact; empty: there is none.
  std::string_view fact(std::string_view path, std::string_view key) const;
  /// The composite type that a path is an instance of: "mix/vox" -> "strip"; empty: of none.
  std::string_view composite_of(std::string_view path) const { return fact(path, kTypeFact); }
  /// All composite instances and their types; what is within another comes after it.
  std::map<std::string, std::string> composites() const;
  static constexpr size_t kNone = SIZE_MAX;
  /// Where a node is in nodes(), or kNone.
  size_t place_of(std::string_view path) const;
  const Node* find(std::string_view path) const;
  bool has(const Cable& cable) const;

  /// Sets a value in place: what SetValue does, without a copy, for faders. The value must fit its row (nearest()).
  /// False if there is no such node or row.
  bool set_value(std::string_view path, int row, Value value);
  /// The same of a node by its place among nodes(), and of a row that it has.
  void set_value(size_t place, int row, Value value);

  /// Equal documents: the same nodes in whatever order, the same cables and facts.
  bool operator==(const Graph& other) const;

 private:
  friend class GraphEditor;
  struct Content {
    NodeList nodes;
    Shared<std::vector<Cable>> cables;
    Shared<Facts> facts;
    Shared<std::vector<uint32_t>> places;  ///< a hash table: where nodes are, by path, from 1; a power of two of slots
  };
  static void enter(Content& content, size_t node);
  static void index(Content& content);

  Shared<Content> content_;
};

/// The only ways in which a graph changes.
struct AddNode {
  Node node;
};
struct RemoveNode {
  std::string path;  ///< its cables go with it
};
struct Connect {
  Cable cable;
};
struct Disconnect {
  Cable cable;
};
struct SetValue {
  std::string path;
  int row;
  Value value;
};
struct SetFact {
  std::string path, key;  ///< one of fact_keys()
  std::string value;      ///< empty: the fact is removed
};
using Edit = std::variant<AddNode, RemoveNode, Connect, Disconnect, SetValue, SetFact>;

/// Applies edits in order to a copy and returns it, or the problems of every edit that can't be done; `where` is the OSC
/// address concerned. Checks paths, ports, ranges, texts and groups; loops are found by compile(). Facts of a path go with the
/// last node at it or beneath it, if none has come by the end of the edits; so do groups that are gone from its groups, and links
/// to what is gone. Values that follow a link are what it makes of the leader's, whatever was set. [any]
Result<Graph> apply(const Graph& graph, const std::vector<Edit>& edits);
/// Edits that make `to` of `from`: disconnections, removals, additions, connections, values, facts. [any]
std::vector<Edit> diff(const Graph& from, const Graph& to);

/// Whether a path may be used: parts of letters, digits, '_', '-', '+', '.' between slashes. [any]
bool is_path(std::string_view path);
/// The nearest of some words to one that is unknown, for "did you mean"; empty if none is near. [any]
std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& words);

}  // namespace mixgraph

#pragma once
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/graph.h"

namespace mixgraph {

/// What kLinkFact says of a path: whom its rows follow, and by how much they differ from those.
struct Link {
  std::string leader;
  /// In the rows' units, by the ends of their addresses behind the path: "fader", "eq/2/gain"; none is 0.
  std::map<std::string, double, std::less<>> offsets;
  bool operator==(const Link&) const = default;
};
/// Reads a value of that key, and writes one; nothing: it is none. [any]
std::optional<Link> link_in(std::string_view fact);
std::string text_of(const Link& link);

/// Whether a row follows that of its node's leader: not what says which channels of the device, or files, a node is for. [any]
bool can_follow(const NodeType& type, int row);
/// Whether there may be an offset between them: both must be amounts.
bool can_differ(const NodeType& type, int row);

/// A node whose rows follow those of another one of its type.
struct LinkedNode {
  std::string path, leader;
  const NodeType* type;
  std::vector<double> offsets;  ///< by row
  /// What a row is while the leader's is `leaders`: the nearest to that, or to its opposite (Parameter::mirrors), and the offset. Where a fader is
  /// at silence, so are those that follow it. [any]
  double value(int row, double leaders) const;
  /// What the leader's has to be for it to come as near to `value` as it can. [any]
  double leaders_value(int row, double value) const;
};

/// Who is linked to whom in a document. Of the links of a path and of those above it, the nearest counts for a node; it follows the
/// node at the same place beneath the leader, if there is one of its type. [any]
class Links {
 public:
  struct TypedPath {
    std::string_view path;
    const NodeType* type;
  };
  /// Why a link can't be as it says.
  struct Wrong {
    enum Kind : uint8_t {
      never,   ///< whatever there is: it is its own leader
      gone,    ///< what it follows isn't there, or has no row that could be followed
      offset,  ///< it has one for a row that doesn't follow
      chain,   ///< what it follows follows something itself
    };
    std::string path;
    Kind kind;
    std::string what, hint, row;  ///< `row`: of an offset
  };

  Links() = default;
  explicit Links(const Graph& graph);
  Links(std::span<const TypedPath> nodes, const std::map<std::string, Link>& links);

  bool empty() const { return content_->nodes.empty(); }
  /// The node as one that follows; nullptr: it follows nothing.
  const LinkedNode* find(std::string_view path) const;
  /// The same, if this row of it does.
  const LinkedNode* find(std::string_view path, int row) const;
  /// The nodes that follow a node.
  std::span<const LinkedNode* const> following(std::string_view leader) const;
  const std::vector<LinkedNode>& nodes() const { return content_->nodes; }
  const std::vector<Wrong>& wrong() const { return content_->wrong; }
  /// The links that were given, with the names of rows as they are written, and without offsets of rows that don't follow.
  const std::map<std::string, Link>& written() const { return content_->written; }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  template <class T>
  using ByPath = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  struct Content {
    std::vector<LinkedNode> nodes;
    ByPath<const LinkedNode*> by_path;
    ByPath<std::vector<const LinkedNode*>> by_leader;
    std::vector<Wrong> wrong;
    std::map<std::string, Link> written;
  };
  static std::shared_ptr<const Content> made(std::span<const TypedPath> nodes, const std::map<std::string, Link>& links);

  std::shared_ptr<const Content> content_ = std::make_shared<const Content>();
};

/// All links of a graph, by path. [any]
std::map<std::string, Link> links_in(const Graph& graph);

/// How a row is called beneath a path that is so much shorter than its node's: `rest` is "" or "eq", the names "fader", "eq/2/gain". [any]
std::string name_of_row(std::string_view rest, const Parameter& p);

}  // namespace mixgraph

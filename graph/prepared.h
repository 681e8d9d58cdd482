#pragma once
#include <memory>
#include <string>
#include <vector>

#include "graph/node.h"

namespace mixgraph {

class Bank;

/// An instance of a slow type (NodeType::slow) that has to be made, with all that its making needs. [any]
struct Preparation {
  std::string path;
  TypeRef type;
  Format format;  ///< as its cables tell; none: it has none, and the making finds out
  std::vector<Value> values;
  bool without_files = false;  ///< Setup::without_files
};

/// What became of it. Nobody has to wait for the end of one that isn't used: the engine's workers see to it. [any]
struct Prepared {
  Preparation of;              ///< with the format that it has
  std::shared_ptr<Bank> bank;  ///< nullptr: it could not be made
  Problems problems;           ///< why; `where` begins with the node's address

  /// Whether it can be this node, as far as its values say: those of the rows that rebuild are the same.
  bool fits(const NodeType& type, std::span<const Value> values) const;
};

/// The seed of the instance at a path. [any]
uint64_t seed_of(std::string_view path);
/// Whether two instances of a type are built alike: the values of all rows that rebuild are the same. [any]
bool built_alike(const NodeType& type, std::span<const Value> a, std::span<const Value> b);
/// The same problems, of this node. [any]
Problems named(Problems problems, const std::string& path);
/// The address of the node that one of these is about: `where` is "/path: row" or "/path". [any]
inline std::string node_address(const Problem& problem) { return problem.where.substr(0, problem.where.find(':')); }

}  // namespace mixgraph

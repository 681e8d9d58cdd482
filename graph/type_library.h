#pragma once
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "graph/node.h"

namespace mixgraph {

/// A node type that is made at run time, such as a plug-in's. Whoever makes one fills in `type`, whose texts and tables are what
/// is kept here; a kernel's function finds it by owner_of(*setup.type). Nothing changes once a library has it. [control, worker]
class MadeType : public TypeOwner {
 public:
  MadeType() { type.owner = this; }
  /// A copy of a text that lives as long as the type.
  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }

  std::deque<std::string> texts;
  std::vector<Port> inputs, outputs;
  std::vector<Parameter> parameters;
  std::vector<Meter> meters;
  std::vector<Kernel> kernels;
  NodeType type;
};

/// The types that a document can name: those that are there for good, and those that were made, by number. [control]
class TypeLibrary {
 public:
  explicit TypeLibrary(const NodeTypes& fixed);
  /// Lets nodes be of this type from now on. Problems: its id is taken, its table isn't sound.
  Result<uint32_t> add(std::unique_ptr<MadeType> made);
  /// No new node can be of it; it goes when the last one that names it does. False: there is none of this number.
  bool drop(uint32_t number);
  /// nullptr: there is none.
  const NodeType* find(uint32_t number) const;
  /// All of them now: the fixed ones, then the others by their numbers.
  NodeTypes types() const;

 private:
  std::vector<const NodeType*> fixed_;
  std::map<uint32_t, TypeRef> made_;
  uint32_t next_ = 1;
};

}  // namespace mixgraph

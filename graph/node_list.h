#pragma once
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "graph/node.h"
#include "graph/shared.h"

namespace mixgraph {

/// A node of the document: where it is, what it is, and the value of each of its rows (graph/node.h, row()).
struct Node {
  std::string path;  ///< "mix/vox/eq": without a leading slash
  TypeRef type;
  std::vector<Value> values;
  bool operator==(const Node&) const = default;
};
/// A node with every row at its initial value. [any]
Node make_node(std::string path, const NodeType& type);

/// Nodes in order. Copies share each node until it is changed: to change one of n after a copy takes one copy of a node and
/// n / 64 + 64 of pointers. [any]
class NodeList {
 public:
  class Iterator {
   public:
    using value_type = Node;
    using reference = const Node&;
    using pointer = const Node*;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::forward_iterator_tag;
    Iterator() = default;
    Iterator(const NodeList& list, size_t at) : list_(&list), at_(at) {}
    reference operator*() const { return (*list_)[at_]; }
    pointer operator->() const { return &(*list_)[at_]; }
    Iterator& operator++() { return at_++, *this; }
    Iterator operator++(int) { return {*list_, at_++}; }
    bool operator==(const Iterator&) const = default;

   private:
    const NodeList* list_ = nullptr;
    size_t at_ = 0;
  };

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Node& operator[](size_t i) const { return *(*chunks_[i / kChunk])[i % kChunk]; }
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size_}; }

  /// A node to be changed.
  Node& own(size_t i) { return chunks_[i / kChunk].own()[i % kChunk].own(); }
  void add(Shared<Node> node) {
    if (size_++ % kChunk == 0) chunks_.push_back({});
    chunks_.back().own().push_back(std::move(node));
  }
  template <class Is>
  void erase_if(Is is) {
    NodeList kept;
    for (const auto& chunk : chunks_)
      for (const Shared<Node>& node : *chunk)
        if (!is(*node)) kept.add(node);
    *this = std::move(kept);
  }

 private:
  static constexpr size_t kChunk = 64;
  std::vector<Shared<std::vector<Shared<Node>>>> chunks_;
  size_t size_ = 0;
};

}  // namespace mixgraph

#pragma once
#include <random>

#include "graph/graph.h"

namespace mixgraph {

/// A graph that changes at random, edit by edit, with every kind of edit.
class RandomEdits {
 public:
  RandomEdits(NodeTypes types, unsigned seed) : types_(types), random_(seed) {}

  const Graph& graph() const { return graph_; }
  /// Makes one edit, and returns it with what follows from it: links have values follow, and go with what they follow.
  std::vector<Edit> next();

 private:
  size_t below(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random_); }
  Edit any();
  Edit value();
  Edit cable();
  Edit fact();
  Edit link();

  NodeTypes types_;
  std::mt19937 random_;
  Graph graph_;
  int number_ = 0;
};

}  // namespace mixgraph

#pragma once
#include <string>
#include <vector>

#include "graph/engine.h"

namespace mixgraph {

/// Reads a file of moves for a render, one per line: `TIME ADDRESS VALUE [SECONDS [CURVE]]`. The time is in
/// seconds from the start (`1.5`) or in frames (`72000f`); the rest is as over OSC. `#` begins a comment. All
/// problems are told, each with file:line. The moves, in order of time, name nodes of `graph`, which must stay
/// as it is. [any]
Result<std::vector<Move>> read_moves(const std::string& path, const Graph& graph, double rate);

/// Hands moves to an engine ahead of their time, a few at a time, as a render goes on.
class MoveFeed {
 public:
  explicit MoveFeed(const std::vector<Move>& moves) : moves_(moves) {}
  /// All that begin before a frame; call it before the engine processes up to there. [control]
  void feed(Engine& engine, uint64_t until);

 private:
  const std::vector<Move>& moves_;
  size_t next_ = 0;
};

}  // namespace mixgraph

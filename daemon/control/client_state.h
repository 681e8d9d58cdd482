#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "graph/graph.h"

namespace mixgraph {

/// Edits that a client gathers between /graph/begin and /graph/commit.
struct Transaction {
  static constexpr size_t kMostEdits = 10'000;
  static constexpr size_t kMostOpen = 16;  ///< of all clients
  std::vector<Edit> edits;
  Graph draft;             ///< the graph with these edits, so that each can be checked
  int64_t touched_ns = 0;  ///< monotonic
};

/// A client, as far as control remembers it.
struct ClientState {
  std::optional<Transaction> transaction;
  int errors_left = 0;         ///< answers of /error that it may get until the next refill
  int64_t refill_ns = 0;       ///< monotonic
  int64_t late_notice_ns = 0;  ///< monotonic; when it may be told of a late bundle again
};

}  // namespace mixgraph

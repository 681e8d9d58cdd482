#pragma once
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/osc/now.h"
#include "graph/engine.h"

namespace mixgraph {

/// What node types cost of late: the difference of the engine's sums over the latest 2 to 4 s. [control]
class CostWindow {
 public:
  void follow(const Engine& engine, const Now& now);
  /// Share of one processor's time by node type, the dearest first; those that run no more are left out.
  std::vector<std::pair<std::string_view, double>> shares(double rate) const;

 private:
  std::vector<TypeCost> older_, newer_, latest_;
  int64_t rotate_ns_ = 0;  // monotonic
};

}  // namespace mixgraph

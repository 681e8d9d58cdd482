#pragma once
#include <vector>

#include "graph/plan.h"

namespace mixgraph {

/// Instances that run as one bank, each in its lane.
struct BankRun {
  std::shared_ptr<Bank> bank;
  std::vector<size_t> members;  ///< indices into the plan's nodes
};

/// The order in which banks run, and the lanes that moved to make it possible.
struct Schedule {
  std::vector<BankRun> runs;
  std::vector<LaneTransfer> transfers;
  std::vector<std::shared_ptr<Bank>> templates;  ///< where new lanes of running banks come from
};

/// Groups instances of one type that may run together, keeps instances in the banks they have, and orders the banks by
/// the sound's way. The plan must not have loops. [control]
Schedule make_schedule(const Plan& plan, const Environment& environment, const FadeShape& shape);

}  // namespace mixgraph

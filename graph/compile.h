#pragma once
#include <memory>
#include <vector>

#include "graph/costs.h"
#include "graph/plan.h"

namespace mixgraph {

/// Turns a plan into a program. Gives each instance that has none a bank and a lane. For several threads, in
/// tasks that are balanced by the costs measured; `publish`: they do so for each other with what they make (graph/far_reads.h). An input adds its sources in the order of the plan's routes, source k to
/// partial sum k mod 16, whatever the banks and lanes. [control]
std::unique_ptr<Program> compile(const Plan& plan, const Environment& environment, const FadeShape& shape, const std::vector<TypeCost>& costs, int threads, bool publish);

}  // namespace mixgraph

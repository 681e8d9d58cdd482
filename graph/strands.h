#pragma once
#include <vector>

#include "graph/costs.h"
#include "graph/schedule.h"

namespace mixgraph {

/// Part of a program: the bank with this number in the schedule, or the half of a bank that breaks loops which reads.
struct ProgramPart {
  size_t run = 0;
  bool reads = true, writes = true;
};

/// Parts that run one after the other on one thread, once the strands that they need are done.
struct Strand {
  std::vector<ProgramPart> parts;
  std::vector<size_t> needs;  ///< strands, all of them before this one
  double cost = 0;            ///< share of the whole program
  uint32_t home = 0;          ///< thread that runs it as a rule
};

/// Splits a program into strands, so that several threads can share it; or into one, if there is one thread. What a strand
/// does, and in which order sums are made, is the same however many threads there are. Costs are those measured by node
/// type; without any, lanes count alike. [control]
std::vector<Strand> make_strands(const Plan& plan, const Schedule& schedule, const std::vector<TypeCost>& costs, int threads);

/// Gives each strand the thread that runs it as a rule, and tells what sharing makes of the whole at best. [control]
double share_out(std::vector<Strand>& strands, int threads);

}  // namespace mixgraph

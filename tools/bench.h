#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "nodes/list.h"

namespace mixgraph {

/// What `mixgraph bench` has in common.
struct BenchOptions {
  double seconds = 60;      ///< of sound per run
  int runs = 3;             ///< the best of so many counts
  std::string isa = "all";  ///< or one instruction set
  std::string type;         ///< of `bench nodes`: only this one
  std::string peer;         ///< of `bench console64`: a command that measures others
  int threads = 1;          ///< of `bench console64`: more than 1 compares with so many
};

/// CPU time that this thread has used, in seconds. [any]
double thread_seconds();
/// Pink noise of RMS 0.1: white noise through P. Kellet's three-pole filter (musicdsp.org, "Pink noise
/// filter"). The same every time. [any]
std::vector<float> pink_noise(size_t frames);

/// A console of 64 strips and a master; prints a line per instruction set. Returns an ExitCode.
int bench_console64(const BenchOptions& options, const std::vector<InstructionSet>& sets);
/// Every node type on its own; prints a table. Returns an ExitCode.
int bench_nodes(const BenchOptions& options, const std::vector<InstructionSet>& sets);

}  // namespace mixgraph

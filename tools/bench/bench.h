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
  std::string peer;         ///< of `bench console64` and `bench osc`: a command that measures others
  bool signals = false;     ///< of `bench console64`: also with other sounds than noise at -20 dBFS
  bool mixed = false;       ///< of `bench console64`: also strips of different shapes and slopes
  int threads = 1;          ///< of `bench console64`: more than 1 compares with so many
  int nodes = 10'000;       ///< of `bench compile`
  int strips = 64;          ///< of `bench console64`, `bench moves`, `bench automation` and `bench start`
  int reverbs = 0;          ///< of `bench console64`
  bool paced = false;       ///< of `bench console64`: threads are compared at a device's pace as well
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

/// A bus of twelve channels beside twelve of one; prints their ratio. Returns an ExitCode.
int bench_formats(const BenchOptions& options, const std::vector<InstructionSet>& sets);

/// Recalls every row of a console's strips, and floods it with timed bundles; prints loads of blocks. Returns an ExitCode.
int bench_moves(const BenchOptions& options, const std::vector<InstructionSet>& sets);

/// The load of a console while 500 of its rows follow a million breakpoints an hour, beside the same without. Returns an
/// ExitCode.
int bench_automation(const BenchOptions& options, const std::vector<InstructionSet>& sets);

/// Loads and compiles a large session, and edits one of a tenth of its size while it plays; prints the times.
int bench_compile(const BenchOptions& options);
/// Floods mixgraphd and a peer with sets while both play 64 strips; prints rates and delays.
int bench_osc(const BenchOptions& options);
/// Starts mixgraphd again and again with a console's journal; prints the times from exec to the first block.
int bench_start(const BenchOptions& options);
/// Sends mixgraphd, which plays 64 strips, as many sets and edits as an hour brings; prints what memory it holds.
int bench_memory(const BenchOptions& options);

}  // namespace mixgraph

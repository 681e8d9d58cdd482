#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "graph/engine.h"
#include "tools/bench/bench.h"

namespace mixgraph {

/// What there is of the console of `bench console64`.
enum class ConsoleKind : uint8_t {
  whole,   ///< strips, each with a send if there are reverbs, that many of these, and a master
  mixed,   ///< the same with strips of eight shapes of EQ and three slopes of high-pass
  inputs,  ///< nothing but the inputs
};
Graph bench_console(const BenchOptions& options, NodeTypes types, ConsoleKind kind = ConsoleKind::whole);

/// Sixty-four device inputs that hear the same noise, each from another place, and two outputs.
class ConsoleDevice {
 public:
  static constexpr int kInputs = 64, kRate = 48000, kBlock = 64;
  explicit ConsoleDevice(float gain = 1);

  /// One block.
  void run(Engine& engine);
  double checksum() const { return checksum_; }  ///< not finite if any output was not
  uint64_t hash() const { return hash_; }        ///< of all samples so far

 private:
  static constexpr size_t kNoiseBlocks = 3000;  // 4 s
  std::vector<float> noise_, left_, right_;
  size_t block_ = 0;
  double checksum_ = 0;
  uint64_t hash_ = 0xcbf29ce484222325;
};

/// An engine's settings for it. [any]
EngineSettings console_engine(int threads = 1);
/// Hands an engine a graph; a problem ends in an exception. [control]
void make_sound(Engine& engine, const Graph& graph);

/// CPU seconds for so many seconds of sound with a new engine, after half a second to settle. [any]
double cpu_seconds(const Graph& graph, double seconds, std::vector<TypeCost>* costs = nullptr, float gain = 1);

/// The fastest of some runs of each, in turns: what slows the machine for a while slows all of them.
template <size_t N, class Run>
std::array<double, N> fastest(int runs, Run run) {
  std::array<double, N> best;
  best.fill(HUGE_VAL);
  for (int i = 0; i < runs; i++)
    for (size_t which = 0; which < N; which++) best[which] = std::min(best[which], run(which));
  return best;
}

/// One thread beside several: how much sooner they are done, and whether they do the same; and what two runs that know
/// nothing of each other make of the machine. Prints a line of each. [any]
void compare_threads(const BenchOptions& options, InstructionSet set);
/// The same at a device's pace, by the clock driver. [any]
void compare_threads_paced(const BenchOptions& options, InstructionSet set);

}  // namespace mixgraph

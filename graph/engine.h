#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "graph/costs.h"
#include "graph/fault.h"
#include "graph/graph.h"

namespace mixgraph {

/// The course of a timed move.
enum class Course : uint8_t {
  position,     ///< straight along the parameter's own fader scale (its Curve)
  linear,       ///< straight in the unit
  exponential,  ///< straight in dB or octaves: equal ratios in equal times
  s_curve,      ///< eased at both ends along the fader scale
};

/// Where a move of the parameter is after the share `t`, 0..1, of its time; in the unit. [any]
double course_value(const Parameter& p, double from, double to, Course course, double t);

/// A parameter on its way to a new value.
struct Move {
  std::string_view path;     ///< the node's
  int row = 0;
  double value = 0;          ///< in the unit, within range
  uint64_t frame = 0;        ///< of the engine's clock, when it starts; 0 or past: at once
  double seconds = 0;        ///< the move's length; 0: the shortest that doesn't click
  Course course = Course::position;
};

/// What the audio thread counted. [any]
struct EngineCounters {
  uint64_t frames = 0, blocks = 0;
  uint64_t late_changes = 0;   ///< timed changes that arrived after their frame, and took effect at once
  uint64_t bad_samples = 0;    ///< non-finite samples that reached the output and were silenced
  uint64_t faults = 0;         ///< nodes that had to be silenced
  uint64_t limited_samples = 0;  ///< samples that the output's ceiling held
  uint64_t programs = 0;       ///< programs taken over
  uint64_t tasks = 0;          ///< parts that threads can share, of the program that was handed over last
};

/// A meter's reading. [control]
struct Reading {
  const Node* node;  ///< valid until the next update()
  int meter;         ///< row of the type's meters
  float value;
};

/// A node whose output was silenced because it was not finite, or ran away beyond kRunaway (graph/mixing.h).
struct NodeFault {
  std::string path;
  Fault fault;
  bool given_up;  ///< it happened for the third time within 10 s: the node stays silent until it is rebuilt by an edit
};

struct EngineSettings {
  Environment environment;
  int inputs = 2, outputs = 2;   ///< device channels
  double ceiling_db = 0;         ///< nothing beyond this leaves an output
  int threads = 1;               ///< the audio thread, and others that help it where the graph is large enough to pay
  double share_above_us = 8;     ///< time of 64 frames from which on they are shared out; 0: always, even if it doesn't pay
  std::function<void()> on_thread_start = {};  ///< runs first in each of these others
};

/// Makes a graph sound: compiles it, hands programs and changes to the audio thread and takes back what is done with.
/// One control thread, one audio thread, one worker.
class Engine {
 public:
  explicit Engine(EngineSettings settings);
  ~Engine();
  const EngineSettings& settings() const { return settings_; }

  /// Makes the sound follow `next`: what is new fades in, what is gone fades or rings out, untouched nodes go on
  /// unchanged, values that differ move. On problems (a loop, a node that can't be built) nothing changes. [control]
  Problems update(const Graph& next);
  /// Moves parameters. The whole batch is heard in the same block. Moves of nodes that aren't there are ignored. [control]
  void move(std::span<const Move> batch);
  /// Carries on what the two above began; call it every few milliseconds, and between blocks when rendering. [control]
  void advance();
  /// True when no hand-over or fade is under way or waiting. [control]
  bool settled() const;
  /// Nodes that run: those of the graph, and those gone from it that still ring or fade out. [control]
  size_t nodes_sounding() const;
  /// The meters of all nodes of the graph, folded since the last call. [control]
  std::vector<Reading> meters();
  /// Nodes that were silenced since the last call. Each is built anew and faded in, unless it was given up. [control]
  std::vector<NodeFault> take_faults();
  /// Frames from the first node to the device's outputs, along the longest path. [control]
  int latency() const;
  /// Does the nodes' slow work; call it every few milliseconds, and between blocks when rendering. [worker]
  void service();

  EngineCounters counters() const;
  /// What each node type took so far, in the blocks that were measured. [control]
  std::vector<TypeCost> costs() const;
  /// Frames processed so far. [any]
  uint64_t frame() const;
  /// The first frame that a move which is handed over now can still be timed to; the block before it has begun. [any]
  uint64_t horizon() const;

  /// Planar buffers of settings().inputs and outputs channels. [audio]
  void process(const float* const* in, float* const* out, int frames) noexcept;

 private:
  struct State;
  EngineSettings settings_;
  std::unique_ptr<State> state_;
};

}  // namespace mixgraph

#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "graph/automation.h"
#include "graph/costs.h"
#include "graph/course.h"
#include "graph/fault.h"
#include "graph/graph.h"
#include "graph/prepared.h"
#include "graph/transport.h"

namespace mixgraph {

/// A parameter on its way to a new value. Of all that is said of a row, what has the later frame comes after what has an
/// earlier one, whenever it is said; of what has the same frame, the later said.
struct Move {
  std::string_view path;     ///< the node's
  int row = 0;               ///< one that is live
  double value = 0;          ///< in the unit, within range
  uint64_t frame = 0;        ///< of the engine's clock, when it starts; 0 or past: at once
  double seconds = 0;        ///< the move's length; 0: the shortest that doesn't click
  Course course = Course::position;
  bool at_once = false;      ///< it starts at once, and `frame` is Engine::now() as it was when it was said
  bool late = false;         ///< it should have started before that
};

/// A timed move whose time has come.
struct DueMove {
  std::string path;
  int row;
  double value;
  uint64_t frame;
  double seconds;
  Course course;
};

/// What has become of a row while it is automated.
struct AutomationState {
  std::string path;
  const NodeType* type = nullptr;
  int row = 0;
  bool has_begun = false;  ///< it has passed its first breakpoint
  bool is_taken = false;  ///< it was set meanwhile, and stays where it was set to
  bool is_over = false;   ///< it has passed its last breakpoint
};

/// What the audio thread counted. [any]
struct EngineCounters {
  uint64_t frames = 0, blocks = 0;
  uint64_t late_changes = 0;   ///< timed changes that arrived after their frame, and took effect at once
  uint64_t postponed = 0;      ///< batches of moves that began with a later tick, as theirs had enough to do
  uint64_t bad_samples = 0;    ///< non-finite samples that reached the output and were silenced
  uint64_t faults = 0;         ///< nodes that had to be silenced
  uint64_t limited_samples = 0;  ///< samples that the output's ceiling held
  uint64_t programs = 0;       ///< programs taken over
  uint64_t tasks = 0;          ///< parts that threads can share, of the program that was handed over last
};

/// A node whose output was silenced because it was not finite, or ran away beyond kRunaway (graph/mixing.h).
struct NodeFault {
  std::string path;
  Fault fault;
  bool given_up;  ///< it happened for the third time within 10 s: the node stays silent until it is rebuilt by an edit
};

/// What a node's slow work met.
struct NodeTrouble {
  std::string path;
  Trouble trouble;
};

/// Bytes that nodes may take where nobody says more: half of the machine's memory, at most 1 GiB. [any]
size_t usual_memory();

struct EngineSettings {
  Environment environment;
  int inputs = 2, outputs = 2;   ///< device channels
  double ceiling_db = 0;         ///< nothing beyond this leaves an output
  int threads = 1;               ///< the audio thread, and others that help it where the graph is large enough to pay
  double share_above_us = 8;     ///< time of 64 frames from which on they are shared out; 0: always, even if it doesn't pay
  size_t memory = usual_memory();  ///< bytes that the nodes of a graph may take, about
  std::function<void()> on_thread_start = {};  ///< runs first in each of these others
};

/// Makes a graph sound: compiles it, hands programs and changes to the audio thread and takes back what is done with.
/// One control thread, one audio thread, any number of workers.
class Engine {
 public:
  explicit Engine(EngineSettings settings);
  ~Engine();
  const EngineSettings& settings() const { return settings_; }

  /// Makes the sound follow `next`: what is new fades in, what is gone fades or rings out, untouched nodes go on
  /// unchanged, values that differ from what was said last move. A node that is built anew goes on with the moves that are
  /// under way, and with those that wait. On problems (a loop, a node that can't be built, too little memory)
  /// nothing changes.
  /// Instances of slow types that are not among `prepared` are made at once, however long that takes. [control]
  Problems update(const Graph& next, std::vector<Prepared> prepared = {});
  /// What update(next, have) would have to make that is slow, as far as that can be told: none, and it takes no file.
  /// Otherwise have them made, add them to `have` and ask again: some may need others to be there first. [control]
  std::vector<Preparation> needs(const Graph& next, std::span<const Prepared> have = {}) const;
  /// Why nothing need be made for a graph: it takes too much memory. Empty: it may fit. [control]
  Problems too_large(const Graph& next) const;
  /// Makes one of them, as long as it takes. The engine must live until it is done. [any]
  Prepared make(Preparation preparation) const;
  /// Nodes that were made without their files (Preparation::without_files). One that is among what was prepared for update(),
  /// and could be made, takes the place of what does nothing. [control]
  std::vector<Preparation> lacking_files() const;
  /// Moves parameters. Those of one batch that have the same frame begin together, to the sample; so much begins in each
  /// tick of 64 frames that no block comes late by it (Performer), and the rest with the next. Moves of nodes that aren't
  /// there are ignored. [control]
  void move(std::span<const Move> batch);
  /// The frame as of which control speaks: advance() and take_due() let it go on. [control]
  uint64_t now() const;
  /// Timed moves whose time has come since the last call, in the order in which they count: who keeps a document sets their
  /// values in it, before anything else is said. `all`: those too that still wait. [control]
  std::vector<DueMove> take_due(bool all = false);
  /// Timed moves that wait and will have come due at a frame. [control]
  std::vector<DueMove> due_until(uint64_t frame) const;
  /// Has rows follow breakpoints from a frame of the engine on, with the frame `from` of the automation, instead of those that
  /// they followed so far. A row is the automation's from its first breakpoint on. What is said of it later takes it away;
  /// else the last breakpoint's value stays. take_due() tells of the breakpoints as they pass. nullptr: none are followed any
  /// more; rows stay about where they are, and who keeps the document says where. [control]
  void automate(std::shared_ptr<const Automation> automation, uint64_t frame = 0, uint64_t from = 0);
  /// The rows that it was given, as far as they are there; none: nothing is automated. [control]
  std::vector<AutomationState> automation() const;
  /// Changes musical time from a frame on; 0 or past: as of now. [control]
  void change_transport(const TransportChange& change, uint64_t frame = 0);
  /// Musical time at a frame, as far as it has been changed by now(). [control]
  Transport transport(uint64_t frame) const;
  /// Carries on what update() and move() began; call it every few milliseconds, and between blocks when rendering. [control]
  void advance();
  /// True when no hand-over or fade is under way or waiting. [control]
  bool settled() const;
  /// Nodes that run: those of the graph, and those gone from it that still ring or fade out. [control]
  size_t nodes_sounding() const;
  /// True when settled, and no timed move waits for its frame; or if nobody has run it yet: nothing will come of itself.
  /// [control]
  bool rests() const;
  /// The meters of all nodes of the graph, in the order of its nodes and their types' meters, folded since the last call.
  /// Valid until the next call of this, update() or advance(). [control]
  std::span<const float> meters();
  /// A feed of a node, by its number in the type's list; nullptr: there is none. Valid until the next update(). [control]
  FeedBuffer* feed(std::string_view path, int number) const;
  /// Nodes that were silenced since the last call. Each is built anew and faded in, unless it was given up. [control]
  std::vector<NodeFault> take_faults();
  /// What nodes couldn't do since the last call: write a recording, read a file. [control]
  std::vector<NodeTrouble> take_troubles();
  /// Frames from the first node to the device's outputs, along the longest path. [control]
  int latency() const;
  /// Does the nodes' slow work; call it every few milliseconds, and between blocks when rendering. Several threads may call it
  /// at a time: each does what none is at, so that one that hangs keeps no other waiting. False: no node has any, and 20 ms from
  /// now is soon enough. [worker]
  bool service();

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
  struct Rooms;
  EngineSettings settings_;
  std::unique_ptr<Rooms> rooms_;
};

}  // namespace mixgraph

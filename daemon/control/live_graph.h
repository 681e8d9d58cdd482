#pragma once
#include <memory>
#include <vector>

#include "daemon/control/moves.h"
#include "daemon/control/namespace.h"
#include "daemon/control/session_edit.h"
#include "graph/engine.h"

namespace mixgraph {

/// When a value is to change, and how.
struct Timing {
  uint64_t frame = 0;  ///< of the engine; 0 or past: at once
  double seconds = 0;  ///< length of a move; 0: the shortest that doesn't click
  Course course = Course::position;
};

/// The truth: the graph value with every parameter's target as of now, and the engine that follows it. What waits for its
/// frame enters it when that comes (catch_up()). What changed it can be undone by the opposite edits, so that faders moved
/// since stay where they are. [control]
class LiveGraph {
 public:
  LiveGraph(Engine& engine, Graph start);
  /// Hands the graph to the engine.
  Problems start();
  /// The same for a graph from a journal: Control::start_restored().
  bool start_restored(const Graph& otherwise, Problems& told);

  const Graph& graph() const { return graph_; }
  /// The graph as it will be at a frame, if nothing else is said until then.
  Graph graph_at(uint64_t frame) const;
  const Namespace& names() const { return names_; }
  /// A parameter's value at a frame, also in the midst of a move.
  Value value(const Entry& entry, uint64_t frame) const;

  /// Takes in what has come due: before anything else is done with it, as time goes on. `all`: what still waits, too.
  void catch_up(bool all = false);
  /// Sets a value that fits its parameter. `now`: the frame that is due. What can move waits for flush();
  /// what must be built anew is built at once, whatever the timing.
  Problems set(const Entry& entry, const Value& value, const Timing& timing, uint64_t now);
  /// Sets values of parameters that must be built anew, all of them in one go, or none.
  Problems rebuild(const std::vector<std::pair<const Entry*, Value>>& values);
  /// What was set since the last call begins together, to the sample.
  void end_batch();
  /// Hands what was set since the last call to the engine, in batches.
  void flush();

  /// What a step of undo says of the session besides its graph; null: nothing.
  using Besides = std::shared_ptr<const SessionEdit>;
  /// Takes over another graph as one step of undo, or changes nothing. `back` and `forward` are of the same step.
  Problems commit(const Graph& next, Besides back = {}, Besides forward = {});
  /// The same for values of these entries, which may take their time and begin with what is said before end_batch(). What
  /// must be built anew is built at once. `before`: graph_at(timing.frame).
  Problems commit(const Graph& before, const Graph& next, const std::vector<const Entry*>& named, const Timing& timing, uint64_t now);
  /// What is to be done besides is returned in `besides`.
  Problems undo(Besides& besides);
  Problems redo(Besides& besides);
  static constexpr size_t kUndoDepth = 200;
  static constexpr size_t kUndoValues = 1'000'000;  ///< in all steps but the latest, about; older ones are forgotten

  /// Addresses of parameters that move, and of those that have arrived since the last call, for feedback.
  std::vector<std::string> moving(uint64_t frame) const { return moves_.under_way(frame); }
  std::vector<std::string> take_arrived(uint64_t frame);
  /// Whether anything is to be told of these, now or later.
  bool moves() const { return moves_.size() > 0 || !arrived_.empty(); }
  /// Whether something that is set with this timing waits for its frame.
  bool waits(const Timing& timing) const { return timing.frame > engine_.now(); }
  /// Goes up whenever nodes come or go.
  uint64_t generation() const { return generation_; }
  /// What has changed since the last call, in order; of values the latest. Changes are gathered until then.
  std::vector<Edit> take_changes();

 private:
  struct Way {
    std::vector<Edit> edits;
    Besides besides;
    size_t values() const;
  };
  struct Step {
    Way back, forward;
    size_t values;
  };
  Problems take_over(Graph next);
  void replace(Graph graph);
  Problems step(std::vector<Step>& from, std::vector<Step>& to, Way Step::*way, Besides& besides);
  void remember(const Graph& before, const Graph& after, Besides back = {}, Besides forward = {});
  void move(const Entry& entry, double target, const Timing& timing, uint64_t now);
  void take_value(const Entry& entry, double target, uint64_t start, double seconds, Course course);
  void hand_over(const Entry& entry, const Move& move);
  void touch(const Entry& entry);
  void gather_values();

  static constexpr int kReplaced = -1;  // the row of a move that nobody will hear
  struct Latest {
    uint64_t flush = 0;  // the one that `at` is of
    size_t at = 0;
  };
  Engine& engine_;
  Graph graph_;
  Namespace names_;
  Moves moves_;
  std::vector<Move> said_;      // since the last flush; their paths are those of names_
  std::vector<size_t> ends_;    // of batches, in said_
  std::vector<Latest> latest_;  // what was said at once, in said_, by number of entry
  uint64_t flushes_ = 1;
  std::vector<std::string> arrived_;  // addresses of those whose time came, and that take none to change
  std::vector<Step> done_, undone_;
  uint64_t generation_ = 0;
  std::vector<Edit> changes_;
  std::vector<size_t> touched_;   // entries of names_ whose values changed after the last of changes_
  std::vector<bool> is_touched_;  // by entry
};

}  // namespace mixgraph

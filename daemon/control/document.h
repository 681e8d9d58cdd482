#pragma once
#include <optional>
#include <vector>

#include "daemon/control/change.h"
#include "daemon/control/history.h"
#include "daemon/control/moves.h"
#include "graph/engine.h"
#include "graph/links.h"

namespace mixgraph {

/// The truth: the session with the graph and every parameter's target as of now, and the engine that follows it. What waits
/// for its frame enters it when that comes (catch_up()). What changed it can be undone by the opposite change, so that faders
/// moved since stay where they are. [control]
class Document {
 public:
  /// `start`: its graph enters by the first change.
  Document(Engine& engine, Session start);

  const Graph& graph() const { return graph_; }
  /// Without its graph.
  const Session& session() const { return session_; }
  /// The graph as it will be at a frame, if nothing else is said until then.
  Graph graph_at(uint64_t frame) const;
  const Namespace& names() const { return names_; }
  /// Who follows whom in it.
  const Links& links() const { return links_; }
  /// What a change says of values, with links: who follows is said to its leader, and the leader to all that follow it. Where both are said, the leader
  /// counts. Saying it again changes nothing.
  NewValues with_links(std::span<const NewValue> said) const;
  /// Goes up whenever nodes come or go.
  uint64_t generation() const { return generation_; }
  /// A parameter's value at a frame, also in the midst of a move.
  Value value(const Entry& entry, uint64_t frame) const;

  /// The graph that a change leads to at once; nothing: it moves values alone. The problems of edits that can't be done.
  Result<std::optional<Graph>> outcome(const Change& change) const;
  /// Makes a change, whose outcome this is, and tells what was applied; on problems nothing has changed. `now`: the frame that
  /// is due. What moves waits for flush().
  Problems apply(const Change& change, std::optional<Graph> outcome, uint64_t now, Applied& applied);
  /// Takes in what has come due: before anything else is done with it, as time goes on. `all`: what still waits, too.
  Applied catch_up(bool all = false);
  /// What takes the latest step back, or makes it again, for apply(); nothing: there is none. Rows that were set since stay. What
  /// waits for its frame is a step from then on.
  std::optional<Change> undo() const { return left_of(history_.back(), history_.forward_of_back()); }
  std::optional<Change> redo() const { return left_of(history_.forward(), history_.back_of_forward()); }

  /// What was set since the last call begins together, to the sample.
  void end_batch();
  /// Hands what was set since the last call to the engine, in batches.
  void flush();
  /// The text and the types of the session's files, as they are now on the disk.
  void know_files(uint64_t text_hash, uint64_t types_hash);

  /// Addresses of parameters that move, and of those that have arrived since the last call, for feedback.
  std::vector<std::string> moving(uint64_t frame) const { return moves_.under_way(frame); }
  std::vector<std::string> take_arrived(uint64_t frame) { return moves_.take_arrived(frame); }
  /// Whether anything is to be told of these, now or later.
  bool moves() const { return moves_.size() > 0; }
  /// Whether something that is set with this timing waits for its frame.
  bool waits(const Timing& timing) const { return timing.frame > engine_.now(); }

 private:
  Problems take_over(Graph next, const std::vector<Prepared>& prepared);
  Applied told(Change::Why why, uint64_t frame) const;
  void find_changed(const Graph& before);
  void find_unsaid(const Change& change);
  void remember(const Change& change, const Graph& before);
  void remember_due(uint64_t frame);
  std::optional<Change> left_of(const Change* step, const Change* opposite) const;
  void move(const Entry& entry, double target, const Timing& timing, uint64_t now);
  void take_value(const Entry& entry, double target, uint64_t start, double seconds, Course course);
  void hand_over(const Entry& entry, const Move& move);

  static constexpr int kReplaced = -1;  // the row of a move that nobody will hear
  struct Latest {
    uint64_t flush = 0;  // the one that `at` is of
    size_t at = 0;
  };
  Engine& engine_;
  Session session_;
  Graph graph_;
  Links links_;
  Namespace names_;
  Moves moves_;
  History history_;
  struct WaitingStep {
    uint64_t frame = 0;
    Change back, forward;       // so far
    std::vector<Edit> values;   // that come at the frame
  };
  std::vector<WaitingStep> waiting_;
  std::vector<Move> said_;      // since the last flush; their paths are those of names_
  std::vector<size_t> ends_;    // of batches, in said_
  std::vector<Latest> latest_;  // what was said at once, in said_, by number of entry
  uint64_t flushes_ = 1;
  std::vector<Edit> edits_;            // that the latest change was
  std::vector<const Entry*> changed_;  // by it
  std::vector<const Entry*> unsaid_;   // of those
  uint64_t generation_ = 0;
};

}  // namespace mixgraph

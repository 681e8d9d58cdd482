#pragma once
#include <random>
#include <string>

#include "tests/support/engine_runner.h"

namespace mixgraph {

/// Two nodes of every type, players that play `file` round and round, recorders that record, a loop: from inputs 1 to 4, of
/// which none is left out, to outputs 1 and 2.
void add_every_type(EngineRunner& r, const std::string& file);

/// Edits of all kinds and storms of moves, at random but always the same: nodes of every type come and go, are wired,
/// rebuilt, moved, bypassed; now and then all is undone. Edits that would close a loop are taken back. No node rings for
/// longer than a few seconds.
class RandomEdits {
 public:
  /// The graph that the runner has is what stays. Players play `file`, if there is one.
  RandomEdits(EngineRunner& runner, unsigned seed, std::string file = {});

  /// One edit or one storm, handed to the engine. [control]
  void step();
  /// Back to the graph that stays. [control]
  void undo_all();

  int refused = 0;  ///< edits that the engine took back
  static constexpr size_t kMostNodes = 50;

 private:
  std::string any_node() { return r_.graph.nodes()[random_() % r_.graph.nodes().size()].path; }
  Value any_value(const Parameter& p);
  bool rings_long(const Node& node) const;
  void add();
  void remove();
  void connect_nodes(const std::string& from, const std::string& to);
  void disconnect();
  void rebuild();
  void storm();

  EngineRunner& r_;
  Graph first_;
  std::mt19937 random_;
  std::string file_;
  int count_ = 0;
};

}  // namespace mixgraph

#pragma once
#include <map>
#include <set>
#include <string>

#include "graph/graph.h"
#include "tests/support/deck.h"
#include "tests/support/sequence.h"

namespace mixgraph {

/// What a sequence has touched: nodes that it changed or named, and all that heard them at any time.
class Touched {
 public:
  explicit Touched(const Graph& start) : last_(start) { see_cables(), look_for_solo(start); }
  /// Messages that are about to be sent.
  void note(const Step& step);
  /// The document may have changed.
  void follow(const Graph& graph);
  std::set<std::string> paths() const;
  /// Nodes that aren't what they were built as at the start.
  const std::set<std::string>& rebuilt() const { return rebuilt_; }

 private:
  void set_row(const std::string& path, std::string_view id);
  void see_cables();
  void look_for_solo(const Graph& graph);
  Graph last_;
  bool all_ = false;
  std::set<std::string> changed_, rebuilt_;
  std::set<std::pair<std::string, std::string>> cables_;
};

/// What each node of a document owes to its past, with all that it hears. A reverb that was built later than another
/// swings otherwise.
std::map<std::string, Memory> memories(const Graph& graph, const std::set<std::string>& rebuilt);

/// The rule of what supersedes what: a change takes effect at its frame, of those at one frame the later sent. It knows rows
/// that were set by their own address alone.
class Rule {
 public:
  void note(const Step& step, uint64_t now);
  /// Control had a turn: what it gets late counts as of then, and is not followed.
  void turn(uint64_t now);
  /// Every row that isn't as it should be.
  std::string check(const Graph& graph) const;

 private:
  struct Wins {
    uint64_t frame;
    double value;
  };
  uint64_t last_turn_ = 0;
  bool silent_ = false;  // something else sets rows, or nodes come and go
  std::map<std::string, Wins> rows_;
  std::multimap<uint64_t, std::string> waiting_;
  std::set<std::string> unclear_;
};

/// Plays a sequence and says what is wrong with what was heard; empty: nothing. It knows nothing of banks and lanes: what
/// sounds is compared with a fresh engine on the same document, and with one that nobody touched.
std::string judge(const Sequence& sequence);
/// The same sequence with as few steps as it takes to be wrong.
Sequence shrunk(Sequence sequence);

}  // namespace mixgraph

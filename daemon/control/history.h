#pragma once
#include <optional>
#include <vector>

#include "daemon/control/change.h"

namespace mixgraph {

/// The steps of undo: each is a change, and the one that takes it back. [control]
class History {
 public:
  static constexpr size_t kDepth = 200;
  static constexpr size_t kValues = 1'000'000;  ///< in all steps but the latest, about; older ones are forgotten

  /// A new step; what was undone can't be made again. Nothing, if it changes nothing.
  void add(Change back, Change forward);
  /// What takes the latest step back, or makes it again; nullptr: there is none.
  const Change* back() const { return done_.empty() ? nullptr : &done_.back().back; }
  const Change* forward() const { return undone_.empty() ? nullptr : &undone_.back().forward; }
  /// The opposite of those.
  const Change* forward_of_back() const { return done_.empty() ? nullptr : &done_.back().forward; }
  const Change* back_of_forward() const { return undone_.empty() ? nullptr : &undone_.back().back; }
  /// Nodes that back() or forward() takes away come again with the values that they have now.
  void know_values(Change::Why way, const Graph& before);
  /// back() or forward() has been done.
  void stepped(Change::Why way);

 private:
  struct Step {
    Change back, forward;
    size_t values;
  };
  std::vector<Step> done_, undone_;
  uint64_t steps_ = 0;
};

}  // namespace mixgraph

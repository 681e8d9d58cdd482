#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "graph/problem.h"

namespace mixgraph {

/// Makes calls that may never return, one at a time, each on a thread of its own. A call that misses its
/// deadline is given up: its thread is left behind, and later calls are refused until it returns, if it ever
/// does.
class DeadlineCalls {
 public:
  /// Runs `work` and waits for it. Returns nothing when it is done, and a problem when an earlier call is
  /// still under way or this one was given up. If `work` is given up and does end later, `undo` runs after
  /// it, on the same thread. Both must own whatever they touch. `name` is for the problem's text. [control]
  std::optional<Problem> run(const std::string& name, std::chrono::milliseconds deadline,
                             std::function<void()> work, std::function<void()> undo = {});

  /// The call that was given up and has not returned; empty if there is none. [control]
  std::string stuck() const;

 private:
  struct State {
    mutable std::mutex mutex;
    std::condition_variable changed;
    std::string under_way;  // empty when idle
    bool given_up = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace mixgraph

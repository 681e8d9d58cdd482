#pragma once
#include <span>
#include <string_view>

#include "tests/support/engine_runner.h"

namespace mixgraph {

/// Something that an audio thread must never do.
struct Sin {
  std::string_view name;
  void (*commit)();
};
/// malloc, a large malloc, a lock, one that is taken, write, sleep, futex, a page fault, throw. [any]
std::span<const Sin> sins();
/// Gets what some sins need: a lock that another thread holds, memory that was never touched. [control]
void prepare_sins();

/// Types with one that commits a sin in its kernel when its row `sin` is set: to 1 + the index in sins().
NodeTypes types_with_a_sinner();

}  // namespace mixgraph

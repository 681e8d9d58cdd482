#pragma once
#include <string>

namespace mixgraph {

/// Makes spdlog write to standard error from a thread of its own, so that nobody waits for a reader that is
/// slow or a disk that is full: then the oldest lines are lost. `level`: trace, debug, info, warn, error,
/// off. [control]
void start_log(const std::string& level);

/// Waits until everything is written, but at most 300 ms. [any]
void drain_log();

}  // namespace mixgraph

#pragma once
#include <string>

namespace mixgraph {

/// Makes spdlog write to standard error from a thread of its own, so that nobody waits for a reader that is
/// slow or a disk that is full: then the oldest lines are lost. `level`: trace, debug, info, warn, error,
/// off. [control]
void start_log(const std::string& level);

/// Waits until everything is written, but at most 300 ms. False: it isn't, or the next line may wait for its reader. [any]
bool drain_log();

/// A line for standard output, which nobody waits for either. [control]
void print_line(const std::string& line);

/// Whether some bytes can be written to a file or a pipe without waiting for its reader. [any]
bool takes_bytes(int fd) noexcept;

}  // namespace mixgraph

#pragma once
#include <vector>

#include "daemon/control/moves_file.h"
#include "daemon/osc/client.h"

namespace mixgraph {

/// A file of moves that is being played, for whoever began it.
struct PlayedMoves {
  Script script;
  Client client;
  uint64_t frame = 0, from = 0;  ///< of the engine, at which this frame of the file is heard
  std::vector<Unfollowed> unfollowed = {};
  size_t next = 0;               ///< line

  /// The engine's frame of a line that isn't before the start.
  uint64_t frame_of(const Line& line) const { return line.frame - from + frame; }
  bool has_lines() const { return next < script.lines.size(); }
};

}  // namespace mixgraph

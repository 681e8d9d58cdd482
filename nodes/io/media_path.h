#pragma once
#include <string>

#include "graph/problem.h"

namespace mixgraph {

/// The path of a file that somebody names, beneath a folder. Names are relative to the folder; absolute ones
/// must lie within it, and ".." is refused. Whether the file exists is not looked at. The problem's `where`
/// is the name. [control]
Result<std::string> path_beneath(const std::string& root, const std::string& name);

/// What a sound file's header says.
struct SoundInfo {
  int channels = 0;
  double rate = 0;      ///< Hz
  uint64_t frames = 0;  ///< at that rate
};

/// Reads a header; refuses what a player can't play: other than 1 or 2 channels, no frames, unknown length,
/// anything but a regular file. The problem's `where` is the name. [control]
Result<SoundInfo> read_sound_info(const std::string& root, const std::string& name);

}  // namespace mixgraph

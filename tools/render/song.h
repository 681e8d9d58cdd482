#pragma once
#include <string>
#include <vector>

#include "config/session.h"
#include "graph/engine.h"
#include "daemon/control/moves_file.h"

namespace mixgraph {

/// A session that was loaded from a file, and what an engine needs besides to make it sound.
struct Song {
  std::string path;
  Session session;
  EngineSettings engine;
  NodeTypes types;
  Script script = {};  ///< what happens while it plays
};

/// Where the channels of a render belong: as an output says that has them all, or as is usual for so many. [control]
Format format_of_render(const Song& song);
/// Loads a session. `rate` in Hz; 0: the session's. Folders of players and recorders that the file names are
/// resolved against the file's own. [any]
Result<Song> load_song(const std::string& path, NodeTypes types, double rate = 0);

/// Gives problems that name a node ("/mix/vox") the line of the session file that it stands on. [any]
Problems with_lines(const Problems& problems, const std::string& session_path);

}  // namespace mixgraph

#pragma once
#include <string>

#include "config/session.h"

/// The session's own file and those beside it, as commands reach them: nothing here knows the workspace, so that a worker
/// may do it.
namespace mixgraph {

/// The session's own file, as it was when the daemon started.
struct SessionFile {
  std::string path;      ///< absolute; empty: there is none
  bool is_link = false;  ///< it was one, and is followed; what becomes one later isn't
};
SessionFile named_at_start(const std::string& path);

/// The path of a file in the session's folder, by its name alone; without a name the session's own. [any]
Result<std::string> file_named(const SessionFile& file, const std::string& name);

/// Reads the session's own file. [worker]
Result<Session> load_own(const SessionFile& file, NodeTypes types);
/// Reads one beside it, whose path is file_named(). [worker]
Result<Session> load_beside(const std::string& path, NodeTypes types);

/// Saves to the session's own file. `loaded`: Session::text_hash of what was read from it, or written to it last; 0:
/// the daemon runs without a session. [worker]
Problems save_own(const SessionFile& file, const std::string& text, uint64_t loaded, NodeTypes types);

}  // namespace mixgraph

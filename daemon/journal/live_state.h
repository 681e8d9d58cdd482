#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/session.h"
#include "daemon/journal/journal.h"

namespace mixgraph {

/// Where the live state is kept, and whether it is wanted.
struct LiveStateOptions {
  std::string session_file;
  std::string folder;      ///< empty: default_state_folder()
  bool fresh = false;      ///< start from the session file
  bool limit_gain = true;  ///< as the session's `restore_max` says: not when sound goes on after a moment
  bool same_run = false;   ///< the process only started itself again: the state holds, whatever the file says
  /// What prevents a session that was changed since from being built; without it, nothing does.
  std::function<Problems(const Session&)> builds = {};
};

/// $STATE_DIRECTORY (systemd), else mixgraph in $XDG_STATE_HOME, else in ~/.local/state. Empty: none of these
/// is set.
std::string default_state_folder();

/// The live state of the daemon's last run, and what keeps that of this one.
struct LiveState {
  struct Remark {
    std::string text;
    bool well = true;
  };
  FileHandle lock;                   ///< so that no other daemon keeps the state of the same session
  std::unique_ptr<Journal> journal;  ///< nullptr: the state is not kept
  bool restored = false;             ///< the session's graph and scenes are those of the last run
  Graph file_graph;                  ///< if so: the session file's
  std::vector<Remark> remarks;       ///< what the person who starts it should know
  std::string trouble;               ///< why the state is not kept
  std::string file;                  ///< the journal's

  /// "kept", or why the state isn't. [any]
  std::string status() const { return journal ? journal->status() : trouble; }
};
/// Copies the journal of the last run, before it is written on. The newest twenty of what is put aside are kept.
/// Returns the copy's name.
std::string copy_of(const LiveState& state);

/// Restores the state of the last run to a session that was just loaded, if there is one that belongs to this
/// file, and begins to keep it. Whatever is wrong with it, the session can be played. If the session could not be loaded,
/// or can't be built, it is the state's own then, with the settings that it had; without a state it stays as it is.
LiveState open_live_state(Result<Session>& session, const LiveStateOptions& options);

}  // namespace mixgraph

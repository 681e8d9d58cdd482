#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/session.h"
#include "daemon/control/change.h"
#include "daemon/control/command.h"
#include "daemon/control/session_file.h"

namespace mixgraph {

/// A fact about this program, of which /status is a view: its last address part, a sentence that says what it is, and its
/// value. Counts and other whole numbers are `h`, amounts in a unit `d`, shares of a whole `f`, names and reasons `s`.
struct StatusItem {
  std::string name;
  std::string_view doc;
  osc::Argument value;
};
/// A whole number for /status. [any]
template <class Number>
int64_t whole(Number number) {
  return int64_t(number);
}

/// A block that came late, as /late/list tells it.
struct LateBlockFacts {
  int64_t system_ns = 0;     ///< when it was due, since 1970
  double milliseconds = 0;   ///< how long our work took, or how late the call for sound came
  std::string_view cause;    ///< work, scheduler, device
  std::string_view kind;     ///< late, stall, lost
};

struct Workspace;

/// Keeps the live state: daemon/journal.
struct Keeping {
  /// Notes a change.
  std::function<void(const Applied&)> note = {};
  /// Hands on what was noted since the last call.
  std::function<void(Workspace&)> follow = {};
  /// The state goes back to the session's files with one of these fingerprints; `pristine`: it is the same.
  std::function<void(Workspace&, std::vector<uint64_t> fingerprints, bool pristine)> rebase = {};
};

struct ControlSettings {
  std::string session_file;  ///< what /graph/save writes to, and whose folder /graph/load reads from
  bool session_is_link = false;  ///< SessionFile::is_link
  /// Timed messages are handed to the engine so long before their time, or two device periods. [s]
  double lookahead = 0.05;
  std::function<double()> device_period = {};  ///< [s]
  /// What the daemon knows besides: driver, device, threads.
  std::function<std::vector<StatusItem>()> more_status = {};
  /// The latest blocks that came late.
  std::function<std::vector<LateBlockFacts>()> late_blocks = {};
  /// From the graph's output to the device's, for /clock. [s]
  std::function<double()> device_latency = {};
  Keeping journal = {};  ///< without it the live state isn't kept
  /// Takes lines for whoever runs the daemon. `well`: nothing is wrong.
  std::function<void(const std::string&, bool well)> log = {};
  /// What /device answers; without it there is none.
  std::function<osc::Message()> device = {};
  /// Begins to start the daemon again; without it that can't be done.
  std::function<void()> restart = {};
  /// Why the live state isn't kept, so that a restart would lose it; empty: it is.
  std::function<std::string()> unkept = {};
  /// Runs something on a worker; without it, it is done at once, and no message has a bound on its time.
  std::function<void(Worker, std::function<void()>)> in_background = {};
  /// Asks for a call of Control::resume() soon. [any]
  std::function<void()> wake = {};
  /// Nothing more is to be read from a client for now, or it is again.
  std::function<void(const Client&, bool held)> hold = {};
  /// How long a start waits for the files of players and recorders, which are made on workers; those that come later begin
  /// later. 0: as long as it takes. [s]
  double patience = 0;
  FileAccess files = FileAccess::loopback;
  Confirm confirm = Confirm::answers;

  SessionFile own_file() const { return {session_file, session_is_link}; }
};

}  // namespace mixgraph

#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/control/workspace.h"
#include "daemon/journal/journal_format.h"
#include "daemon/journal/journal_writer.h"

namespace mixgraph {

/// Keeps the live state on the disk as it changes: nodes, values, cables, groups, scenes, and where players
/// are. What is left out: steps of undo, and timed messages that wait. A parameter that moves counts as
/// arrived.
class Journal {
 public:
  Journal(JournalWriter::Settings settings, JournalFacts facts, JournalBase base);

  /// Notes a change of the document. [control]
  void note(const Applied& applied);
  /// Hands over what was noted since the last call; call it every few milliseconds. The first call hands
  /// over everything. [control]
  void follow(Workspace& workspace);
  /// The state goes back to the session's files with one of these fingerprints; `pristine`: it is the same.
  /// [control]
  void rebase(Workspace& workspace, std::vector<uint64_t> fingerprints, bool pristine);
  /// Waits until all that was handed over is on the disk; false: it isn't, in this time. Also while control
  /// is stuck. [any]
  bool flush(std::chrono::milliseconds patience) { return writer_.flush(patience); }
  /// What control calls of it.
  Keeping keeping();
  /// "kept", or what is wrong. [any]
  std::string status() const;

 private:
  /// A parameter that moves by itself, and the meter that tells where it is.
  struct Place {
    size_t meter;  // of Namespace::meters()
    int row;
  };
  void encode_noted(const Workspace& workspace);
  void forget_places(const std::string& path);
  void encode_places(Workspace& workspace);
  void find_places(const Workspace& workspace);
  void snapshot(Workspace& workspace);

  JournalFacts facts_;
  JournalBase base_;
  JournalEncoder encoder_;
  bool begun_ = false;
  std::vector<std::pair<std::string, int>> noted_;  // rows by path, whose values have changed since the last call
  std::vector<bool> is_noted_;                      // by number of entry
  std::set<std::string> noted_scenes_;
  bool settings_noted_ = false, base_noted_ = false;
  std::vector<Place> places_;
  uint64_t generation_ = 0;                              // of the graph whose places these are
  std::map<std::pair<std::string, int>, double> known_;  // by path and row: where it was, as handed over
  int64_t next_places_ns_ = 0;                           // monotonic
  JournalWriter writer_;
};

}  // namespace mixgraph

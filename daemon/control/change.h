#pragma once
#include <boost/container/small_vector.hpp>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "daemon/control/namespace.h"
#include "daemon/control/session_edit.h"
#include "daemon/osc/client.h"
#include "graph/course.h"
#include "graph/prepared.h"

namespace mixgraph {

/// When values are to change, and how.
struct Timing {
  uint64_t frame = 0;  ///< of the engine; 0 or past: at once
  double seconds = 0;  ///< length of a move; 0: the shortest that doesn't click
  Course course = Course::position;
};

/// A value that a row of the document is to have; it fits its row.
struct NewValue {
  const Entry* entry;  ///< of the document's names
  Value value;
  bool said = true;    ///< by the author: else it follows from that by a link
};

using NewValues = boost::container::small_vector<NewValue, 1>;

/// What somebody wants of the document: the only way in which it changes (Workspace::apply()). Either all of it is done, or
/// nothing.
struct Change {
  /// Those from `edit` to `load` are steps of undo.
  enum class Why : uint8_t {
    set,     ///< values alone, of a message or a pattern
    store,   ///< scenes
    edit,    ///< nodes, cables, facts
    recall,  ///< of a scene
    load,    ///< of a session
    undo,
    redo,
    start,   ///< of a program, or of one that was restored
    due,     ///< a timed value whose time has come
    trouble  ///< a node can't do what the document says
  };
  Why why = Why::set;
  std::optional<Client> author = {};  ///< nobody: mixgraph itself, which may do everything
  NewValues values;                  ///< without edits of nodes: their entries would go
  Timing timing = {};                ///< of the values; what must be built anew is built at once
  std::vector<Edit> edits;           ///< in order
  std::optional<Graph> whole = {};   ///< the graph that it leads to, instead of edits: a session's
  SessionEdit session;               ///< of its settings and scenes
  /// The texts of the session's own files, whose content it leads to.
  struct Files {
    uint64_t text_hash, types_hash;
    Graph graph;
    Scenes scenes;
  };
  std::optional<Files> files = {};
  uint64_t step = 0;                 ///< number of the step that it takes back or makes again
  std::vector<Prepared> prepared;    ///< instances that were made for it
  std::set<std::string> without_files = {};  ///< paths of nodes that do nothing until their files can be had (Setup::without_files)
  Problems told;                     ///< why

  /// Whether it moves values of instances that stay as they are.
  bool only_moves() const;
  bool is_step() const { return why >= Why::edit && why <= Why::load; }
  /// Has nodes of slow types that these problems are about do without their files. False: there are no others than before.
  bool do_without_files(const Problems& problems, const Graph& outcome);
  /// Why what was prepared could not be made.
  Problems failed() const;
};

/// What has changed, for those who follow the document. It is valid until the next change.
struct Applied {
  Change::Why why = Change::Why::set;
  const Client* setter = nullptr;    ///< of values that were set, who knows them already
  uint64_t frame = 0;                ///< at which it is heard
  std::span<const Entry* const> values;  ///< rows whose value, or target, is another now; what waits for its time isn't among them
  std::span<const Entry* const> unsaid;  ///< those of them that the setter doesn't know, as they follow a link
  std::span<const Edit> edits;           ///< of the graph, in an order in which they can be made; values among them are in `values` too
  const Namespace* names = nullptr;      ///< of the graph as it is now
  const SessionEdit* session = nullptr;  ///< if there is anything in it
  bool renamed = false;              ///< nodes came or went: entries and meters are others than before
  bool rewired = false;              ///< nodes, cables or facts did
  std::optional<uint64_t> file = {}; ///< the fingerprint of the session's file, if that was loaded
  bool pristine = false;             ///< it is as that file says
  std::span<const Problem> told = {};  ///< Change::told
};

}  // namespace mixgraph

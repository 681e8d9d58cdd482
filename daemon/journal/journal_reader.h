#pragma once
#include <map>
#include <string>
#include <string_view>

#include "daemon/journal/journal_format.h"

namespace mixgraph {

/// What a journal tells: the state that its good records make.
struct JournalContent {
  enum class Health : uint8_t {
    whole,
    torn,        ///< it ends within a record, as a kill leaves it
    damaged,     ///< a bad record stands before good ones: the state is the one before it
    unreadable,  ///< there is no state in it
  };
  Health health = Health::unreadable;
  JournalFacts facts;
  JournalBase base;
  Graph graph;
  Scenes scenes;
  uint64_t sequence = 0;    ///< of the last good record
  int64_t system_ns = 0;    ///< its time
  size_t good_bytes = 0;    ///< of the file, up to the first bad record
  size_t lost_records = 0;  ///< good ones behind a bad one
  Problems left_out;        ///< what this program doesn't know: node types, parameters, ports, kinds of items; or why it is unreadable

  bool has_state() const { return health != Health::unreadable; }
};

/// Reads a journal's bytes, whatever they are. [any]
JournalContent read_journal(std::string_view bytes, NodeTypes types);

}  // namespace mixgraph

#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/control/namespace.h"
#include "daemon/osc/osc.h"
#include "graph/automation.h"
#include "graph/problem.h"

namespace mixgraph {

/// A message that is carried out at its time.
struct Line {
  uint64_t frame = 0;  ///< since the start
  osc::Message message;
  int number = 0;      ///< in its file, from 1
};

/// What is wrong with lines, by their numbers.
using LineProblems = std::multimap<int, Problem>;

/// A file of moves: what a client would send a daemon while it plays, and breakpoints.
struct Script {
  std::string path;  ///< of its file; empty: the command line
  std::vector<Line> lines;
  std::shared_ptr<const Automation> automation = {};  ///< nullptr: there are no breakpoints

  size_t breakpoints() const;
  /// How many lines, of both kinds, are for this frame or later.
  size_t lines_from(uint64_t frame) const;
  /// A problem with what a line asks for, with its place.
  Problem at(const Line& line, const Problem& problem) const;
};

/// Reads a file of moves. A line is a message or a breakpoint, `TIME ADDRESS [VALUE ...]` or `TIME ADDRESS = VALUE [CURVE]`. The
/// time is in seconds from the start (`1.5`) or in frames (`72000f`); `"` keeps spaces together, `#` begins a comment. The value
/// of a parameter is a text, all else as parse_argument() takes it. `rate` in Hz. Breakpoints are of the parameters in `names`.
/// The lines come in order of time; those that can't be read, or that nobody carries out at a time, are put into `problems`.
/// [any]
Script read_script(const std::string& path, std::string_view text, double rate, const Namespace& names, LineProblems& problems);

/// Messages for the start, of pairs of an address and its one value. [any]
Result<Script> script_of(const std::vector<std::pair<std::string, std::string>>& settings);

}  // namespace mixgraph

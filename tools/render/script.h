#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "daemon/osc/osc.h"
#include "graph/problem.h"

namespace mixgraph {

/// A message that a render carries out.
struct Line {
  uint64_t frame = 0;  ///< of the engine
  osc::Message message;
  int number = 0;      ///< in its file, from 1
};

/// What is wrong with lines, by their numbers.
using LineProblems = std::multimap<int, Problem>;

/// What a client would send a daemon while it plays.
struct Script {
  std::string path;  ///< of its file; empty: the command line
  std::vector<Line> lines;

  /// A problem with what a line asks for, with its place.
  Problem at(const Line& line, const Problem& problem) const;
};

/// Reads a file of messages, one per line: `TIME ADDRESS [VALUE ...]`. The time is in seconds from the start
/// (`1.5`) or in frames (`72000f`); `"` keeps spaces together, `#` begins a comment. The value of a parameter is a
/// text, all else as parse_argument() takes it. `rate` in Hz. The lines come in order of time; those that can't be
/// read, or mean nothing to a render, are put into `problems`. [any]
Script read_script(const std::string& path, double rate, LineProblems& problems);

/// The same of pairs of an address and its one value, for the start. [any]
Result<Script> script_of(const std::vector<std::pair<std::string, std::string>>& settings);

}  // namespace mixgraph

#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "graph/course.h"
#include "graph/node.h"

namespace mixgraph {

/// A value that an automated row has at a frame.
struct Breakpoint {
  uint64_t frame = 0;                ///< since the automation's start
  double value = 0;                  ///< in the unit, within range
  Course course = Course::position;  ///< of the way from the breakpoint before
  bool steps = false;                ///< there is no way: the value before holds until this frame
};

/// The breakpoints of one row.
struct Track {
  std::string path;                ///< the node's
  const NodeType* type = nullptr;  ///< and its type: another one is another node
  int row = 0;                     ///< one that can be automated
  std::vector<Breakpoint> points;  ///< one at least, in order of their frames
};

/// Breakpoints as the source of rows' courses. Between two of them a row goes along their way, and it holds the last. Before the
/// first it is nobody's. Where the breakpoints ask for more than a row can do without a click (two of them at one frame, a step, a
/// way that is too steep), it takes its shortest smooth way to where they go on. It is read at the ends of ticks: there, but for
/// those shortest ways, the value is exactly that of the breakpoints.
struct Automation {
  std::vector<Track> tracks;  ///< of different rows
};

/// Whether a row can be automated: those that switch at once are set, to the sample, and so are solos, which decide about others,
/// and the bypass. [any]
bool can_be_automated(const NodeType& type, int row);
/// The steepest way of a row, in its domain per frame. [any]
double steepest(const Parameter& p, double rate);
/// Whether the way from the breakpoint before to this one is too steep. [any]
bool leaps(const Parameter& p, const Breakpoint& before, const Breakpoint& point, double rate);

/// What a row can't follow: ways that are too steep, breakpoints that come before the one before was reached, or before the
/// tick was over that has the one before.
struct Unfollowed {
  std::string path;
  const NodeType* type = nullptr;
  int row = 0;
  uint64_t frame = 0;  ///< of the first
  size_t count = 0;    ///< of breakpoints
};
std::vector<Unfollowed> unfollowed(const Automation& automation, double rate);

}  // namespace mixgraph

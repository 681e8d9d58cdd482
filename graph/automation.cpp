#include "graph/automation.h"

#include <algorithm>
#include <cmath>

#include "graph/glide.h"

namespace mixgraph {

bool can_be_automated(const NodeType& type, int row) {
  const Parameter& p = mixgraph::row(type, row);
  const bool is_bypass = size_t(row) == type.parameters.size();
  return !is_bypass && !is_text(p) && p.update == Update::live && p.motion == Motion::smooth && p.group != GroupPart::solo && p.group != GroupPart::solo_safe;
}

// All of its range in the time of the shortest move; in octaves one, and for a level from full to silence.
double steepest(const Parameter& p, double rate) {
  return (domain(p) == Domain::linear ? p.max - p.min : 1) / shortest_move(rate);
}

bool leaps(const Parameter& p, const Breakpoint& before, const Breakpoint& point, double rate) {
  const double way = std::abs(to_domain(p, point.value) - to_domain(p, before.value));
  return !point.steps && way > steepest(p, rate) * double(point.frame - before.frame);
}

std::vector<Unfollowed> unfollowed(const Automation& automation, double rate) {
  std::vector<Unfollowed> all;
  for (const Track& track : automation.tracks) {
    const Parameter& p = told_row(*track.type, track.row);
    Unfollowed found{track.path, track.type, track.row, 0, 0};
    for (size_t i = 1; i < track.points.size(); i++) {
      const Breakpoint &before = track.points[i - 1], &point = track.points[i];
      const uint64_t gap = point.frame - before.frame;
      const bool steep = gap > 0 && leaps(p, before, point, rate);  // two at one frame ask for no way
      const bool hidden = gap > 0 && gap < uint64_t(kTick) && i + 1 < track.points.size() && point.value != before.value && track.points[i + 1].value != point.value;
      const bool cut_off = point.steps && i + 1 < track.points.size() && point.value != before.value && track.points[i + 1].value != point.value &&
                           double(track.points[i + 1].frame - point.frame) < shortest_move(rate);
      if (!steep && !hidden && !cut_off) continue;
      if (found.count++ == 0) found.frame = point.frame;
    }
    if (found.count > 0) all.push_back(std::move(found));
  }
  return all;
}

}  // namespace mixgraph

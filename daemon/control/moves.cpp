#include "daemon/control/moves.h"

#include "graph/listen.h"

namespace mixgraph {

bool can_move(const Parameter& p) {
  return !is_text(p) && p.update == Update::live && !is_heard_by(p);
}

bool takes_time(const Parameter& p) {
  return can_move(p) && p.motion == Motion::smooth;
}

double RunningMove::at(uint64_t frame) const {
  if (frame < start) return from;
  if (double(frame) >= end()) return to;
  return course_value(*parameter, from, to, course, double(frame - start) / frames);
}

std::optional<double> Moves::value(const std::string& address, uint64_t frame) const {
  const auto found = moves_.find(address);
  if (found == moves_.end()) return {};
  return found->second.at(frame);
}

std::vector<std::string> Moves::under_way(uint64_t frame) const {
  std::vector<std::string> list;
  for (const auto& [address, move] : moves_)
    if (move.start <= frame && move.end() > double(frame)) list.push_back(address);
  return list;
}

std::vector<std::string> Moves::take_arrived(uint64_t frame) {
  std::vector<std::string> list;
  drop([&](const std::string& address, const RunningMove& move) {
    const bool arrived = move.end() <= double(frame);
    if (arrived) list.push_back(address);
    return arrived;
  });
  return list;
}

}  // namespace mixgraph

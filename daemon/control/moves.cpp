#include "daemon/control/moves.h"

#include <cmath>

namespace mixgraph {

double RunningMove::at(uint64_t frame) const {
  if (frame < start) return from;
  if (double(frame) >= end()) return to;
  const Parameter& p = *parameter;
  double t = double(frame - start) / frames;
  if (course == Course::s_curve) t = t * t * (3 - 2 * t);
  const auto between = [t](double a, double b) { return a + (b - a) * t; };
  if (course == Course::linear) return between(from, to);
  if (course == Course::exponential)
    return p.unit != Unit::decibel && from > 0 && to > 0 ? from * std::pow(to / from, t) : between(from, to);
  return from_position(p, between(to_position(p, from), to_position(p, to)));
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

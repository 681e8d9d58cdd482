#include <fmt/format.h>

#include "tools/describe/describe.h"

namespace mixgraph {

std::string channels_text(const NodeType& type, const Port& port) {
  if (port.channels == kOwn) return "as its rows say";
  if (port.channels == kAdaptive && type.least_channels == 2) return type.multichannel <= Multichannel::folded ? "stereo" : "stereo or wider";
  if (port.channels == kAdaptive) return type.multichannel <= Multichannel::folded ? "mono or stereo" : "any format";
  return port.channels == 1 ? "mono" : "stereo";
}

std::string value_text(const Parameter& p, double value) {
  const std::string number = format_value(p, value);
  const std::string_view unit = unit_symbol(p.unit);
  if (unit.empty() || p.curve == Curve::stepped) return number;
  return p.unit == Unit::ratio ? number + std::string(unit) : number + " " + std::string(unit);
}

std::string default_text(const Parameter& p) {
  return is_text(p) ? "empty" : value_text(p, p.initial);
}

std::string range_text(const Parameter& p) {
  if (is_text(p)) return "text";
  if (p.choices.empty())
    return value_text(p, p.min).substr(0, format_value(p, p.min).size()) + " to " + value_text(p, p.max);
  return fmt::format("{}", fmt::join(p.choices, ", "));
}

std::string_view curve_name(Curve curve) {
  switch (curve) {
    case Curve::linear:
      return "linear";
    case Curve::log:
      return "log";
    case Curve::fader:
      return "fader";
    case Curve::stepped:
      return "stepped";
    case Curve::text:
      return "text";
  }
  return "";
}

std::string along_text(const Feed& feed) {
  return fmt::format("{}, {:g} to {:g} {}, {}", feed.size, feed.along.first, feed.along.last, unit_symbol(feed.along.unit), curve_name(feed.along.curve));
}

std::string change_text(const Parameter& p) {
  if (p.update == Update::rebuild) return "rebuild";
  return p.motion == Motion::jump ? "live, at once" : "live";
}

std::string running_text(const NodeType& type) {
  const int lanes = type.kernels.back().lanes;
  return lanes == 1 ? "runs alone" : fmt::format("runs in banks of up to {}", lanes);
}

double latency_ms(const NodeType& type) {
  if (!type.latency) return 0;
  const Environment environment;
  std::vector<Value> values;
  for (int r = 0; r < row_count(type); r++) values.push_back(initial_value(row(type, r)));
  return type.latency(Setup{environment, 2, values}) * 1000.0 / environment.rate;
}

}  // namespace mixgraph

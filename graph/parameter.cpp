#include "graph/parameter.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace mixgraph {
namespace {

// The desk law of the X32 and its kin: straight lines through -60, -30, -10 and +10 dB.
double fader_position(double db) {
  if (db < -60) return (db + 90) / 480;
  if (db < -30) return (db + 70) / 160;
  return db < -10 ? (db + 50) / 80 : (db + 30) / 40;
}
double fader_level(double x) {
  if (x < 0.0625) return 480 * x - 90;
  if (x < 0.25) return 160 * x - 70;
  return x < 0.5 ? 80 * x - 50 : 40 * x - 30;
}

std::string number_text(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", x == 0 ? 0.0 : x);
  return text;
}

}  // namespace

double to_domain(const Parameter& p, double value) {
  switch (domain(p)) {
    case Domain::log2: return std::log2(value);
    case Domain::gain: return value <= p.min ? 0.0 : std::pow(10.0, value / 20);
    case Domain::linear: break;
  }
  return value;
}

double to_position(const Parameter& p, double value) {
  value = std::clamp(value, p.min, p.max);
  switch (p.curve) {
    case Curve::log: return std::log(value / p.min) / std::log(p.max / p.min);
    case Curve::fader: return fader_position(value);
    default: return (value - p.min) / (p.max - p.min);
  }
}

double from_position(const Parameter& p, double position) {
  double x = std::clamp(position, 0.0, 1.0);
  switch (p.curve) {
    case Curve::log: return std::clamp(p.min * std::exp(x * std::log(p.max / p.min)), p.min, p.max);
    case Curve::fader: return fader_level(x);
    case Curve::stepped: return std::round(p.min + x * (p.max - p.min));
    default: return p.min + x * (p.max - p.min);
  }
}

Value initial_value(const Parameter& p) {
  if (is_text(p)) return std::string();
  return p.initial;
}

double nearest(const Parameter& p, double number) {
  double x = std::clamp(number, p.min, p.max);
  return p.curve == Curve::stepped ? std::round(x) : x;
}

Result<Value> parse_value(const Parameter& p, std::string_view text) {
  if (is_text(p)) return Value(std::string(text));
  if (auto found = std::find(p.choices.begin(), p.choices.end(), text); found != p.choices.end())
    return Value(double(found - p.choices.begin()));
  if (p.choices.data() == kOffOn) {
    if (text == "true" || text == "yes") return Value(1.0);
    if (text == "false" || text == "no") return Value(0.0);
  }
  std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
  double number = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc() && end == digits.data() + digits.size() && std::isfinite(number)) return Value(number);
  return Problem{"", "\"" + std::string(text) + "\" is not " + (p.choices.empty() ? "a number" : "a choice"), accepted(p)};
}

std::string accepted(const Parameter& p) {
  if (is_text(p)) return "a text";
  if (p.choices.empty()) {
    std::string range = number_text(p.min) + " to " + number_text(p.max);
    return unit_symbol(p.unit).empty() ? range : range + " " + std::string(unit_symbol(p.unit));
  }
  std::string list = "one of ";
  for (size_t i = 0; i < p.choices.size(); i++) list += (i ? ", " : "") + std::string(p.choices[i]);
  return list;
}

std::string format_value(const Parameter& p, const Value& value) {
  if (auto text = std::get_if<std::string>(&value)) return *text;
  double number = std::get<double>(value);
  size_t index = size_t(std::max(0.0, number));
  if (p.curve == Curve::stepped && index < p.choices.size()) return std::string(p.choices[index]);
  return number_text(number);
}

std::string_view unit_symbol(Unit unit) {
  switch (unit) {
    case Unit::decibel: return "dB";
    case Unit::hertz: return "Hz";
    case Unit::millisecond: return "ms";
    case Unit::second: return "s";
    case Unit::percent: return "%";
    case Unit::ratio: return ":1";
    case Unit::lufs: return "LUFS";
    case Unit::decibel_true_peak: return "dBTP";
    case Unit::none: break;
  }
  return "";
}

}  // namespace mixgraph

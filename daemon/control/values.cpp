#include "daemon/control/values.h"

#include <charconv>
#include <cmath>

namespace mixgraph {
namespace {

std::string shown(const osc::Argument& argument) {
  const std::string line = osc::describe({"/", {argument}});  // `/ ,f 1`
  const size_t at = line.find(' ', 2);
  return at == std::string::npos ? "an argument of type " + line.substr(line.find(',') + 1)
                                 : line.substr(at + 1);
}

/// The shortest decimal that is this float: what the sender meant, and what a file should say.
double as_written(float number) {
  // Most have at most four decimals. Below this no two of those are the same float, so that one is the shortest.
  constexpr double kUnique = 512, kDecimals = 1e4;
  const double few = std::nearbyint(double(number) * kDecimals) / kDecimals;
  if (std::abs(few) < kUnique && float(few) == number) return few;
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  double result = 0;
  std::from_chars(text, end, result);
  return result;
}

/// The number of an argument, or a text's that parse_value() understands.
Result<double> number_for(const Parameter& p, const osc::Argument& argument) {
  if (const auto number = osc::number(argument)) {
    if (!std::isfinite(*number)) return Problem{"", shown(argument) + " is not a finite number", accepted(p)};
    const auto* single = std::get_if<float>(&argument);
    return single ? as_written(*single) : *number;
  }
  const auto text = text_of(argument);
  if (!text) return Problem{"", shown(argument) + " is not a value", accepted(p)};
  auto parsed = parse_value(p, *text);
  if (!parsed) return parsed.problems();
  return std::get<double>(*parsed);
}

Result<Accepted> accept_text(const osc::Argument& argument) {
  auto text = text_of(argument);
  if (!text) return Problem{"", shown(argument) + " is not a text", "a string"};
  if (!is_clean(*text))
    return Problem{"", "not a clean text", "UTF-8 without control characters, at most 500 bytes"};
  return Accepted{std::move(*text), ""};
}

}  // namespace

Result<Accepted> accept(const Parameter& p, const osc::Argument& argument) {
  if (is_text(p)) return accept_text(argument);
  const auto number = number_for(p, argument);
  if (!number) return number.problems();
  const double fitting = nearest(p, *number);
  if (std::abs(fitting - *number) <= 1e-6 * (p.max - p.min)) return Accepted{fitting, ""};
  const std::string_view kind = *number < p.min || *number > p.max ? " is out of range" : " is between steps";
  return Accepted{fitting, shown(argument) + std::string(kind) + ", set to " + format_value(p, fitting)};
}

Result<Accepted> accept_position(const Parameter& p, const osc::Argument& argument) {
  if (is_text(p)) return Problem{"", "a text has no position", "set it without /norm"};
  const auto number = osc::number(argument);
  if (!number || !std::isfinite(*number))
    return Problem{"", shown(argument) + " is not a position", "0 to 1"};
  const double value = nearest(p, as_written(float(from_position(p, *number))));
  if (*number >= 0 && *number <= 1) return Accepted{value, ""};
  return Accepted{value, shown(argument) + " is out of range, set to " + (*number < 0 ? "0" : "1")};
}

osc::Argument argument_of(const Parameter& p, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  const double number = std::get<double>(value);
  if (p.curve == Curve::stepped) return int32_t(std::lround(number));
  return float(number);
}

osc::Argument position_of(const Parameter& p, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return float(to_position(p, std::get<double>(value)));
}

std::optional<std::string> text_of(const osc::Argument& argument) {
  if (const auto* text = std::get_if<std::string>(&argument)) return *text;
  if (const auto* symbol = std::get_if<osc::Symbol>(&argument)) return symbol->text;
  return {};
}

bool is_clean(std::string_view text) {
  std::string plain(text);
  std::erase_if(plain,
                [](char c) { return c == '"' || c == '\\' || c == '\''; });  // what escape() changes besides
  return text.size() <= 500 && osc::escape(plain) == plain;
}

std::optional<Course> course_named(std::string_view name) {
  if (name == "fader") return Course::position;
  if (name == "linear") return Course::linear;
  if (name == "exponential") return Course::exponential;
  if (name == "s-curve") return Course::s_curve;
  return {};
}

}  // namespace mixgraph

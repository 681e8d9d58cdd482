#include "daemon/osc/osc_arguments.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

namespace mixgraph {
namespace {

template <class Number>
std::optional<Number> read(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

template <class Number>
Result<osc::Argument> typed(const std::string& text) {
  if (const auto number = read<Number>(std::string_view(text).substr(2))) return osc::Argument(*number);
  return Problem{text, "not a number of this type", "i:3, h:3, f:0.5 or d:0.5; s: before a text"};
}

osc::Argument untyped(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  if (const auto whole = read<int32_t>(text)) return *whole;
  const auto number = read<float>(text);
  if (number && std::isfinite(*number)) return *number;
  return text;
}

}  // namespace

Result<osc::Argument> parse_argument(const std::string& text) {
  const char type = text.size() > 1 && text[1] == ':' ? text[0] : ' ';
  switch (type) {
    case 's':
      return osc::Argument(text.substr(2));
    case 'i':
      return typed<int32_t>(text);
    case 'h':
      return typed<int64_t>(text);
    case 'f':
      return typed<float>(text);
    case 'd':
      return typed<double>(text);
    default:
      return untyped(text);
  }
}

Result<std::vector<osc::Argument>> parse_arguments(const std::vector<std::string>& texts) {
  std::vector<osc::Argument> arguments;
  Problems problems;
  for (const std::string& text : texts) {
    auto argument = parse_argument(text);
    if (argument)
      arguments.push_back(std::move(*argument));
    else
      problems.push_back(argument.problems().front());
  }
  if (!problems.empty()) return problems;
  return arguments;
}

std::string value_text(const osc::Argument& argument) {
  if (const auto* text = std::get_if<std::string>(&argument)) return *text;
  if (const auto* flag = std::get_if<bool>(&argument)) return *flag ? "true" : "false";
  if (const auto* single = std::get_if<float>(&argument)) return fmt::format("{}", *single);
  if (const auto* whole = std::get_if<int64_t>(&argument)) return fmt::format("{}", *whole);
  if (const auto number = osc::number(argument)) return fmt::format("{}", *number);
  const std::string line = osc::describe({"/", {argument}});  // `/ ,b ...`
  const size_t at = line.find(' ', 2);
  return at == std::string::npos ? "" : line.substr(at + 1);
}

}  // namespace mixgraph

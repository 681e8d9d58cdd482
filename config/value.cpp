#include "config/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "graph/graph.h"

namespace mixgraph {
namespace {

std::string quote(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

enum class Number { finite, infinite, none };

/// Reads a number at the start of a text; `rest` is what follows it.
Number scan(std::string_view text, double& number, std::string_view& rest) {
  if (text.starts_with('+')) text.remove_prefix(1);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  rest = text.substr(size_t(end - text.data()));
  if (error == std::errc::result_out_of_range) return Number::infinite;
  if (error != std::errc()) return Number::none;
  return std::isfinite(number) ? Number::finite : Number::infinite;
}

bool is_yaml_infinity(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower == ".inf" || lower == ".nan";
}

/// A plain number, or nothing. Reports numbers that aren't finite if a name is given.
std::optional<double> read_number(const Yaml& yaml) {
  double number = 0;
  std::string_view rest;
  if (!yaml.is_scalar() || yaml.quoted || scan(yaml.text, number, rest) != Number::finite || !rest.empty())
    return {};
  return number;
}

bool is_not_finite(const Yaml& yaml) {
  double number = 0;
  std::string_view rest;
  if (!yaml.is_scalar() || yaml.quoted) return false;
  return is_yaml_infinity(yaml.text) || (scan(yaml.text, number, rest) == Number::infinite && rest.empty());
}

/// Reports whatever is no scalar.
bool expect_scalar(const Yaml& yaml, std::string_view name, const std::string& hint, Report& report) {
  if (yaml.is_scalar()) return true;
  std::string what = "`" + std::string(name) + "`";
  if (yaml.kind == Yaml::Kind::null)
    report.add(yaml.place, what + " has no value", hint);
  else
    report.add(yaml.place,
               what + ": one value is expected, not a " + (yaml.is_mapping() ? "mapping" : "list"), hint);
  return false;
}

std::optional<Value> read_choice(const Parameter& p, const Yaml& yaml, std::string_view name,
                                 Report& report) {
  // Numbers count as names only: a slope of 24 is no index, and an index is no slope.
  std::vector<std::string_view> choices(p.choices.begin(), p.choices.end());
  if (auto found = std::find(choices.begin(), choices.end(), yaml.text); found != choices.end())
    return Value(double(found - choices.begin()));
  if (p.choices.data() == kOffOn)
    if (auto value = parse_value(p, yaml.text);
        value && nearest(p, std::get<double>(*value)) == std::get<double>(*value))
      return *value;
  report.add(yaml.place, "`" + std::string(name) + "`: " + quote(yaml.text) + " is not a choice",
             suggest(yaml.text, choices, "one of"));
  return {};
}

std::optional<Value> read_range(const Parameter& p, const Yaml& yaml, std::string_view name, Report& report) {
  std::string what = "`" + std::string(name) + "`: ";
  std::optional<double> number = read_number(yaml);
  if (number && nearest(p, *number) == *number) return Value(*number);
  if (number) {
    report.add(yaml.place, what + yaml.text + " is out of range", accepted(p));
    return {};
  }
  if (is_not_finite(yaml)) {
    report.add(yaml.place, what + yaml.text + " is not a finite number", accepted(p));
    return {};
  }
  double start = 0;
  std::string_view unit;
  bool with_unit = !yaml.quoted && scan(yaml.text, start, unit) == Number::finite && !unit.empty();
  report.add(yaml.place, what + quote(yaml.text) + " is not a number",
             accepted(p) + (with_unit ? ", written without the unit" : ""));
  return {};
}

}  // namespace

std::optional<Value> read_value(const Parameter& p, const Yaml& yaml, std::string_view name, Report& report) {
  if (is_text(p) && yaml.is_sequence()) {
    std::string joined;
    for (const Word& word : read_words(yaml, name, report)) joined += (joined.empty() ? "" : "+") + word.text;
    return Value(joined);
  }
  if (!expect_scalar(yaml, name, accepted(p), report)) return {};
  if (is_text(p)) return Value(yaml.text);
  return p.choices.empty() ? read_range(p, yaml, name, report) : read_choice(p, yaml, name, report);
}

std::optional<Value> read_value(const Yaml& yaml, std::string_view name, Report& report) {
  if (!expect_scalar(yaml, name, "a number or a text", report)) return {};
  if (std::optional<double> number = read_number(yaml)) return Value(*number);
  if (!is_not_finite(yaml)) return Value(yaml.text);
  report.add(yaml.place, "`" + std::string(name) + "`: " + yaml.text + " is not a finite number");
  return {};
}

Word read_word(const Yaml& yaml, std::string_view name, Report& report) {
  if (!expect_scalar(yaml, name, "a word", report)) return {"", yaml.place};
  return {yaml.text, yaml.place};
}

std::vector<Word> read_words(const Yaml& yaml, std::string_view name, Report& report) {
  std::vector<Word> words;
  if (yaml.is_scalar()) return {Word{yaml.text, yaml.place}};
  if (!yaml.is_sequence()) {
    std::string what = yaml.is_mapping() ? ": a word or a list is expected, not a mapping" : " has no value";
    report.add(yaml.place, "`" + std::string(name) + "`" + what, "write `[]` for none");
    return {};
  }
  for (const Yaml& item : yaml.items)
    if (expect_scalar(item, name, "a list of words", report)) words.push_back({item.text, item.place});
  return words;
}

std::string suggest(std::string_view word, const std::vector<std::string_view>& words,
                    std::string_view intro) {
  constexpr size_t kMost = 16;
  // One letter is near to any other.
  if (std::string_view near = nearest_word(word, words); word.size() > 1 && !near.empty())
    return "did you mean `" + std::string(near) + "`?";
  if (words.empty()) return "";
  std::string list(intro);
  for (size_t i = 0; i < std::min(words.size(), kMost); i++) list += (i ? ", " : " ") + std::string(words[i]);
  return words.size() > kMost ? list + ", ..." : list;
}

Yaml write_number(double number) {
  std::array<char, 32> digits;
  auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number == 0 ? 0.0 : number).ptr;
  return write_text(std::string(digits.data(), end));
}

Yaml write_text(std::string text, bool quoted) {
  Yaml yaml;
  yaml.kind = Yaml::Kind::scalar;
  yaml.text = std::move(text);
  yaml.quoted = quoted;
  return yaml;
}

Yaml write_value(const Parameter& p, const Value& value) {
  if (is_text(p)) return write_text(std::get<std::string>(value));
  double number = std::get<double>(value);
  if (p.choices.empty()) return write_number(number);
  return write_text(std::string(p.choices[size_t(number)]));
}

Yaml write_value(const Value& value) {
  if (auto text = std::get_if<std::string>(&value)) return write_text(*text, true);
  return write_number(std::get<double>(value));
}

}  // namespace mixgraph

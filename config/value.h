#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/yaml.h"
#include "graph/parameter.h"

namespace mixgraph {

/// Reads a value as the row demands it: a number within its range, the name of a choice, a text (a list of
/// scalars is one joined by '+': [1, 2] is "1+2"). `name` is what problems call it. [any]
std::optional<Value> read_value(const Parameter& p, const Yaml& yaml, std::string_view name, Report& report);

/// The same without a row: a plain number, else a text. [any]
std::optional<Value> read_value(const Yaml& yaml, std::string_view name, Report& report);

/// A word and where it stands.
struct Word {
  std::string text;
  Place place;
};
/// One scalar, or a list of scalars. [any]
std::vector<Word> read_words(const Yaml& yaml, std::string_view name, Report& report);
/// One scalar; empty with a problem otherwise. [any]
Word read_word(const Yaml& yaml, std::string_view name, Report& report);

/// "did you mean `threshold`?", or else "`intro` threshold, ratio, ...". [any]
std::string suggest(std::string_view word, const std::vector<std::string_view>& words,
                    std::string_view intro);

/// A value as YAML: the shortest number that reads back the same, the name of a choice, a text. [any]
Yaml write_value(const Parameter& p, const Value& value);
Yaml write_value(const Value& value);
Yaml write_number(double number);
/// `quoted` makes it a text even if it looks like a number. [any]
Yaml write_text(std::string text, bool quoted = false);

}  // namespace mixgraph

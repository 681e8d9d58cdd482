#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "daemon/osc/osc.h"
#include "graph/engine.h"

/// Between OSC arguments and parameter values. [control]
namespace mixgraph {

/// What a parameter takes from an argument.
struct Accepted {
  Value value;
  std::string notice;  ///< why the value isn't the one that was sent; empty: it is
};

/// Any number type as a number, a text as a choice or a number; whatever is out of range becomes the nearest
/// value. The problem's `where` is empty.
Result<Accepted> accept(const Parameter& p, const osc::Argument& argument);
/// The same for `/norm`: a position of 0..1 on the parameter's fader.
Result<Accepted> accept_position(const Parameter& p, const osc::Argument& argument);

/// A value in the type in which it is always sent: `f`, of steps the index as `i`, of texts `s`.
osc::Argument argument_of(const Parameter& p, const Value& value);
/// Its position of 0..1 as `f`; of texts the text.
osc::Argument position_of(const Parameter& p, const Value& value);

/// The text of an `s` or `S`; nullopt of anything else.
std::optional<std::string> text_of(const osc::Argument& argument);
/// Whether a text is UTF-8 without control characters, and at most 500 bytes.
bool is_clean(std::string_view text);

/// "fader", "linear", "exponential" or "s-curve".
std::optional<Course> course_named(std::string_view name);
inline constexpr std::string_view kCourseNames = "fader, linear, exponential or s-curve";

}  // namespace mixgraph

#pragma once
#include <string>
#include <vector>

#include "daemon/osc/osc.h"

namespace mixgraph {

/// An OSC argument as it is written on the command line: `i:3`, `h:3`, `f:3`, `d:3` and `s:text` say their
/// type; else `true` and `false` are T and F, a whole number is an int (a float if it is too large), another
/// number a float, and all else a string. The problem says what would be accepted. [any]
Result<osc::Argument> parse_argument(const std::string& text);
Result<std::vector<osc::Argument>> parse_arguments(const std::vector<std::string>& texts);

/// An argument's value alone, for scripts: `-6`, `true`, `a text`. [any]
std::string value_text(const osc::Argument& argument);

}  // namespace mixgraph

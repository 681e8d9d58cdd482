#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/problem.h"

namespace mixgraph {

/// One of many addresses in order; `shared`: how many characters it begins with like the one before.
struct SortedAddress {
  std::string_view address;
  uint32_t number = 0;
  uint32_t shared = 0;
};

/// True when an address has characters with a meaning in a pattern (`? * [ ] { }`), or `//`. [any]
bool is_pattern(std::string_view address);

/// An OSC address pattern: per part `?`, `*`, `[a-z]`, `[!a-z]`, `{foo,bar}` (OSC 1.0), and `//` for any
/// number of parts, none included (OSC 1.1). No wildcard but `//` ever matches a `/`.
///
/// Kept as the position automaton of the pattern (V. M. Glushkov, 1961): one state for each character that
/// the pattern can consume. An address is read once, from left to right, so no pattern takes more than
/// (characters of the address) x (states) steps. [control]: parse and copies allocate, matches does not.
class Pattern {
 public:
  static constexpr size_t kMaxLength = 256;  ///< characters
  static constexpr int kMaxStars = 8;        ///< `*` and `//` together

  /// A pattern begins with `/` and has at most kMaxLength characters of printable ASCII. An address without
  /// wildcards is a pattern that matches itself.
  static Result<Pattern> parse(std::string_view text);

  const std::string& text() const { return text_; }
  bool matches(std::string_view address) const;
  /// The numbers of those that match. What addresses share at their beginning is read once. Allocates.
  std::vector<uint32_t> matching(const std::vector<SortedAddress>& addresses) const;

 private:
  // `//x` makes four states of three characters: 1 + 256 * 4 / 3 < 6 * 64
  static constexpr size_t kWords = 6;
  static constexpr size_t kCharacters = 128;
  using States = std::array<uint64_t, kWords>;
  friend class PatternParser;
  /// The states after one more character; false if there are none.
  bool step(const States& from, char c, States& to) const;
  bool accepts(const States& states) const;

  std::string text_;
  std::vector<States> follow_;  // the states that may come after each state; state 0 is the start
  std::array<States, kCharacters> reads_{};  // the states that a character can enter
  States accepting_{};
};

}  // namespace mixgraph

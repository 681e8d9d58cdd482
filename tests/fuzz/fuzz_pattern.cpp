// Address patterns: the automaton agrees with a matcher that tries everything, on inputs short enough for
// that; on others it must only be quick, which libFuzzer's -timeout sees to.
#include <string>
#include <string_view>

#include "daemon/osc/pattern.h"
#include "tests/fuzz/fuzz.h"

using namespace mixgraph;
using fuzz::require;

namespace {

constexpr size_t kShort = 14;  // characters, of pattern and address

/// Whether `c` is among what stands between brackets; `inside` as written, without `!`.
bool in_class(std::string_view inside, char c) {
  while (!inside.empty()) {
    const bool range = inside.size() > 2 && inside[1] == '-';
    if (range ? c >= inside[0] && c <= inside[2] : c == inside[0]) return true;
    inside.remove_prefix(range ? 3 : 1);
  }
  return false;
}

/// Whether a pattern that is well formed matches. Tries every way, one after the other.
bool slow(std::string_view p, std::string_view s) {
  if (p.empty()) return s.empty();
  if (p.starts_with("//")) {
    if (!s.starts_with('/')) return false;
    for (size_t at = 0; at < s.size(); at++)
      if (s[at] == '/' && slow(p.substr(2), s.substr(at + 1))) return true;
    return false;
  }
  if (p[0] == '*') {
    for (size_t taken = 0;; taken++) {
      if (slow(p.substr(1), s.substr(taken))) return true;
      if (taken == s.size() || s[taken] == '/') return false;
    }
  }
  if (p[0] == '{') {
    const size_t end = p.find('}');
    for (size_t from = 1; from <= end;) {
      const size_t to = std::min(p.find(',', from), end);
      const std::string_view word = p.substr(from, to - from);
      if (s.starts_with(word) && slow(p.substr(end + 1), s.substr(word.size()))) return true;
      from = to + 1;
    }
    return false;
  }
  if (s.empty()) return false;
  if (p[0] == '[') {
    const bool negated = p[1] == '!';
    const size_t from = 1 + negated, end = p.find(']', from + 1);
    return s[0] != '/' && in_class(p.substr(from, end - from), s[0]) != negated &&
           slow(p.substr(end + 1), s.substr(1));
  }
  return (p[0] == '?' ? s[0] != '/' : s[0] == p[0]) && slow(p.substr(1), s.substr(1));
}

bool is_printable(std::string_view text) {
  for (const char c : text)
    if (c < ' ' || c > '~') return false;
  return true;
}

}  // namespace

/// The input is a pattern and, after a line feed, an address.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input = fuzz::text({data, size});
  const size_t end = std::min(input.size(), input.find('\n'));
  const std::string_view pattern = input.substr(0, end),
                         address = input.substr(std::min(input.size(), end + 1));
  const auto parsed = Pattern::parse(pattern);
  if (!parsed) return 0;
  require(is_pattern(pattern) || parsed->matches(pattern), "an address matches itself");
  const bool matches = parsed->matches(address.substr(0, 300));
  if (pattern.size() <= kShort && address.size() <= kShort && is_printable(address))
    require(matches == slow(pattern, address), "the automaton agrees with trying everything");
  return 0;
}

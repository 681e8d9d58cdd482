#include "daemon/osc/pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <bitset>
#include <optional>

namespace mixgraph {
namespace {

constexpr size_t kCharacterCount = 128;
using Characters = std::bitset<kCharacterCount>;

Characters single(char c) {
  return Characters{}.set(static_cast<unsigned char>(c));
}
Characters any_in_part() {
  return ~single('/');
}

template <class States>
void add_state(States& states, size_t state) {
  states[state / 64] |= uint64_t{1} << state % 64;
}

template <class States, class Visit>
void for_each_state(const States& states, Visit visit) {
  for (size_t word = 0; word < states.size(); ++word) {
    for (uint64_t bits = states[word]; bits != 0; bits &= bits - 1) {
      visit(word * 64 + static_cast<size_t>(std::countr_zero(bits)));
    }
  }
}

template <class States>
void add_states(States& to, const States& from) {
  for (size_t word = 0; word < to.size(); ++word) to[word] |= from[word];
}

}  // namespace

/// Builds the automaton from left to right. `frontier_` holds the states after which the next character may
/// come.
class PatternParser {
 public:
  explicit PatternParser(std::string_view text) : rest_(text), text_(text) { add_start(); }

  Result<Pattern> parse() {
    if (auto problem = check_text()) return *problem;
    while (!rest_.empty()) {
      if (auto problem = element()) return *problem;
    }
    pattern_.accepting_ = frontier_;
    return std::move(pattern_);
  }

 private:
  using States = Pattern::States;

  Problem problem(std::string what, std::string hint) const {
    return {std::string(text_), std::move(what), std::move(hint)};
  }

  std::optional<Problem> check_text() const {
    if (text_.size() > Pattern::kMaxLength) {
      return Problem{"", fmt::format("a pattern of {} characters", text_.size()),
                     fmt::format("at most {}", Pattern::kMaxLength)};
    }
    for (const char c : text_) {
      if (c < ' ' || c > '~') return Problem{"", "a pattern with unprintable characters", "printable ASCII"};
    }
    if (!text_.starts_with('/')) return problem("a pattern that does not begin with `/`", "/mix/*/mute");
    return {};
  }

  void add_start() {
    pattern_.follow_.emplace_back();
    add_state(frontier_, 0);
  }

  /// A new state that reads one of `characters`, after each state of the frontier.
  size_t add_after_frontier(const Characters& characters) {
    const size_t state = pattern_.follow_.size();
    pattern_.follow_.emplace_back();
    for (size_t c = 0; c < kCharacterCount; ++c) {
      if (characters[c]) add_state(pattern_.reads_[c], state);
    }
    for_each_state(frontier_, [&](size_t before) { add_state(pattern_.follow_[before], state); });
    return state;
  }

  void one(const Characters& characters) {
    const size_t state = add_after_frontier(characters);
    frontier_ = {};
    add_state(frontier_, state);
  }

  void any_number(const Characters& characters) {
    const size_t state = add_after_frontier(characters);
    add_state(pattern_.follow_[state], state);
    add_state(frontier_, state);
  }

  std::optional<Problem> element() {
    const char c = rest_.front();
    if (rest_.starts_with("//")) return descend();
    rest_.remove_prefix(1);
    switch (c) {
      case '?':
        one(any_in_part());
        return {};
      case '*':
        if (++stars_ > Pattern::kMaxStars) return too_many_stars();
        rest_.remove_prefix(std::min(rest_.find_first_not_of('*'), rest_.size()));
        any_number(any_in_part());
        return {};
      case '[':
        return character_class();
      case '{':
        return alternatives();
      case ']':
      case '}':
        return problem(fmt::format("`{}` without its opening bracket", c), "[a-z] or {one,two}");
      default:
        one(single(c));
        return {};
    }
  }

  Problem too_many_stars() const {
    return problem(fmt::format("more than {} of `*` and `//`", Pattern::kMaxStars), "a narrower pattern");
  }

  /// `/`, or `/` and anything and `/`.
  std::optional<Problem> descend() {
    rest_.remove_prefix(2);
    if (++stars_ > Pattern::kMaxStars) return too_many_stars();
    if (rest_.empty() || rest_.front() == '/') return problem("`//` with no name after it", "//gain");
    one(single('/'));
    const States direct = frontier_;
    any_number(Characters{}.set());
    one(single('/'));
    add_states(frontier_, direct);
    return {};
  }

  std::optional<Problem> character_class() {
    const size_t end = rest_.find(']', rest_.starts_with("!") ? 2 : 1);
    if (end == rest_.npos) return problem("`[` without its `]`", "[a-z], [!0-9]");
    std::string_view inside = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    const bool negated = inside.starts_with('!');
    if (negated) inside.remove_prefix(1);
    if (inside.find('/') != inside.npos) return problem("`/` inside `[]`", "characters of one part");
    Characters characters;
    if (!add_ranges(inside, characters)) return problem("a range that runs backwards", "[a-z], not [z-a]");
    one((negated ? ~characters : characters) & any_in_part());
    return {};
  }

  /// False when a range runs backwards. A `-` at either end stands for itself.
  static bool add_ranges(std::string_view inside, Characters& characters) {
    for (size_t i = 0; i < inside.size(); ++i) {
      const auto first = static_cast<unsigned char>(inside[i]);
      const bool range = i + 2 < inside.size() && inside[i + 1] == '-';
      if (range) i += 2;
      const auto last = static_cast<unsigned char>(inside[i]);
      if (last < first) return false;
      for (size_t c = first; c <= last; ++c) characters.set(c);
    }
    return true;
  }

  std::optional<Problem> alternatives() {
    const size_t end = rest_.find('}');
    if (end == rest_.npos) return problem("`{` without its `}`", "{one,two}");
    const std::string_view inside = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (inside.find_first_of("/*?[]{") != inside.npos) {
      return problem("a wildcard or `/` inside `{}`", "plain names: {one,two}");
    }
    const States before = frontier_;
    States after{};
    for (const char c : inside) {
      if (c == ',') {
        add_states(after, frontier_);
        frontier_ = before;
      } else {
        one(single(c));
      }
    }
    add_states(frontier_, after);
    return {};
  }

  std::string_view rest_;
  std::string_view text_;
  States frontier_{};
  int stars_ = 0;
  Pattern pattern_;
};

bool is_pattern(std::string_view address) {
  return address.find_first_of("?*[]{}") != address.npos || address.find("//") != address.npos;
}

Result<Pattern> Pattern::parse(std::string_view text) {
  auto pattern = PatternParser(text).parse();
  if (pattern) pattern->text_ = text;
  return pattern;
}

bool Pattern::step(const States& from, char c, States& to) const {
  const auto index = static_cast<unsigned char>(c);
  if (index >= kCharacters) return false;
  to = {};
  for_each_state(from, [&](size_t state) { add_states(to, follow_[state]); });
  uint64_t any = 0;
  for (size_t word = 0; word < kWords; ++word) any |= to[word] &= reads_[index][word];
  return any != 0;
}

bool Pattern::accepts(const States& states) const {
  uint64_t accepted = 0;
  for (size_t word = 0; word < kWords; ++word) accepted |= states[word] & accepting_[word];
  return accepted != 0;
}

bool Pattern::matches(std::string_view address) const {
  States active{1};
  for (const char c : address) {
    States next;
    if (!step(active, c, next)) return false;
    active = next;
  }
  return accepts(active);
}

std::vector<uint32_t> Pattern::matching(const std::vector<SortedAddress>& addresses) const {
  std::vector<uint32_t> found;
  std::vector<States> after{States{1}};  // so many characters of the address before
  size_t read = 0;                       // characters of it, until nothing could match any more
  for (const SortedAddress& sorted : addresses) {
    if (sorted.shared > read) continue;
    after.resize(std::max(after.size(), sorted.address.size() + 1));
    read = sorted.shared;
    while (read < sorted.address.size() && step(after[read], sorted.address[read], after[read + 1])) ++read;
    if (read == sorted.address.size() && accepts(after[read])) found.push_back(sorted.number);
  }
  return found;
}

}  // namespace mixgraph

#include "graph/facts.h"

#include <algorithm>
#include <cstdint>

#include "graph/graph.h"
#include "graph/links.h"

namespace mixgraph {
namespace {

constexpr size_t kLongestLabel = 200;  // bytes

bool is_type(std::string_view value) { return is_path(value) && value.find('/') == value.npos; }

/// The length of the UTF-8 character at the front; 0 if it is malformed or a control character.
size_t printable_at(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? uint32_t(uint8_t(text[i])) : 0; };
  if (byte(0) < 0x80) return byte(0) >= 0x20 && byte(0) != 0x7F;
  const size_t length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4) return 0;
  uint32_t code = byte(0) & (0x7Fu >> length);
  for (size_t i = 1; i < length; i++) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3F);
  }
  constexpr uint32_t kLeast[] = {0xA0, 0x800, 0x10000};  // below the first stand control characters
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < kLeast[length - 2] || is_surrogate || code > 0x10FFFF ? 0 : length;
}

bool is_label(std::string_view value) {
  if (value.size() > kLongestLabel) return false;
  while (!value.empty()) {
    const size_t length = printable_at(value);
    if (length == 0) return false;
    value.remove_prefix(length);
  }
  return true;
}

bool is_color(std::string_view value) {
  constexpr std::string_view kNames[] = {"red", "orange", "yellow", "green", "cyan", "blue", "magenta", "white", "gray", "black"};
  if (std::find(std::begin(kNames), std::end(kNames), value) != std::end(kNames)) return true;
  return value.size() == 7 && value[0] == '#' && value.find_first_not_of("0123456789abcdefABCDEF", 1) == value.npos;
}

bool is_group_list(std::string_view value) {
  const auto groups = groups_in(value);
  for (size_t i = 0; i < groups.size(); i++)
    if (!is_path(groups[i]) || std::find(groups.begin(), groups.begin() + std::ptrdiff_t(i), groups[i]) != groups.begin() + std::ptrdiff_t(i)) return false;
  return groups.size() <= kMostGroups && value.back() != ' ';
}

bool is_link(std::string_view value) { return link_in(value).has_value(); }

constexpr FactKey kKeys[] = {
    {kTypeFact, "the name of a composite type", is_type},
    {"label", "UTF-8 without control characters, at most 200 bytes", is_label},
    {"color", "#rrggbb, or one of red, orange, yellow, green, cyan, blue, magenta, white, gray, black", is_color},
    {kGroupsFact, "paths of groups, each once, with a space between them, at most 8", is_group_list},
    {kLinkFact, "the path that it follows, then ROW=OFFSET for each row that differs, with a space between them", is_link},
};

}  // namespace

std::vector<std::string_view> groups_in(std::string_view fact) {
  std::vector<std::string_view> groups;
  while (!fact.empty()) {
    const size_t end = std::min(fact.find(' '), fact.size());
    groups.push_back(fact.substr(0, end));
    fact.remove_prefix(std::min(end + 1, fact.size()));
  }
  return groups;
}

std::span<const FactKey> fact_keys() { return kKeys; }

const FactKey* find_fact_key(std::string_view id) {
  for (const FactKey& key : kKeys)
    if (key.id == id) return &key;
  return nullptr;
}

}  // namespace mixgraph

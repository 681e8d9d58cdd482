#include "config/emit.h"

#include <algorithm>
#include <cctype>

namespace mixgraph {
namespace {

constexpr size_t kWidth = 110;

/// Whether YAML reads a text without quotes as just this text, also between brackets.
bool is_plain(const std::string& text) {
  auto is_word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '/'; };
  auto is_inner = [&](unsigned char c) {
    return is_word(c) || std::string_view(" .+-:").find(char(c)) != std::string_view::npos;
  };
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_inner)) return false;
  bool starts = is_word(text[0]) ||
                (text.size() > 1 && std::string_view(".+-").find(text[0]) != std::string_view::npos &&
                 (is_word(text[1]) || (text[1] == '.' && text.size() > 2 && is_word(text[2]))));
  if (!starts || text.back() == ' ' || text.back() == ':' || text.find(": ") != std::string::npos)
    return false;
  return text != "null" && text != "Null" && text != "NULL";
}

std::string quote(const std::string& text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      quoted += {'\\', c};
    else if (c == '\n')
      quoted += "\\n";
    else if (byte < 0x20 || byte == 0x7f)
      quoted += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    else
      quoted += c;
  }
  return quoted + '"';
}

std::string word(const std::string& text, bool quoted = false) {
  return !quoted && is_plain(text) ? text : quote(text);
}

std::string flow(const Yaml& yaml) {
  if (yaml.is_scalar()) return word(yaml.text, yaml.quoted);
  std::string inner;
  for (const Yaml& item : yaml.items) inner += (inner.empty() ? "" : ", ") + flow(item);
  for (const Yaml::Entry& entry : yaml.entries)
    inner += (inner.empty() ? "" : ", ") + word(entry.key) + ": " + flow(entry.value);
  return yaml.is_sequence() ? "[" + inner + "]" : "{" + inner + "}";
}

bool holds_mappings(const Yaml& yaml) {
  return std::any_of(yaml.entries.begin(), yaml.entries.end(),
                     [](const Yaml::Entry& e) { return e.value.is_mapping(); });
}

void block(const Yaml& mapping, size_t indent, std::string& text) {
  for (const Yaml::Entry& entry : mapping.entries) {
    std::string start = std::string(indent, ' ') + word(entry.key) + ":";
    std::string line = flow(entry.value);
    bool spread = (indent == 0 && holds_mappings(entry.value)) || start.size() + 1 + line.size() > kWidth;
    if (!spread || entry.value.is_scalar()) {
      text += start + " " + line + "\n";
      continue;
    }
    text += start + "\n";
    block(entry.value, indent + 2, text);
    for (const Yaml& item : entry.value.items)
      text += std::string(indent + 2, ' ') + "- " + flow(item) + "\n";
  }
}

}  // namespace

std::string emit(const Yaml& mapping) {
  std::string text;
  block(mapping, 0, text);
  return text;
}

}  // namespace mixgraph

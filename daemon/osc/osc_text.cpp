#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "daemon/osc/osc.h"

namespace mixgraph::osc {
namespace {

constexpr int64_t kSecond = 1'000'000'000;          // in nanoseconds
constexpr int64_t kFrom1900To1970 = 2'208'988'800;  // in seconds
constexpr int64_t kEra = int64_t{1} << 32;          // in seconds
constexpr size_t kBlobShown = 16;                   // bytes

/// The length of the UTF-8 character at the front of `text`; 0 when it is malformed or a control character.
size_t printable_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return byte(0) >= 0x20 && byte(0) != 0x7f ? 1 : 0;
  const size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < length) return 0;
  uint32_t code = byte(0) & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0xa0, 0x800, 0x10000};  // 0x80 to 0x9f are control characters
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return code >= kSmallest[length] && code <= 0x10ffff && !surrogate ? length : 0;
}

std::string escaped_byte(char c) {
  switch (c) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    default:
      return fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
}

std::string blob_text(const Blob& blob) {
  std::string text = fmt::format(" blob[{}]", blob.bytes.size());
  const size_t shown = std::min(blob.bytes.size(), kBlobShown);
  if (shown > 0) text += ':';
  for (size_t i = 0; i < shown; ++i) text += fmt::format("{:02x}", blob.bytes[i]);
  return shown < blob.bytes.size() ? text + "..." : text;
}

/// A space and the value; nothing for the types that are all in their tag.
struct ValueText {
  std::string operator()(int32_t value) const { return fmt::format(" {}", value); }
  std::string operator()(int64_t value) const { return fmt::format(" {}", value); }
  std::string operator()(float value) const { return fmt::format(" {}", value); }
  std::string operator()(double value) const { return fmt::format(" {}", value); }
  std::string operator()(const std::string& value) const { return " \"" + escape(value) + '"'; }
  std::string operator()(const Symbol& value) const { return (*this)(value.text); }
  std::string operator()(char value) const { return " '" + escape({&value, 1}) + '\''; }
  std::string operator()(const Blob& value) const { return blob_text(value); }
  std::string operator()(TimeTag value) const {
    return value.immediate() ? " immediately" : fmt::format(" {:#018x}", value.ntp);
  }
  std::string operator()(Midi value) const {
    const auto& b = value.bytes;
    return fmt::format(" midi[{:02x} {:02x} {:02x} {:02x}]", b[0], b[1], b[2], b[3]);
  }
  std::string operator()(bool) const { return {}; }
  std::string operator()(Nil) const { return {}; }
  std::string operator()(Impulse) const { return {}; }
};

struct Tag {
  char operator()(int32_t) const { return 'i'; }
  char operator()(float) const { return 'f'; }
  char operator()(const std::string&) const { return 's'; }
  char operator()(const Blob&) const { return 'b'; }
  char operator()(int64_t) const { return 'h'; }
  char operator()(double) const { return 'd'; }
  char operator()(bool value) const { return value ? 'T' : 'F'; }
  char operator()(Nil) const { return 'N'; }
  char operator()(Impulse) const { return 'I'; }
  char operator()(TimeTag) const { return 't'; }
  char operator()(char) const { return 'c'; }
  char operator()(const Symbol&) const { return 'S'; }
  char operator()(Midi) const { return 'm'; }
};

}  // namespace

int64_t TimeTag::system_ns() const {
  const auto written = static_cast<int64_t>(ntp >> 32);
  const int64_t seconds = written < kEra / 2 ? written + kEra : written;
  const uint64_t fraction = ((ntp & 0xffffffff) * kSecond + kEra / 2) >> 32;
  return (seconds - kFrom1900To1970) * kSecond + static_cast<int64_t>(fraction);
}

TimeTag TimeTag::at(int64_t system_ns) {
  int64_t seconds = system_ns / kSecond;
  int64_t rest = system_ns % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --seconds;
  }
  const uint64_t fraction = ((static_cast<uint64_t>(rest) << 32) + kSecond / 2) / kSecond;
  return {(static_cast<uint64_t>(seconds + kFrom1900To1970) << 32) + fraction};
}

std::optional<double> number(const Argument& argument) {
  return std::visit(
      [](const auto& value) -> std::optional<double> {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, char>) return static_cast<double>(value);
        return {};
      },
      argument);
}

std::string type_tags(const Message& message) {
  std::string tags = ",";
  for (const auto& argument : message.arguments) tags += std::visit(Tag{}, argument);
  return tags;
}

std::string describe(const Message& message) {
  std::string text = escape(message.address) + ' ' + type_tags(message);
  for (const auto& argument : message.arguments) text += std::visit(ValueText{}, argument);
  return text;
}

std::string escape(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const bool quoted = text.front() == '"' || text.front() == '\\';
    const size_t length = quoted ? 0 : printable_length(text);
    safe += length > 0 ? std::string(text.substr(0, length)) : escaped_byte(text.front());
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return safe;
}

}  // namespace mixgraph::osc

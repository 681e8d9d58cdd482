#include "daemon/osc/osc_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "daemon/osc/osc.h"

namespace mixgraph::osc {
namespace {

constexpr const char* kAcceptedTags = "accepted are i f s b h d t T F N I c S m";

struct PaddedString {
  std::string_view text;
  size_t size;  // with terminator and padding
};

size_t padded(size_t size) {
  return (size + 3) / 4 * 4;
}

bool all_zero(std::span<const uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

/// The OSC string at the front; empty when it is not terminated, or padded with anything but NULs.
std::optional<PaddedString> padded_string(std::span<const uint8_t> bytes) {
  const void* const end = bytes.empty() ? nullptr : std::memchr(bytes.data(), 0, bytes.size());
  if (!end) return {};
  const auto length = size_t(static_cast<const uint8_t*>(end) - bytes.data());
  const size_t size = padded(length + 1);
  if (size > bytes.size() || !all_zero(bytes.subspan(length, size - length))) return {};
  return PaddedString{{reinterpret_cast<const char*>(bytes.data()), length}, size};
}

/// The bytes that a blob takes, or what is wrong with it.
Result<size_t> blob_size(std::span<const uint8_t> rest) {
  if (rest.size() < 4) return Problem{"", "the packet ends before the size of the blob", ""};
  const size_t length = read_u32(rest);
  if (length > rest.size() - 4) {
    return Problem{"", fmt::format("a blob of {} bytes where {} are left", length, rest.size() - 4), ""};
  }
  const size_t size = 4 + padded(length);
  if (size > rest.size() || !all_zero(rest.subspan(4 + length, size - 4 - length))) {
    return Problem{"", "the blob is not padded with NULs to a multiple of 4 bytes", ""};
  }
  return size;
}

Result<size_t> fixed_size(std::span<const uint8_t> rest, size_t size) {
  if (rest.size() >= size) return size;
  return Problem{"", fmt::format("{} bytes where {} are needed", rest.size(), size), ""};
}

/// The bytes that the argument at the front of `rest` takes, or what is wrong with it.
Result<size_t> argument_size(char tag, std::span<const uint8_t> rest) {
  switch (tag) {
    case 'T':
    case 'F':
    case 'N':
    case 'I':
      return size_t{0};
    case 'c':
      if (rest.size() >= 4 && read_u32(rest) > 127) return Problem{"", "the character is not ASCII", ""};
      return fixed_size(rest, 4);
    case 'i':
    case 'f':
    case 'm':
      return fixed_size(rest, 4);
    case 'h':
    case 'd':
    case 't':
      return fixed_size(rest, 8);
    case 's':
    case 'S':
      if (const auto string = padded_string(rest)) return string->size;
      return Problem{"", "the string is not ended and padded with NULs", ""};
    case 'b':
      return blob_size(rest);
    default:
      return Problem{"", "unknown type", kAcceptedTags};
  }
}

std::optional<Problem> check_arguments(std::string_view tags, std::span<const uint8_t> rest) {
  if (tags.size() > kMaxArguments) {
    return Problem{"", fmt::format("{} arguments", tags.size()), fmt::format("at most {}", kMaxArguments)};
  }
  for (size_t i = 0; i < tags.size(); ++i) {
    const auto size = argument_size(tags[i], rest);
    if (!size) {
      Problem problem = size.problems().front();
      const std::string tag = escape(tags.substr(i, 1));
      problem.what = fmt::format("argument {} of type `{}`: {}", i + 1, tag, problem.what);
      return problem;
    }
    rest = rest.subspan(*size);
  }
  if (rest.empty()) return {};
  return Problem{"", fmt::format("{} bytes are left over after the arguments", rest.size()), ""};
}

std::optional<Problem> check_address(std::string_view address) {
  if (address.empty() || address.front() != '/') {
    return Problem{"", "the address does not begin with `/`", "an address such as /mix/vox/fader"};
  }
  bool printable = true;
  for (const char c : address) printable &= c >= ' ' && c <= '~';
  if (!printable) {
    return Problem{escape(address), "the address has characters that cannot be printed", "printable ASCII"};
  }
  if (address.size() > kMaxAddress) {
    return Problem{"", fmt::format("an address of {} characters", address.size()),
                   fmt::format("at most {}", kMaxAddress)};
  }
  return {};
}

}  // namespace

uint32_t read_u32(std::span<const uint8_t> bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | uint32_t{bytes[3]};
}

Result<MessageLayout> check_message(std::span<const uint8_t> bytes) {
  const auto address = padded_string(bytes);
  if (!address) return Problem{"", "the address is not ended and padded with NULs", ""};
  if (const auto problem = check_address(address->text)) return *problem;
  const auto rest = bytes.subspan(address->size);
  if (rest.empty()) return MessageLayout{address->text, {}};

  const auto where = [&] { return std::string(address->text); };
  if (rest.front() != ',') {
    return Problem{where(), "arguments without a type tag string", "a type tag string such as ,f"};
  }
  const auto tags = padded_string(rest);
  if (!tags) return Problem{where(), "the type tag string is not ended and padded with NULs", ""};
  const auto names = tags->text.substr(1);
  if (auto problem = check_arguments(names, rest.subspan(tags->size))) {
    problem->where = where();
    return *problem;
  }
  return MessageLayout{address->text, names};
}

}  // namespace mixgraph::osc

#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/problem.h"

/// Open Sound Control 1.0 with the argument types of 1.1: the messages as values, and their bytes. No socket,
/// no clock. Everything here is [any], except that it allocates and so is never called on the audio thread.
namespace mixgraph::osc {

inline constexpr size_t kMaxPacket = 65507;  ///< bytes: the largest UDP payload over IPv4
inline constexpr size_t kMaxAddress = 256;   ///< characters, printable ASCII
inline constexpr size_t kMaxArguments = 64;  ///< in one message
inline constexpr size_t kMaxElements = 256;  ///< in one bundle, not counting those of bundles inside it
inline constexpr int kMaxDepth = 8;          ///< bundles inside bundles; an outermost bundle has depth 1

/// A time as OSC and NTP write it: seconds since 1900 in the upper 32 bits, their fraction in the lower.
struct TimeTag {
  uint64_t ntp = 1;

  /// True for 1, which OSC defines as "immediately", and for 0, which some senders use for it.
  bool immediate() const { return ntp <= 1; }
  /// Nanoseconds since 1970 (the system clock's count), exact to the nanosecond for 1968 to 2104; seconds
  /// below 2^31 belong to the era that begins in 2036 (RFC 4330, section 3). Without meaning when
  /// immediate().
  int64_t system_ns() const;
  static TimeTag at(int64_t system_ns);
  bool operator==(const TimeTag&) const = default;
};

struct Nil {  ///< `N`
  bool operator==(const Nil&) const = default;
};
struct Impulse {  ///< `I`; called infinitum in OSC 1.0
  bool operator==(const Impulse&) const = default;
};
struct Blob {  ///< `b`
  std::vector<uint8_t> bytes;
  bool operator==(const Blob&) const = default;
};
struct Symbol {  ///< `S`
  std::string text;
  bool operator==(const Symbol&) const = default;
};
struct Midi {  ///< `m`: port, status, data 1, data 2
  std::array<uint8_t, 4> bytes{};
  bool operator==(const Midi&) const = default;
};

/// `i f s b h d`, `T` and `F` as bool, `N I t`, and `c` (ASCII) `S m`.
using Argument = std::variant<int32_t, float, std::string, Blob, int64_t, double, bool, Nil, Impulse, TimeTag,
                              char, Symbol, Midi>;

struct Message {
  std::string address;
  std::vector<Argument> arguments;
  bool operator==(const Message&) const = default;
};

struct Bundle;
using Packet = std::variant<Message, Bundle>;

/// Messages that belong together, at one time.
struct Bundle {
  TimeTag time;
  std::vector<Packet> elements;
  friend bool operator==(const Bundle& a, const Bundle& b);
};

/// The packet in these bytes, or one problem: `where` is the address of the message at fault when that can be
/// read (empty otherwise). Refuses everything that is not exactly OSC or exceeds the limits above; only a
/// message without a type tag string, which old senders use, is taken as one without arguments.
Result<Packet> decode(std::span<const uint8_t> bytes);

/// The bytes of a message or bundle. The caller keeps to the limits above; a string ends at its first NUL.
std::vector<uint8_t> encode(const Message& message);
std::vector<uint8_t> encode(const Bundle& bundle);
std::vector<uint8_t> encode(const Packet& packet);

/// The value of any of `i f h d T F` (true is 1); empty for the other types. May be non-finite.
std::optional<double> number(const Argument& argument);

/// The type tags of a message with the comma: ",fs".
std::string type_tags(const Message& message);

/// One line for logs and tools: `/a/b ,fs 1 "x"`. Control characters and bytes that are not UTF-8 are
/// escaped.
std::string describe(const Message& message);

/// Network text made safe to print: control characters, quotes, backslashes and bytes that are not UTF-8 as
/// escapes.
std::string escape(std::string_view text);

}  // namespace mixgraph::osc

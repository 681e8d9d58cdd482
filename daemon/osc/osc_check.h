#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "graph/problem.h"

/// The validator in front of liblo's decoder, which reads past the end of some malformed messages
/// (lo_validate_blob in 0.31). [any]
namespace mixgraph::osc {

/// Where things are in the bytes of a message that has been found well formed; views into those bytes.
struct MessageLayout {
  std::string_view address;
  std::optional<std::string_view> tags;  ///< without the comma; empty when there is no type tag string
};

/// Checks one message: size, address, type tags, and every argument against the bytes that are left.
Result<MessageLayout> check_message(std::span<const uint8_t> bytes);

/// The big-endian 32-bit number at the front of at least four bytes.
uint32_t read_u32(std::span<const uint8_t> bytes);

}  // namespace mixgraph::osc

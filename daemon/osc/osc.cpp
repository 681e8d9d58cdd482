#include "daemon/osc/osc.h"

#include <fmt/format.h>
#include <lo/lo.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

#include "daemon/osc/osc_check.h"

namespace mixgraph::osc {
namespace {

constexpr std::string_view kBundleMark{"#bundle\0", 8};
constexpr size_t kBundleHead = 16;  // the mark and the time tag

struct FreeMessage {
  void operator()(lo_message message) const { lo_message_free(message); }
};
using LoMessage = std::unique_ptr<void, FreeMessage>;

/// liblo's arguments lie at multiples of 4 bytes, so a lo_arg* may not point where a lo_arg could lie.
template <class T>
T load(const void* argument) {
  T value;
  std::memcpy(&value, argument, sizeof value);
  return value;
}

Blob load_blob(void* argument) {
  const auto* bytes = static_cast<const uint8_t*>(lo_blob_dataptr(argument));
  return {{bytes, bytes + lo_blob_datasize(argument)}};
}

TimeTag load_time(const void* argument) {
  const auto time = load<lo_timetag>(argument);
  return {uint64_t{time.sec} << 32 | time.frac};
}

/// The types are those that check_message lets through.
Argument to_argument(char tag, void* argument) {
  switch (tag) {
    case 'i':
      return load<int32_t>(argument);
    case 'f':
      return load<float>(argument);
    case 's':
      return std::string(static_cast<const char*>(argument));
    case 'b':
      return load_blob(argument);
    case 'h':
      return load<int64_t>(argument);
    case 'd':
      return load<double>(argument);
    case 'T':
      return true;
    case 'F':
      return false;
    case 'I':
      return Impulse{};
    case 't':
      return load_time(argument);
    case 'c':
      return static_cast<char>(load<int32_t>(argument));
    case 'S':
      return Symbol{static_cast<const char*>(argument)};
    case 'm':
      return Midi{load<std::array<uint8_t, 4>>(argument)};
    default:
      return Nil{};
  }
}

uint64_t read_u64(std::span<const uint8_t> bytes) {
  return uint64_t{read_u32(bytes)} << 32 | read_u32(bytes.subspan(4));
}

/// The types that sets of parameters have. liblo takes several allocations for each message, and some clients
/// send hundreds of thousands a second.
bool is_plain(std::string_view tags) {
  return tags.find_first_not_of("ifshdTF") == tags.npos;
}

/// Arguments of plain types; their bytes were checked.
void read_plain(std::string_view tags, std::span<const uint8_t> rest, std::vector<Argument>& to) {
  const auto take = [&rest](size_t size) {
    const auto taken = rest.first(size);
    rest = rest.subspan(size);
    return taken;
  };
  to.reserve(tags.size());
  for (const char tag : tags) {
    if (tag == 'i') to.emplace_back(std::bit_cast<int32_t>(read_u32(take(4))));
    if (tag == 'f') to.emplace_back(std::bit_cast<float>(read_u32(take(4))));
    if (tag == 'h') to.emplace_back(std::bit_cast<int64_t>(read_u64(take(8))));
    if (tag == 'd') to.emplace_back(std::bit_cast<double>(read_u64(take(8))));
    if (tag == 'T' || tag == 'F') to.emplace_back(tag == 'T');
    if (tag != 's') continue;
    const std::string_view text(reinterpret_cast<const char*>(rest.data()));
    to.emplace_back(std::string(text));
    take((text.size() + 4) / 4 * 4);
  }
}

/// Where the arguments of a message begin: after its address and its tags, each ended and padded with NULs.
size_t arguments_at(const MessageLayout& layout) {
  return (layout.address.size() + 4) / 4 * 4 + (1 + layout.tags->size() + 4) / 4 * 4;
}

Result<Message> decode_message(std::span<const uint8_t> bytes) {
  const auto layout = check_message(bytes);
  if (!layout) return layout.problems();
  Message message{std::string(layout->address), {}};
  if (!layout->tags) return message;  // liblo refuses a message without type tags
  if (is_plain(*layout->tags)) {
    read_plain(*layout->tags, bytes.subspan(arguments_at(*layout)), message.arguments);
    return message;
  }

  // liblo copies the bytes before it works on them.
  int error = 0;
  const LoMessage decoded(lo_message_deserialise(const_cast<uint8_t*>(bytes.data()), bytes.size(), &error));
  if (!decoded) return Problem{message.address, fmt::format("not an OSC message (liblo {})", error), ""};
  lo_arg** arguments = lo_message_get_argv(decoded.get());
  for (size_t i = 0; i < layout->tags->size(); ++i) {
    message.arguments.push_back(to_argument((*layout->tags)[i], arguments[i]));
  }
  return message;
}

bool is_bundle(std::span<const uint8_t> bytes) {
  return bytes.size() >= kBundleMark.size() &&
         std::memcmp(bytes.data(), kBundleMark.data(), kBundleMark.size()) == 0;
}

std::optional<Problem> check_element_size(std::span<const uint8_t> rest) {
  const size_t size = rest.size() < 4 ? 0 : read_u32(rest);
  if (size > 0 && size % 4 == 0 && size <= rest.size() - 4) return {};
  return Problem{"", fmt::format("a bundle element of {} bytes where {} are left", size, rest.size()),
                 "a multiple of 4 bytes that lies within the bundle"};
}

Result<Packet> decode_element(std::span<const uint8_t> bytes, int depth);

Result<Packet> decode_bundle(std::span<const uint8_t> bytes, int depth) {
  if (depth > kMaxDepth) {
    return Problem{"", "bundles nested too deep", fmt::format("at most {} levels", kMaxDepth)};
  }
  if (bytes.size() < kBundleHead) return Problem{"", "a bundle that ends before its time tag", ""};
  Bundle bundle;
  bundle.time.ntp = uint64_t{read_u32(bytes.subspan(8))} << 32 | read_u32(bytes.subspan(12));
  for (auto rest = bytes.subspan(kBundleHead); !rest.empty();) {
    if (bundle.elements.size() == kMaxElements) {
      return Problem{"", "too many elements in a bundle", fmt::format("at most {}", kMaxElements)};
    }
    if (const auto problem = check_element_size(rest)) return *problem;
    const size_t size = read_u32(rest);
    auto element = decode_element(rest.subspan(4, size), depth);
    if (!element) return element;
    bundle.elements.push_back(std::move(*element));
    rest = rest.subspan(4 + size);
  }
  return Packet{std::move(bundle)};
}

/// A message, or a bundle inside `depth` others.
Result<Packet> decode_element(std::span<const uint8_t> bytes, int depth) {
  if (is_bundle(bytes)) return decode_bundle(bytes, depth + 1);
  auto message = decode_message(bytes);
  if (!message) return message.problems();
  return Packet{std::move(*message)};
}

void add_blob(lo_message to, const Blob& blob) {
  // lo_blob_new of 0.31 makes no empty blob; a blob argument can stand for one.
  lo_arg empty{};
  const auto size = static_cast<int32_t>(blob.bytes.size());
  lo_blob made = size > 0 ? lo_blob_new(size, blob.bytes.data()) : nullptr;
  lo_message_add_blob(to, made ? made : &empty);
  if (made) lo_blob_free(made);
}

/// One overload for each type of argument.
struct AddTo {
  lo_message to;
  void operator()(int32_t value) const { lo_message_add_int32(to, value); }
  void operator()(float value) const { lo_message_add_float(to, value); }
  void operator()(const std::string& value) const { lo_message_add_string(to, value.c_str()); }
  void operator()(const Blob& value) const { add_blob(to, value); }
  void operator()(int64_t value) const { lo_message_add_int64(to, value); }
  void operator()(double value) const { lo_message_add_double(to, value); }
  void operator()(bool value) const { value ? lo_message_add_true(to) : lo_message_add_false(to); }
  void operator()(Nil) const { lo_message_add_nil(to); }
  void operator()(Impulse) const { lo_message_add_infinitum(to); }
  void operator()(TimeTag value) const {
    const lo_timetag time{static_cast<uint32_t>(value.ntp >> 32), static_cast<uint32_t>(value.ntp)};
    lo_message_add_timetag(to, time);
  }
  void operator()(char value) const { lo_message_add_char(to, value); }
  void operator()(const Symbol& value) const { lo_message_add_symbol(to, value.text.c_str()); }
  void operator()(Midi value) const { lo_message_add_midi(to, value.bytes.data()); }
};

void append_u32(std::vector<uint8_t>& bytes, uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<uint8_t>(value >> shift));
}

}  // namespace

bool operator==(const Bundle& a, const Bundle& b) {
  return a.time == b.time && a.elements == b.elements;
}

Result<Packet> decode(std::span<const uint8_t> bytes) {
  if (bytes.empty() || bytes.size() % 4 != 0 || bytes.size() > kMaxPacket) {
    return Problem{"", fmt::format("a packet of {} bytes", bytes.size()),
                   fmt::format("a multiple of 4, at most {}", kMaxPacket)};
  }
  if (bytes.front() == '#' && !is_bundle(bytes)) {
    return Problem{"", "neither a message nor a bundle", "an address that begins with `/`, or #bundle"};
  }
  return decode_element(bytes, 0);
}

std::vector<uint8_t> encode(const Message& message) {
  const LoMessage made(lo_message_new());
  for (const auto& argument : message.arguments) std::visit(AddTo{made.get()}, argument);
  size_t size = lo_message_length(made.get(), message.address.c_str());
  std::vector<uint8_t> bytes(size);
  lo_message_serialise(made.get(), message.address.c_str(), bytes.data(), &size);
  return bytes;
}

std::vector<uint8_t> encode(const Bundle& bundle) {
  std::vector<uint8_t> bytes(kBundleMark.begin(), kBundleMark.end());
  append_u32(bytes, static_cast<uint32_t>(bundle.time.ntp >> 32));
  append_u32(bytes, static_cast<uint32_t>(bundle.time.ntp));
  for (const auto& element : bundle.elements) {
    const auto inner = encode(element);
    append_u32(bytes, static_cast<uint32_t>(inner.size()));
    bytes.insert(bytes.end(), inner.begin(), inner.end());
  }
  return bytes;
}

std::vector<uint8_t> encode(const Packet& packet) {
  return std::visit([](const auto& either) { return encode(either); }, packet);
}

}  // namespace mixgraph::osc

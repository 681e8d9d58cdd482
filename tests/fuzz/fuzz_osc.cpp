// OSC bytes from the network, with liblo as a second opinion: what is accepted, liblo decodes to the same
// values; what liblo encodes is accepted, with the values that went in.
#include <fuzzer/FuzzedDataProvider.h>
#include <lo/lo.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "daemon/osc/osc.h"
#include "tests/fuzz/fuzz.h"

using namespace mixgraph;
using fuzz::require;

namespace {

struct Free {
  void operator()(lo_message message) const { lo_message_free(message); }
};
using LoMessage = std::unique_ptr<void, Free>;

template <class T>
T load(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// Floats are compared by their bits, so that NaN equals itself.
struct SameAs {
  const lo_arg* lo;
  bool operator()(int32_t x) const { return load<int32_t>(lo) == x; }
  bool operator()(float x) const { return load<uint32_t>(lo) == std::bit_cast<uint32_t>(x); }
  bool operator()(const std::string& x) const { return x == reinterpret_cast<const char*>(lo); }
  bool operator()(const osc::Blob& x) const {
    const auto* bytes = reinterpret_cast<const uint8_t*>(lo) + 4;
    return load<int32_t>(lo) == int32_t(x.bytes.size()) && std::equal(x.bytes.begin(), x.bytes.end(), bytes);
  }
  bool operator()(int64_t x) const { return load<int64_t>(lo) == x; }
  bool operator()(double x) const { return load<uint64_t>(lo) == std::bit_cast<uint64_t>(x); }
  bool operator()(bool) const { return true; }  // the tag says it
  bool operator()(osc::Nil) const { return true; }
  bool operator()(osc::Impulse) const { return true; }
  bool operator()(osc::TimeTag x) const {
    const auto time = load<lo_timetag>(lo);
    return time.sec == uint32_t(x.ntp >> 32) && time.frac == uint32_t(x.ntp);
  }
  bool operator()(char x) const { return load<int32_t>(lo) == x; }
  bool operator()(const osc::Symbol& x) const { return x.text == reinterpret_cast<const char*>(lo); }
  bool operator()(osc::Midi x) const { return load<std::array<uint8_t, 4>>(lo) == x.bytes; }
};

void require_same(const osc::Message& message, lo_message lo) {
  require(osc::type_tags(message) == std::string(",") + lo_message_get_types(lo),
          "liblo sees the same types");
  require(size_t(lo_message_get_argc(lo)) == message.arguments.size(), "liblo sees as many arguments");
  lo_arg** arguments = lo_message_get_argv(lo);
  for (size_t i = 0; i < message.arguments.size(); i++)
    require(std::visit(SameAs{arguments[i]}, message.arguments[i]), "liblo sees the same value");
}

/// liblo is given a copy that ends where it ends, so that reading beyond is seen.
void compare(const osc::Message& message, std::span<const uint8_t> bytes) {
  const auto layout_has_tags = bytes.size() > (message.address.size() + 4) / 4 * 4;
  if (!layout_has_tags) return;  // no type tag string: liblo refuses what we take
  const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
  int error = 0;
  const LoMessage lo(lo_message_deserialise(const_cast<uint8_t*>(copy.data()), copy.size(), &error));
  require(bool(lo), "liblo decodes what was accepted");
  require_same(message, lo.get());
}

void describe_all(const osc::Packet& packet) {
  if (const auto* message = std::get_if<osc::Message>(&packet)) {
    require(osc::describe(*message).find('\n') == std::string::npos, "a description is one line");
    for (const auto& argument : message->arguments) osc::number(argument);
    return;
  }
  for (const auto& element : std::get<osc::Bundle>(packet).elements) describe_all(element);
}

void decode(std::span<const uint8_t> input) {
  const auto packet = osc::decode(input);
  if (!packet) {
    require(packet.problems().front().what.find("liblo") == std::string::npos,
            "liblo agrees with the validator");
    return;
  }
  describe_all(*packet);
  if (const auto* message = std::get_if<osc::Message>(&*packet)) compare(*message, input);
  const auto bytes = osc::encode(*packet);
  const auto again = osc::decode(bytes);
  require(bool(again), "what was encoded can be decoded");
  require(osc::encode(*again) == bytes, "decoding and encoding give the same bytes");
}

LoMessage random_message(FuzzedDataProvider& data) {
  LoMessage lo(lo_message_new());
  const int count = data.ConsumeIntegralInRange(0, int(osc::kMaxArguments));
  for (int i = 0; i < count && data.remaining_bytes() > 0; i++) {
    switch (data.ConsumeIntegralInRange(0, 12)) {
      case 0:
        lo_message_add_int32(lo.get(), data.ConsumeIntegral<int32_t>());
        break;
      case 1:
        lo_message_add_float(lo.get(), std::bit_cast<float>(data.ConsumeIntegral<uint32_t>()));
        break;
      case 2:
        lo_message_add_string(lo.get(), data.ConsumeRandomLengthString(40).c_str());
        break;
      case 3: {
        const auto bytes = data.ConsumeBytes<uint8_t>(data.ConsumeIntegralInRange<size_t>(1, 40));
        if (bytes.empty()) break;
        lo_blob blob = lo_blob_new(int32_t(bytes.size()), bytes.data());
        lo_message_add_blob(lo.get(), blob);
        lo_blob_free(blob);
        break;
      }
      case 4:
        lo_message_add_int64(lo.get(), data.ConsumeIntegral<int64_t>());
        break;
      case 5:
        lo_message_add_double(lo.get(), std::bit_cast<double>(data.ConsumeIntegral<uint64_t>()));
        break;
      case 6:
        lo_message_add_true(lo.get());
        break;
      case 7:
        lo_message_add_false(lo.get());
        break;
      case 8:
        lo_message_add_nil(lo.get());
        break;
      case 9:
        lo_message_add_infinitum(lo.get());
        break;
      case 10:
        lo_message_add_timetag(lo.get(),
                               {data.ConsumeIntegral<uint32_t>(), data.ConsumeIntegral<uint32_t>()});
        break;
      case 11:
        lo_message_add_char(lo.get(), char(data.ConsumeIntegralInRange(0, 127)));
        break;
      default: {
        uint8_t midi[4] = {data.ConsumeIntegral<uint8_t>(), data.ConsumeIntegral<uint8_t>(), 0, 127};
        lo_message_add_midi(lo.get(), midi);
        break;
      }
    }
  }
  return lo;
}

/// One to four messages that liblo encodes, alone or in a bundle.
void encode(std::span<const uint8_t> input) {
  FuzzedDataProvider data(input.data(), input.size());
  const bool bundled = data.ConsumeBool();
  const int count = bundled ? data.ConsumeIntegralInRange(1, 4) : 1;
  const lo_timetag time{data.ConsumeIntegral<uint32_t>(), data.ConsumeIntegral<uint32_t>()};
  lo_bundle bundle = lo_bundle_new(time);
  std::vector<LoMessage> messages;
  for (int i = 0; i < count; i++) {
    messages.push_back(random_message(data));
    lo_message_incref(messages.back().get());
    lo_bundle_add_message(bundle, "/a/b", messages.back().get());
  }
  size_t size = bundled ? lo_bundle_length(bundle) : lo_message_length(messages[0].get(), "/a/b");
  std::vector<uint8_t> bytes(size);
  if (bundled)
    lo_bundle_serialise(bundle, bytes.data(), &size);
  else
    lo_message_serialise(messages[0].get(), "/a/b", bytes.data(), &size);
  lo_bundle_free_recursive(bundle);

  const auto packet = osc::decode(bytes);
  require(bool(packet), "what liblo encodes is accepted");
  if (!bundled) return require_same(std::get<osc::Message>(*packet), messages[0].get());
  const auto& found = std::get<osc::Bundle>(*packet);
  require(found.time.ntp == (uint64_t{time.sec} << 32 | time.frac), "the time tag is the one that went in");
  require(found.elements.size() == messages.size(), "all messages of a bundle are there");
  for (size_t i = 0; i < messages.size(); i++)
    require_same(std::get<osc::Message>(found.elements[i]), messages[i].get());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  decode({data, size});
  encode({data, size});
  return 0;
}

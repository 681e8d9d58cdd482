// A TCP byte stream, cut anywhere: the same packets and the same problems, whatever the cuts; and what is
// framed comes back.
#include <algorithm>
#include <string>
#include <vector>

#include "daemon/osc/framing.h"
#include "tests/fuzz/fuzz.h"

using namespace mixgraph;
using fuzz::require;

namespace {

struct Found {
  std::vector<std::vector<uint8_t>> packets;
  std::vector<std::string> problems;
  bool broken = false, in_frame = false;
  bool operator==(const Found&) const = default;
};

/// `next_size` says how long the next piece is.
template <class NextSize>
Found unframe(std::span<const uint8_t> input, NextSize next_size) {
  FrameReader reader;
  Found found;
  while (!input.empty()) {
    const size_t size = std::clamp<size_t>(next_size(), 1, input.size());
    reader.feed(input.first(size));
    input = input.subspan(size);
    while (const auto frame = reader.next()) {
      if (*frame)
        found.packets.emplace_back((*frame)->begin(), (*frame)->end());
      else
        found.problems.push_back(frame->problems().front().what);
    }
  }
  for (const auto& packet : found.packets)
    require(!packet.empty() && packet.size() <= FrameReader::kMaxFrame, "a packet is within the limits");
  found.broken = reader.broken();
  found.in_frame = !found.broken && reader.in_frame();
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // The first byte seeds the cuts, so that the fuzzer chooses them too.
  uint32_t random = size > 0 ? data[0] + 1u : 1;
  const std::span input(data + (size > 0), size - (size > 0));
  const Found whole = unframe(input, [&] { return input.size(); });
  require(unframe(input, [] { return 1; }) == whole, "the cuts of a stream do not matter: single bytes");
  require(unframe(input, [&] { return (random = random * 1664525 + 1013904223) >> 24 & 15; }) == whole,
          "the cuts of a stream do not matter");
  if (input.empty()) return 0;
  for (const auto kind : {Framing::slip, Framing::size_prefix}) {
    const Found back = unframe(frame(input, kind), [] { return 3; });
    require(back.packets.size() == 1 && back.problems.empty() && !back.in_frame &&
                std::equal(input.begin(), input.end(), back.packets[0].begin(), back.packets[0].end()),
            "a framed packet comes back");
  }
  return 0;
}

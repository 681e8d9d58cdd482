// libFuzzer target for everything that reads OSC bytes from the network.
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I. tests/fuzz/fuzz_osc.cpp
//     daemon/control/{osc,osc_check,osc_text,pattern,framing}.cpp -llo -lfmt -o fuzz_osc && ./fuzz_osc
//     -max_len=4096
// Add -DMIXGRAPH_FUZZ_MAIN and leave `fuzzer` out to run it over saved inputs instead.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <variant>

#include "daemon/control/framing.h"
#include "daemon/control/osc.h"
#include "daemon/control/pattern.h"

using namespace mixgraph;

namespace {

void require(bool true_always, const char* what) {
  if (true_always) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

void describe_all(const osc::Packet& packet) {
  if (const auto* message = std::get_if<osc::Message>(&packet)) {
    require(osc::describe(*message).find('\n') == std::string::npos, "a description is one line");
    require(osc::type_tags(*message).size() == message->arguments.size() + 1, "a tag for each argument");
    for (const auto& argument : message->arguments) osc::number(argument);
    return;
  }
  for (const auto& element : std::get<osc::Bundle>(packet).elements) describe_all(element);
}

void codec(std::span<const uint8_t> input) {
  const auto packet = osc::decode(input);
  if (!packet) {
    const auto& problem = packet.problems().front();
    require(problem.what.find("liblo") == std::string::npos, "liblo agrees with the validator");
    return;
  }
  describe_all(*packet);
  const auto bytes = osc::encode(*packet);
  const auto again = osc::decode(bytes);
  require(static_cast<bool>(again), "what was encoded can be decoded");
  require(osc::encode(*again) == bytes, "decoding and encoding give the same bytes");  // == fails on NaN
}

/// The input is a pattern and, after a line feed, an address.
void pattern(std::string_view input) {
  const size_t end = std::min(input.size(), input.find('\n'));
  const auto text = input.substr(0, end);
  const auto parsed = Pattern::parse(text);
  if (!parsed) return;
  parsed->matches(input.substr(std::min(input.size(), end + 1), 300));
  require(is_pattern(text) || parsed->matches(text), "an address matches itself");
}

std::vector<std::vector<uint8_t>> unframe(std::span<const uint8_t> input, size_t piece) {
  FrameReader reader;
  std::vector<std::vector<uint8_t>> packets;
  for (size_t at = 0; at < input.size(); at += piece) {
    reader.feed(input.subspan(at, std::min(piece, input.size() - at)));
    while (const auto frame = reader.next()) {
      if (*frame) packets.push_back(**frame);
    }
  }
  return packets;
}

void framing(std::span<const uint8_t> input) {
  const auto packets = unframe(input, input.size() + 1);
  require(unframe(input, 1) == packets, "the cut of a stream does not matter");
  if (input.empty()) return;
  for (const auto kind : {Framing::slip, Framing::size_prefix}) {
    const auto back = unframe(frame(input, kind), 3);
    require(back.size() == 1 && std::equal(input.begin(), input.end(), back[0].begin(), back[0].end()),
            "a framed packet comes back");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span input(data, size);
  codec(input);
  pattern({reinterpret_cast<const char*>(data), size});
  framing(input);
  return 0;
}

#ifdef MIXGRAPH_FUZZ_MAIN
#include <fstream>
#include <iterator>

int main(int count, char** files) {
  for (int i = 1; i < count; ++i) {
    std::ifstream file(files[i], std::ios::binary);
    const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
}
#endif

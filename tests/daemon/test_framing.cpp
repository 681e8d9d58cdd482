#include <catch2/catch.hpp>
#include <string>

#include "daemon/osc/framing.h"

using namespace mixgraph;
using namespace std::string_literals;

namespace {

using Bytes = std::vector<uint8_t>;
using Packets = std::vector<Bytes>;

Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

struct Outcome {
  Packets packets;
  std::vector<std::string> problems;
};

void read_all(FrameReader& reader, Outcome& outcome) {
  while (auto next = reader.next()) {
    if (*next) {
      outcome.packets.emplace_back((*next)->begin(), (*next)->end());
    } else {
      outcome.problems.push_back(next->problems().front().what);
    }
  }
}

/// Feeds `stream` in pieces of at most `piece` bytes after a first one of `first`.
Outcome read(FrameReader& reader, const Bytes& stream, size_t first, size_t piece = 1 << 20) {
  Outcome outcome;
  for (size_t at = 0, length = first; at < stream.size(); at += length, length = piece) {
    reader.feed(std::span(stream).subspan(at, std::min(length, stream.size() - at)));
    read_all(reader, outcome);
    length = std::min(length, stream.size() - at);
  }
  return outcome;
}

Outcome read(const std::string& stream) {
  FrameReader reader;
  return read(reader, bytes_of(stream), stream.size());
}

const Bytes kPackets[] = {bytes_of("/a\0\0,\0\0\0"s), bytes_of("/\xc0\xdb\0,\0\0\0"s),
                          bytes_of("/\xdb\xdc\xdd\xc0\0\0\0"s)};

Bytes stream_of(Framing framing) {
  Bytes stream;
  for (const auto& packet : kPackets) {
    const auto framed = frame(packet, framing);
    stream.insert(stream.end(), framed.begin(), framed.end());
  }
  return stream;
}

void check_every_cut(const Bytes& stream, Framing framing) {
  for (size_t cut = 1; cut <= stream.size(); ++cut) {
    for (const size_t piece : {size_t{1}, size_t{7}, stream.size()}) {
      FrameReader reader;
      const auto outcome = read(reader, stream, cut, piece);
      CHECK(outcome.problems.empty());
      REQUIRE(outcome.packets.size() == std::size(kPackets));
      CHECK(std::equal(std::begin(kPackets), std::end(kPackets), outcome.packets.begin()));
      CHECK(reader.framing() == framing);
      CHECK_FALSE(reader.in_frame());
    }
  }
}

}  // namespace

TEST_CASE("Frames have the bytes that RFC 1055 and OSC 1.0 give them") {
  CHECK(frame(kPackets[1], Framing::slip) == bytes_of("\xc0/\xdb\xdc\xdb\xdd\0,\0\0\0\xc0"s));
  CHECK(frame(kPackets[0], Framing::size_prefix) == bytes_of("\0\0\0\x8/a\0\0,\0\0\0"s));
}

TEST_CASE("A stream cut at any byte gives the same packets") {
  check_every_cut(stream_of(Framing::size_prefix), Framing::size_prefix);
  check_every_cut(stream_of(Framing::slip), Framing::slip);
}

TEST_CASE("SLIP with an END only after each packet, and with many, is the same") {
  Bytes stream;
  for (const auto& packet : kPackets) {
    const auto framed = frame(packet, Framing::slip);
    stream.insert(stream.end(), framed.begin() + 1, framed.end());
  }
  check_every_cut(stream, Framing::slip);
  const auto outcome = read("\xc0\xc0\xc0/a\0\0\xc0\xc0\xc0#b\0\0\xc0"s);
  CHECK(outcome.packets == Packets{bytes_of("/a\0\0"s), bytes_of("#b\0\0"s)});
  CHECK(outcome.problems.empty());
}

TEST_CASE("The first byte tells the framing, or is refused") {
  for (int byte = 0; byte < 256; ++byte) {
    FrameReader reader;
    const Bytes first{static_cast<uint8_t>(byte)};
    const auto outcome = read(reader, first, 1);
    const bool slip = byte == 0xc0 || byte == '/' || byte == '#';
    CHECK(reader.framing() == (slip ? Framing::slip : byte == 0 ? Framing::size_prefix : Framing::unknown));
    CHECK(reader.broken() == (reader.framing() == Framing::unknown));
    CHECK(outcome.problems.size() == (reader.broken() ? 1 : 0));
  }
  CHECK(read("GET / HTTP/1.1\r\n").problems.front() == "a stream that begins with byte 0x47");
}

TEST_CASE("Sizes that are not 1 to 65536 break the connection off before anything is stored") {
  CHECK(read("\0\0\0\0"s).problems == std::vector{"a frame of 0 bytes"s});
  CHECK(read("\0\1\0\1"s).problems == std::vector{"a frame of 65537 bytes"s});
  const auto negative = read("\0\0\0\4/a\0\0\xff\xff\xff\xff/b\0\0"s);
  CHECK(negative.packets.size() == 1);
  CHECK(negative.problems == std::vector{"a frame of -1 bytes"s});
  FrameReader reader;
  const Bytes largest = frame(Bytes(FrameReader::kMaxFrame, 'x'), Framing::size_prefix);
  CHECK(read(reader, largest, 10).packets.front().size() == FrameReader::kMaxFrame);
}

TEST_CASE("A bad escape costs its own frame only") {
  for (const auto& bad : {"\xc0/a\xdb\x41\0\xc0"s, "\xc0/a\xdb\xc0"s, "\xc0/\xdb\xdb\xdc\xc0"s}) {
    const auto outcome = read(bad + "\xc0/b\0\0\xc0"s);
    CHECK(outcome.problems.size() == 1);
    CHECK(outcome.packets == Packets{bytes_of("/b\0\0"s)});
  }
}

TEST_CASE("A SLIP stream without an end does not grow") {
  FrameReader reader;
  Outcome outcome;
  const Bytes piece(1000, '/');
  for (int i = 0; i < 1000; ++i) {
    reader.feed(piece);
    read_all(reader, outcome);
  }
  CHECK(outcome.problems == std::vector{"a SLIP frame of more than 65536 bytes"s});
  CHECK(reader.in_frame());
  CHECK_FALSE(reader.broken());
  reader.feed(bytes_of("\xc0/b\0\0\xc0"s));
  read_all(reader, outcome);
  CHECK(outcome.packets == Packets{bytes_of("/b\0\0"s)});
}

TEST_CASE("A started frame is known as such until it ends") {
  for (const Framing framing : {Framing::size_prefix, Framing::slip}) {
    const auto framed = frame(kPackets[1], framing);
    FrameReader reader;
    CHECK_FALSE(reader.in_frame());
    for (size_t i = 0; i < framed.size(); ++i) {
      reader.feed(std::span(framed).subspan(i, 1));
      const auto packet = reader.next();
      const bool last = i + 1 == framed.size();
      CHECK(packet.has_value() == last);
      CHECK(reader.in_frame() == (!last && !(framing == Framing::slip && i == 0)));
    }
  }
}

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "daemon/osc/osc.h"

using namespace mixgraph;
using namespace std::string_literals;

namespace {

std::vector<uint8_t> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

osc::Message decoded(const std::string& text) {
  const auto packet = osc::decode(bytes_of(text));
  INFO((packet ? "" : packet.problems().front().text()));
  REQUIRE(packet);
  return std::get<osc::Message>(*packet);
}

}  // namespace

TEST_CASE("Every type of argument has the bytes that OSC 1.1 gives it") {
  // Written out by hand from the specification, so independent of liblo.
  struct Row {
    osc::Argument argument;
    std::string tag_and_bytes;
  };
  const Row rows[] = {
      {int32_t{-2}, ",i\0\0\xff\xff\xff\xfe"s},
      {1.0F, ",f\0\0\x3f\x80\0\0"s},
      {"abc"s, ",s\0\0abc\0"s},
      {"abcd"s, ",s\0\0abcd\0\0\0\0"s},
      {""s, ",s\0\0\0\0\0\0"s},
      {osc::Blob{{1, 2, 3}}, ",b\0\0\0\0\0\3\1\2\3\0"s},
      {osc::Blob{{1, 2, 3, 4}}, ",b\0\0\0\0\0\4\1\2\3\4"s},
      {osc::Blob{}, ",b\0\0\0\0\0\0"s},
      {int64_t{0x0102030405060708}, ",h\0\0\1\2\3\4\5\6\7\x8"s},
      {-2.0, ",d\0\0\xc0\0\0\0\0\0\0\0"s},
      {true, ",T\0\0"s},
      {false, ",F\0\0"s},
      {osc::Nil{}, ",N\0\0"s},
      {osc::Impulse{}, ",I\0\0"s},
      {osc::TimeTag{0x0102030405060708}, ",t\0\0\1\2\3\4\5\6\7\x8"s},
      {osc::TimeTag{}, ",t\0\0\0\0\0\0\0\0\0\1"s},
      {'x', ",c\0\0\0\0\0x"s},
      {osc::Symbol{"sym"}, ",S\0\0sym\0"s},
      {osc::Midi{{1, 0x90, 60, 127}}, ",m\0\0\1\x90\x3c\x7f"s},
  };
  for (const auto& row : rows) {
    const osc::Message message{"/a", {row.argument}};
    const std::string wire = "/a\0\0"s + row.tag_and_bytes;
    INFO(osc::describe(message));
    CHECK(osc::encode(message) == bytes_of(wire));
    CHECK(decoded(wire) == message);
  }
}

TEST_CASE("Arguments that lie off 8-byte boundaries keep their values") {
  const osc::Message message{
      "/mix/vox/fader",
      {int32_t{7}, 0.1, true, int64_t{-1} << 40, "x"s, osc::TimeTag{0x83aa7e8000000001},
       osc::Blob{{9, 9, 9, 9, 9}}, -0.25F, osc::Nil{}, 1e300}};
  const auto packet = osc::decode(osc::encode(message));
  REQUIRE(packet);
  CHECK(std::get<osc::Message>(*packet) == message);
  CHECK(osc::type_tags(message) == ",idThstbfNd");
}

TEST_CASE("A message without arguments may have an empty type tag string or none") {
  const osc::Message message{"/info", {}};
  CHECK(decoded("/info\0\0\0,\0\0\0"s) == message);
  CHECK(decoded("/info\0\0\0"s) == message);
  CHECK(osc::encode(message) == bytes_of("/info\0\0\0,\0\0\0"s));
}

TEST_CASE("Bundles nest, and keep their time tags") {
  const osc::Bundle inner{{}, {osc::Message{"/b", {1.5F}}}};
  const osc::Bundle outer{{0x83aa7e8080000000}, {osc::Message{"/a", {int32_t{1}}}, inner, osc::Bundle{}}};
  const auto bytes = osc::encode(outer);
  CHECK(std::string(bytes.begin(), bytes.begin() + 20) == "#bundle\0\x83\xaa\x7e\x80\x80\0\0\0\0\0\0\xc"s);
  const auto packet = osc::decode(bytes);
  REQUIRE(packet);
  CHECK(std::get<osc::Bundle>(*packet) == outer);
}

TEST_CASE("Time tags and system time convert exactly") {
  // 1970-01-01 is 2208988800 s after 1900-01-01 (RFC 868).
  CHECK(osc::TimeTag::at(0).ntp == uint64_t{2208988800} << 32);
  CHECK(osc::TimeTag::at(500'000'000).ntp == (uint64_t{2208988800} << 32 | 0x80000000));
  CHECK(osc::TimeTag{(uint64_t{2208988800} << 32) + 0x40000000}.system_ns() == 250'000'000);
  for (const int64_t ns : {int64_t{1}, int64_t{-1}, int64_t{999'999'999}, int64_t{1'700'000'000'123'456'789},
                           int64_t{2'085'978'495'999'999'999}, int64_t{2'085'978'496'000'000'002},
                           int64_t{4'000'000'000'000'000'001}}) {
    CHECK(osc::TimeTag::at(ns).system_ns() == ns);
  }
  CHECK(osc::TimeTag{}.immediate());
  CHECK(osc::TimeTag{0}.immediate());
  CHECK_FALSE(osc::TimeTag::at(0).immediate());
}

TEST_CASE("Numbers are taken from every numeric type and no other") {
  CHECK(osc::number(int32_t{-6}) == -6.0);
  CHECK(osc::number(-6.5F) == -6.5);
  CHECK(osc::number(int64_t{1} << 40) == std::ldexp(1.0, 40));
  CHECK(osc::number(0.1) == 0.1);
  CHECK(osc::number(true) == 1.0);
  CHECK(osc::number(false) == 0.0);
  for (const osc::Argument& other :
       std::initializer_list<osc::Argument>{"1"s, osc::Nil{}, osc::Impulse{}, osc::Blob{{1}}, osc::TimeTag{},
                                            '1', osc::Symbol{"1"}, osc::Midi{}}) {
    CHECK_FALSE(osc::number(other));
  }
}

TEST_CASE("Messages are described on one safe line") {
  CHECK(osc::describe({"/a/b", {1.0F, "x"s}}) == "/a/b ,fs 1 \"x\"");
  CHECK(osc::describe({"/a", {}}) == "/a ,");
  CHECK(osc::describe({"/a", {true, osc::Nil{}, int32_t{-3}}}) == "/a ,TNi -3");
  CHECK(osc::describe({"/a", {osc::Blob{{1, 0xff}}, osc::TimeTag{}}}) == "/a ,bt blob[2]:01ff immediately");
  CHECK(osc::describe({"/a", {"\x1b[2J\n\"\\"s}}) == R"(/a ,s "\x1b[2J\n\"\\")");
}

TEST_CASE("Escaping keeps UTF-8 and nothing that a terminal could act on") {
  CHECK(osc::escape("Gl\xc3\xb6"
                    "ckchen \xe2\x99\xaa \xf0\x9f\x8e\xb8") ==
        "Gl\xc3\xb6"
        "ckchen \xe2\x99\xaa \xf0\x9f\x8e\xb8");
  CHECK(osc::escape("\xc2\x9b") == R"(\xc2\x9b)");          // C1 control character
  CHECK(osc::escape("\x80\xff") == R"(\x80\xff)");          // no UTF-8
  CHECK(osc::escape("\xc0\xaf\xc3") == R"(\xc0\xaf\xc3)");  // overlong, cut off
  CHECK(osc::escape("\xed\xa0\x80") == R"(\xed\xa0\x80)");  // surrogate
}

#include <catch2/catch.hpp>

#include "daemon/osc/osc.h"

using namespace mixgraph;
using namespace std::string_literals;

namespace {

std::vector<uint8_t> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

Problem refused(const std::string& text) {
  // A copy on the heap of exactly this size, so that a sanitizer sees every read past the end.
  const auto packet = osc::decode(bytes_of(text));
  INFO(osc::escape(text));
  REQUIRE_FALSE(packet);
  REQUIRE(packet.problems().size() == 1);
  return packet.problems().front();
}

std::string in_bundle(const std::string& element) {
  const std::string size{'\0', '\0', static_cast<char>(element.size() >> 8),
                         static_cast<char>(element.size())};
  return "#bundle\0\0\0\0\0\0\0\0\1"s + size + element;
}

}  // namespace

TEST_CASE("Malformed messages are refused with their address, and named") {
  struct Row {
    std::string bytes, where, what;
  };
  const Row rows[] = {
      {"", "", "a packet of 0 bytes"},
      {"/a\0"s, "", "a packet of 3 bytes"},
      {"/a\0\0,"s, "", "a packet of 5 bytes"},
      {"/abc", "", "the address is not ended and padded with NULs"},
      {"/a\0x,\0\0\0"s, "", "the address is not ended and padded with NULs"},
      {"node\0\0\0\0,\0\0\0"s, "", "the address does not begin with `/`"},
      {"\0\0\0\0,\0\0\0"s, "", "the address does not begin with `/`"},
      {"/a\n\0,\0\0\0"s, "/a\\n", "the address has characters that cannot be printed"},
      {"/\xc3\xb6\0,\0\0\0"s, "/\xc3\xb6", "the address has characters that cannot be printed"},
      {"#bungle\0"s, "", "neither a message nor a bundle"},
      {"/a\0\0\0\0\0\1"s, "/a", "arguments without a type tag string"},
      {"/a\0\0,iii"s, "/a", "the type tag string is not ended and padded with NULs"},
      {"/a\0\0,i\0x\0\0\0\1"s, "/a", "the type tag string is not ended and padded with NULs"},
      {"/a\0\0,i\0\0"s, "/a", "argument 1 of type `i`: 0 bytes where 4 are needed"},
      {"/a\0\0,ih\0\0\0\0\1\0\0\0\1"s, "/a", "argument 2 of type `h`: 4 bytes where 8 are needed"},
      {"/a\0\0,i\0\0\0\0\0\1\0\0\0\2"s, "/a", "4 bytes are left over after the arguments"},
      {"/a\0\0,\0\0\0\0\0\0\0"s, "/a", "4 bytes are left over after the arguments"},
      {"/a\0\0,s\0\0abcd"s, "/a", "argument 1 of type `s`: the string is not ended and padded with NULs"},
      {"/a\0\0,s\0\0ab\0x"s, "/a", "argument 1 of type `s`: the string is not ended and padded with NULs"},
      {"/a\0\0,b\0\0"s, "/a", "argument 1 of type `b`: the packet ends before the size of the blob"},
      {"/a\0\0,b\0\0\0\0\0\5\1\2\3\4"s, "/a", "argument 1 of type `b`: a blob of 5 bytes where 4 are left"},
      {"/a\0\0,b\0\0\xff\xff\xff\xff"s, "/a",
       "argument 1 of type `b`: a blob of 4294967295 bytes where 0 are left"},
      {"/a\0\0,b\0\0\0\0\0\3\1\2\3\4"s, "/a",
       "argument 1 of type `b`: the blob is not padded with NULs to a multiple of 4 bytes"},
      {"/a\0\0,c\0\0\0\0\1\0"s, "/a", "argument 1 of type `c`: the character is not ASCII"},
      {"/a\0\0,r\0\0\1\2\3\4"s, "/a", "argument 1 of type `r`: unknown type"},
      {"/a\0\0,[ii]\0\0\0\0\0\0\1\0\0\0\2"s, "/a", "argument 1 of type `[`: unknown type"},
      {"/a\0\0,Q\0\0"s, "/a", "argument 1 of type `Q`: unknown type"},
      {"/a\0\0,\x1b\0\0"s, "/a", "argument 1 of type `\\x1b`: unknown type"},
  };
  for (const auto& row : rows) {
    const Problem problem = refused(row.bytes);
    CHECK(problem.where == row.where);
    CHECK(problem.what == row.what);
  }
  CHECK(refused("/a\0\0,r\0\0\1\2\3\4"s).hint == "accepted are i f s b h d t T F N I c S m");
}

TEST_CASE("The message that makes liblo 0.31 read past its end is refused before liblo sees it") {
  // Found by libFuzzer in lo_validate_blob: a blob at the very end. Whole, and cut to a legal size.
  const std::string found =
      "/foo/bar/baz\0\0\0\0,ifsihTFFbar/baz\0\0\0\0,if\0\0\0\0\0\0\0\0\0"
      "\0\0\0\0\x88\x88\x88\x88\x88\x88\x88ma"s;
  CHECK(refused(found).what == "a packet of 61 bytes");
  CHECK(refused(found.substr(0, 60)).where == "/foo/bar/baz");
  CHECK(refused(found.substr(0, 60)).what ==
        "argument 9 of type `b`: the packet ends before the size of the blob");
  CHECK(refused("/foo\0\0\0\0,iTb\0\0\0\0\0\0\0\1"s).what ==
        "argument 3 of type `b`: the packet ends before the size of the blob");
}

TEST_CASE("A problem inside a bundle refuses the whole bundle and names the message") {
  CHECK(refused(in_bundle("/a\0\0,r\0\0\1\2\3\4"s)).where == "/a");
  CHECK(refused("#bundle\0"s).what == "a bundle that ends before its time tag");
  CHECK(refused("#bundle\0\0\0\0\0"s).what == "a bundle that ends before its time tag");
  const std::string head = "#bundle\0\0\0\0\0\0\0\0\1"s;
  CHECK(refused(head + "\0\0\0\0"s).what == "a bundle element of 0 bytes where 4 are left");
  CHECK(refused(head + "\0\0\0\5/a\0\0"s).what == "a bundle element of 5 bytes where 8 are left");
  CHECK(refused(head + "\0\0\0\x8/a\0\0"s).what == "a bundle element of 8 bytes where 8 are left");
  CHECK(refused(head + "\xff\xff\xff\xfc/a\0\0"s).what ==
        "a bundle element of 4294967292 bytes where 8 are left");
}

TEST_CASE("Limits hold at their last value and not beyond") {
  const auto with_address = [](size_t length) {
    return osc::Message{"/" + std::string(length - 1, 'a'), {}};
  };
  CHECK(osc::decode(osc::encode(with_address(osc::kMaxAddress))));
  CHECK_FALSE(osc::decode(osc::encode(with_address(osc::kMaxAddress + 1))));

  osc::Message message{"/a", std::vector<osc::Argument>(osc::kMaxArguments, true)};
  CHECK(osc::decode(osc::encode(message)));
  message.arguments.emplace_back(true);
  CHECK_FALSE(osc::decode(osc::encode(message)));

  osc::Bundle bundle{{}, std::vector<osc::Packet>(osc::kMaxElements, osc::Message{"/a", {}})};
  CHECK(osc::decode(osc::encode(bundle)));
  bundle.elements.emplace_back(osc::Message{"/a", {}});
  CHECK_FALSE(osc::decode(osc::encode(bundle)));

  std::string nested = "/a\0\0"s;
  for (int depth = 0; depth < osc::kMaxDepth; ++depth) nested = in_bundle(nested);
  CHECK(osc::decode(bytes_of(nested)));
  CHECK(refused(in_bundle(nested)).what == "bundles nested too deep");

  const osc::Message big{"/a", {osc::Blob{std::vector<uint8_t>(osc::kMaxPacket - 15)}}};
  CHECK(osc::encode(big).size() == osc::kMaxPacket / 4 * 4);
  CHECK(osc::decode(osc::encode(big)));
  CHECK_FALSE(osc::decode(std::vector<uint8_t>(osc::kMaxPacket + 1)));
}

TEST_CASE("A deep nest of bundles is refused without deep recursion") {
  std::string nested = "/a\0\0"s;
  for (int depth = 0; depth < 2900; ++depth) {
    const auto size = nested.size();
    nested = "#bundle\0\0\0\0\0\0\0\0\1"s +
             std::string{'\0', '\0', static_cast<char>(size >> 8), static_cast<char>(size)} + nested;
  }
  CHECK(refused(nested).what == "bundles nested too deep");
}

TEST_CASE("Every cut and every changed byte of a good packet is refused or decoded to what encodes again") {
  const osc::Bundle bundle{{},
                           {osc::Message{"/a/b", {int32_t{1}, "xyz"s, osc::Blob{{1, 2, 3, 4, 5}}, 2.5, true}},
                            osc::Bundle{{}, {osc::Message{"/c", {'c', osc::Midi{}, osc::Symbol{"s"}}}}}}};
  const auto good = osc::encode(bundle);
  for (size_t length = 0; length < good.size(); ++length) {
    const std::vector<uint8_t> cut(good.begin(), good.begin() + static_cast<long>(length));
    const auto packet = osc::decode(cut);
    if (packet && osc::encode(*packet) != cut) FAIL("cut to " << length);
  }
  for (size_t i = 0; i < good.size() * 256; ++i) {
    auto changed = good;
    changed[i / 256] = static_cast<uint8_t>(i % 256);
    const auto packet = osc::decode(changed);
    if (packet && osc::encode(*packet) != changed) FAIL("byte " << i / 256 << " set to " << i % 256);
  }
}

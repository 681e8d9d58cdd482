#include <catch2/catch.hpp>

#include "config/network.h"

using namespace mixgraph;

namespace {

bool contains(const std::string& network, const std::string& address) {
  const auto parsed = Network::parse(network);
  const auto bytes = parse_address(address);
  INFO(network << " " << address);
  REQUIRE(parsed);
  REQUIRE(bytes);
  return parsed->contains(*bytes);
}

}  // namespace

TEST_CASE("a network holds the addresses that begin with its bits") {
  CHECK(contains("192.168.1.0/24", "192.168.1.255"));
  CHECK_FALSE(contains("192.168.1.0/24", "192.168.2.1"));
  CHECK(contains("10.0.0.7", "10.0.0.7"));
  CHECK_FALSE(contains("10.0.0.7", "10.0.0.6"));
  CHECK(contains("172.16.0.0/12", "172.31.255.255"));
  CHECK_FALSE(contains("172.16.0.0/12", "172.32.0.0"));
  CHECK(contains("10.1.2.3/8", "10.200.0.1"));  // bits beyond the length don't count
  CHECK(contains("0.0.0.0/0", "8.8.8.8"));
  CHECK(contains("fe80::/10", "febf::1"));
  CHECK_FALSE(contains("fe80::/10", "fec0::1"));
  CHECK(contains("2001:db8::1", "2001:db8::1"));
  CHECK(contains("any", "8.8.8.8"));
  CHECK(contains("any", "2001:db8::1"));
}

TEST_CASE("every address of one kind is none of the other") {
  CHECK_FALSE(contains("::/0", "8.8.8.8"));
  CHECK_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
}

TEST_CASE("what is no network is refused") {
  for (const char* text : {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0",
                           "all", "::/129", "host", "10.0.0.0/8/8", " 10.0.0.0"}) {
    INFO(text);
    CHECK_FALSE(Network::parse(text));
  }
}

TEST_CASE("loopback is told from the rest") {
  for (const char* text : {"127.0.0.1", "127.8.9.10", "::1"}) CHECK(is_loopback(*parse_address(text)));
  for (const char* text : {"0.0.0.0", "128.0.0.1", "::", "::2", "10.0.0.1"})
    CHECK_FALSE(is_loopback(*parse_address(text)));
}

TEST_CASE("an address with a port") {
  const auto v4 = NetworkPeer::parse("10.77.0.2:9001"), v6 = NetworkPeer::parse("[fd00::2]:65535");
  REQUIRE(v4);
  REQUIRE(v6);
  CHECK(v4->address == parse_address("10.77.0.2"));
  CHECK(v4->port == 9001);
  CHECK(v6->address == parse_address("fd00::2"));
  CHECK(v6->port == 65535);
  for (const char* text : {"", ":", ":9001", "10.0.0.2", "10.0.0.2:", "10.0.0.2:0", "10.0.0.2:65536", "10.0.0.2:9001x", "host:9001",
                           "fd00::2:9001", "[10.0.0.2]:9001", "[fd00::2]9001", "[]:9001", "10.0.0.2:-1", "[:9001"}) {
    INFO(text);
    CHECK_FALSE(NetworkPeer::parse(text));
  }
}

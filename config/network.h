#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mixgraph {

/// IP addresses that begin with the same bits, as written in session files: "192.168.1.0/24", "10.0.0.7",
/// "fe80::/10", or "any". [any]
class Network {
 public:
  /// An IPv6 address; an IPv4 one as ::ffff:a.b.c.d.
  using Address = std::array<uint8_t, 16>;
  static constexpr std::string_view kExamples = "an address, a network such as 192.168.1.0/24, or any";

  static std::optional<Network> parse(const std::string& text);
  bool contains(const Address& address) const;

 private:
  Address first_{};
  int bits_ = 0;      // that count, from the front
  bool any_ = false;  // of both kinds
};

/// An address and a port, as written in session files: "10.0.0.7:9001" or "[fd00::7]:9001". [any]
struct NetworkPeer {
  static constexpr std::string_view kExamples = "an address with a port, such as 10.0.0.7:9001 or [fd00::7]:9001";

  static std::optional<NetworkPeer> parse(const std::string& text);

  Network::Address address{};
  uint16_t port = 0;
};

/// An address in figures; empty: it is none. [any]
std::optional<Network::Address> parse_address(const std::string& text);
/// Whether an address is this machine speaking to itself: 127.0.0.0/8 or ::1. [any]
bool is_loopback(const Network::Address& address);

}  // namespace mixgraph

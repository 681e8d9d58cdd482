#include "config/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace mixgraph {
namespace {

constexpr int kBits4 = 32, kBits6 = 128;

bool is_v4(const Network::Address& address) {
  constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(kMapped.begin(), kMapped.end(), address.begin());
}

}  // namespace

std::optional<Network::Address> parse_address(const std::string& text) {
  Network::Address address{};
  if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
  if (inet_pton(AF_INET, text.c_str(), address.data() + 12) != 1) return {};
  address[10] = address[11] = 0xff;
  return address;
}

bool is_loopback(const Network::Address& address) {
  if (is_v4(address)) return address[12] == 127;
  return address[15] == 1 &&
         std::all_of(address.begin(), address.end() - 1, [](uint8_t b) { return b == 0; });
}

std::optional<Network> Network::parse(const std::string& text) {
  Network network;
  network.any_ = text == "any";
  if (network.any_) return network;
  const size_t slash = text.find('/');
  const auto first = parse_address(text.substr(0, slash));
  if (!first) return {};
  network.first_ = *first;
  const int all = is_v4(*first) ? kBits4 : kBits6;
  int bits = all;
  if (slash != text.npos) {
    const char *from = text.data() + slash + 1, *to = text.data() + text.size();
    const auto [end, error] = std::from_chars(from, to, bits);
    if (error != std::errc() || end != to || bits < 0 || bits > all) return {};
  }
  network.bits_ = kBits6 - all + bits;
  return network;
}

std::optional<NetworkPeer> NetworkPeer::parse(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == text.npos) return {};
  const bool brackets = colon > 1 && text[0] == '[' && text[colon - 1] == ']';
  const auto address = parse_address(brackets ? text.substr(1, colon - 2) : text.substr(0, colon));
  if (!address || is_v4(*address) == brackets) return {};
  NetworkPeer peer{*address};
  const char *from = text.data() + colon + 1, *to = text.data() + text.size();
  const auto [end, error] = std::from_chars(from, to, peer.port);
  if (error != std::errc() || end != to || peer.port == 0) return {};
  return peer;
}

bool Network::contains(const Address& address) const {
  if (any_) return true;
  if (is_v4(address) != is_v4(first_)) return false;
  for (int i = 0; i < bits_; i += 8) {
    const int left = std::min(8, bits_ - i);
    const auto mask = uint8_t(0xff << (8 - left));
    if ((address[size_t(i / 8)] ^ first_[size_t(i / 8)]) & mask) return false;
  }
  return true;
}

}  // namespace mixgraph

#pragma once
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <optional>
#include <string>

namespace mixgraph {

/// An IPv4 address of this machine that is not loopback: whoever speaks from it counts as another machine.
/// Empty on a machine without a network.
inline std::optional<std::string> other_address() {
  std::optional<std::string> found;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return found;
  for (ifaddrs* one = all; one && !found; one = one->ifa_next) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET || !(one->ifa_flags & IFF_UP)) continue;
    const in_addr address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
    char text[INET_ADDRSTRLEN];
    if ((ntohl(address.s_addr) >> 24) != 127) found = inet_ntop(AF_INET, &address, text, sizeof text);
  }
  freeifaddrs(all);
  return found;
}

/// The address by which all machines on the network of that one are reached; empty: it has none.
inline std::optional<std::string> broadcast_of(const std::string& address) {
  std::optional<std::string> found;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return found;
  const auto text_of = [](const sockaddr* one) {
    char text[INET_ADDRSTRLEN];
    return std::string(inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(one)->sin_addr, text, sizeof text));
  };
  for (ifaddrs* one = all; one && !found; one = one->ifa_next)
    if (one->ifa_addr && one->ifa_addr->sa_family == AF_INET && one->ifa_flags & IFF_BROADCAST && one->ifa_broadaddr &&
        text_of(one->ifa_addr) == address)
      found = text_of(one->ifa_broadaddr);
  freeifaddrs(all);
  return found;
}

}  // namespace mixgraph

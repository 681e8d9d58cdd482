#pragma once
#include <cstdint>
#include <functional>
#include <string>

namespace mixgraph {

/// Who sent a message, and whom an answer goes to. A value: two are equal when kind and id are, and an id is
/// never given twice in the life of a server. [any]
struct ClientId {
  enum class Kind : uint8_t {
    local,  ///< this program itself: tests, tools, the session file
    udp,    ///< an endpoint that sends datagrams
    tcp,    ///< a connection
    absent, ///< a connection that ended with an earlier life of the program: what it sent ahead is still to be done
  };
  Kind kind = Kind::local;
  uint64_t id = 0;
  std::string name = "local";  ///< for people: "udp 127.0.0.1:5000", "tcp [::1]:5000"
  bool remote = false;         ///< its address is another machine's
  bool surface = false;        ///< the session names it: it is trusted, and has no lease

  bool operator==(const ClientId& other) const { return kind == other.kind && id == other.id; }
  bool operator<(const ClientId& other) const {
    return kind == other.kind ? id < other.id : kind < other.kind;
  }
};

}  // namespace mixgraph

template <>
struct std::hash<mixgraph::ClientId> {
  size_t operator()(const mixgraph::ClientId& client) const noexcept {
    return std::hash<uint64_t>{}(client.id * 4 + static_cast<uint64_t>(client.kind));
  }
};

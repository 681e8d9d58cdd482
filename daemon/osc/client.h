#pragma once
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "daemon/osc/role.h"

namespace mixgraph {

/// Whom an answer goes to: a port of the router, and a number there that is never given twice in its life. [any]
struct ClientId {
  uint16_t port = 0;
  uint64_t number = 0;
  auto operator<=>(const ClientId&) const = default;
};

/// The ports of the router.
enum RouterPort : uint16_t {
  kNoPort,  ///< nothing can be sent: this program itself, and connections that ended with an earlier life of it
  kUdp,     ///< endpoints that send datagrams
  kTcp,     ///< connections
};

/// Who sends messages: what is known of it from the first one on. Copies are the same client; what waits keeps it, and so
/// the rights that it was sent with. [any]
class Client {
 public:
  struct Facts {
    ClientId id;
    std::string name;        ///< for people: "udp 127.0.0.1:5000", "tcp [::1]:5000"
    bool remote = false;     ///< its address is another machine's
    bool forgeable = false;  ///< somebody else can send with its address
    bool leased = false;     ///< what it subscribed to ends unless it renews it
    bool gone = false;       ///< a connection that has ended: what it sent ahead is still to be done
    RolePtr role = Role::all();
  };
  Client() : Client(Facts()) {}  ///< this program itself
  explicit Client(Facts facts) : facts_(std::make_shared<const Facts>(std::move(facts))) {}

  /// The same client, as it was when its role was another.
  Client with(RolePtr role) const {
    Facts facts = *facts_;
    facts.role = std::move(role);
    return Client(std::move(facts));
  }

  const Facts* operator->() const { return facts_.get(); }
  const ClientId& id() const { return facts_->id; }
  bool may(Right right, std::string_view address) const { return facts_->role->may(right, address); }
  /// Whether all that is known is the same, too.
  bool is_copy_of(const Client& other) const { return facts_ == other.facts_; }
  bool operator==(const Client& other) const { return id() == other.id(); }
  auto operator<=>(const Client& other) const { return id() <=> other.id(); }

 private:
  std::shared_ptr<const Facts> facts_;
};

}  // namespace mixgraph

template <>
struct std::hash<mixgraph::Client> {
  size_t operator()(const mixgraph::Client& client) const noexcept {
    return std::hash<uint64_t>{}(client.id().number * 4 + client.id().port);
  }
};

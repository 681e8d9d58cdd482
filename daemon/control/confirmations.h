#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "daemon/osc/client.h"
#include "daemon/osc/now.h"
#include "daemon/osc/osc.h"

namespace mixgraph {

/// Who really is where his packets say they come from. The address of a datagram can be forged, and what is
/// answered to it then hits somebody else; so a UDP client on another machine has to return a number that was
/// sent to it before anything is sent to it that is much larger than what came. A surface that the session names is
/// trusted. [control]
class Confirmations {
 public:
  static constexpr size_t kFactor = 3;      ///< bytes that may be sent for each that came, before that
  static constexpr size_t kMaxHeld = 1024;  ///< bytes of a packet that waits

  static constexpr int64_t kPatience = kSecond;  ///< ns that a client may take before it is noticed
  static constexpr size_t kMostNoticed = 64;     ///< clients that are watched for that; further ones are not

  /// `needed`: false to trust every address.
  explicit Confirmations(bool needed) : needed_(needed) {}

  bool trusts(const Client& client) const;
  /// Whether the client itself has shown it.
  bool has_confirmed(const Client& client) const;
  /// Something came from this client.
  void heard(const Client& client, size_t bytes);
  /// Whether so much may be sent to it; takes it from its allowance.
  bool may_send(const Client& client, size_t bytes);

  /// The number that a client is to return.
  int64_t number_for(const Client& client);
  /// Keeps a packet until the client has returned the number. The latest one is kept, if it is not larger than kMaxHeld.
  void hold(const Client& client, std::span<const uint8_t> packet, const Now& now);
  /// The clients for which a packet has been held for too long, each once.
  std::vector<Client> take_overdue(const Now& now);
  /// The client has returned a number. If it is the right one, the client is trusted from here on, and this
  /// is the packet that waits, or an empty one.
  std::optional<std::vector<uint8_t>> confirm(const Client& client, int64_t number);
  /// Trusts a client that was trusted before the daemon started again.
  void vouch(const Client& client) { clients_[client].confirmed = true; }
  void forget(const Client& client) { clients_.erase(client); }

 private:
  struct State {
    bool confirmed = false;
    int64_t number = 0;
    size_t allowance = 0;  // bytes
    bool watched = false;
    std::vector<uint8_t> held;
  };

  bool needed_;
  std::map<Client, State> clients_;
  std::deque<std::pair<int64_t, Client>> watched_;  // those that were asked, by the time until which they have patience
  std::random_device random_;
};

/// The number of a `/confirm`, which may come as a text. [any]
std::optional<int64_t> confirmation_in(const osc::Packet& packet);
/// Whether a packet only sets parameters, which asks for no answer. [any]
bool only_sets(const osc::Packet& packet);

}  // namespace mixgraph

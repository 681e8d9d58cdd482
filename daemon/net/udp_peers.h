#pragma once
#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <list>
#include <map>
#include <optional>

#include "daemon/net/token_bucket.h"
#include "daemon/osc/client.h"

namespace mixgraph {

/// The endpoints that datagrams have come from, each under an id. Bounded: when it is full, the peer that has
/// been silent longest is forgotten, except pinned ones, and first of those whose addresses may be forged. [control]
class UdpPeers {
 public:
  using Endpoint = boost::asio::ip::udp::endpoint;
  struct Peer {
    Endpoint endpoint;
    size_t socket = 0;  ///< the socket it sends to, and is answered from
    TokenBucket messages;
    int pins = 0;
    bool trusted = false;  ///< it is where its datagrams say that they come from
    std::list<uint64_t>::iterator place;  ///< among those like it by silence
    std::optional<Client> client = {};    ///< as others know it
  };
  struct Heard {
    uint64_t id = 0;
    bool is_new = false;
    std::optional<uint64_t> forgotten;  ///< the id that made room
  };

  explicit UdpPeers(size_t capacity) : capacity_(capacity) {}

  /// Notes a datagram. Empty when the peer is new and every other one is pinned.
  std::optional<Heard> hear(const Endpoint& endpoint, size_t socket);

  const Peer* find(uint64_t id) const;
  Peer* find(uint64_t id) { return const_cast<Peer*>(std::as_const(*this).find(id)); }
  /// Pins count: a peer is kept until each pin is taken back. Unknown ids are ignored.
  void pin(uint64_t id);
  /// From here on it counts among those that are trusted. Unknown ids are ignored.
  void trust(uint64_t id);
  void unpin(uint64_t id);
  size_t size() const { return peers_.size(); }

 private:
  std::list<uint64_t>& like(const Peer& peer) { return peer.trusted ? trusted_ : others_; }
  std::optional<uint64_t> forget_one();
  std::optional<uint64_t> forget_one(const std::list<uint64_t>& by_silence);

  size_t capacity_;
  uint64_t last_id_ = 0;
  std::map<uint64_t, Peer> peers_;
  std::map<std::pair<size_t, Endpoint>, uint64_t> ids_;
  std::list<uint64_t> trusted_, others_;  // by silence, the longest first
};

}  // namespace mixgraph

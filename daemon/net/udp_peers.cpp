#include "daemon/net/udp_peers.h"

#include <algorithm>

namespace mixgraph {

std::optional<UdpPeers::Heard> UdpPeers::hear(const Endpoint& endpoint, size_t socket) {
  if (const auto known = ids_.find({socket, endpoint}); known != ids_.end()) {
    const Peer& peer = peers_.at(known->second);
    like(peer).splice(like(peer).end(), like(peer), peer.place);
    return Heard{known->second, false, {}};
  }
  Heard heard{0, true, {}};
  if (peers_.size() >= capacity_) {
    heard.forgotten = forget_one();
    if (!heard.forgotten) return {};
  }
  heard.id = ++last_id_;
  peers_[heard.id] = {endpoint, socket, TokenBucket(), 0, false, others_.insert(others_.end(), heard.id)};
  ids_[{socket, endpoint}] = heard.id;
  return heard;
}

std::optional<uint64_t> UdpPeers::forget_one() {
  const auto other = forget_one(others_);
  return other ? other : forget_one(trusted_);
}

std::optional<uint64_t> UdpPeers::forget_one(const std::list<uint64_t>& by_silence) {
  const auto oldest = std::find_if(by_silence.begin(), by_silence.end(),
                                   [this](uint64_t id) { return peers_.at(id).pins == 0; });
  if (oldest == by_silence.end()) return {};
  const uint64_t id = *oldest;
  const Peer& peer = peers_.at(id);
  ids_.erase({peer.socket, peer.endpoint});
  like(peer).erase(peer.place);
  peers_.erase(id);
  return id;
}

const UdpPeers::Peer* UdpPeers::find(uint64_t id) const {
  const auto peer = peers_.find(id);
  return peer == peers_.end() ? nullptr : &peer->second;
}

void UdpPeers::pin(uint64_t id) {
  if (const auto peer = peers_.find(id); peer != peers_.end()) ++peer->second.pins;
}

void UdpPeers::trust(uint64_t id) {
  const auto found = peers_.find(id);
  if (found == peers_.end() || found->second.trusted) return;
  Peer& peer = found->second;
  peer.trusted = true;
  trusted_.splice(trusted_.end(), others_, peer.place);
}

void UdpPeers::unpin(uint64_t id) {
  if (const auto peer = peers_.find(id); peer != peers_.end()) {
    peer->second.pins = std::max(0, peer->second.pins - 1);
  }
}

}  // namespace mixgraph

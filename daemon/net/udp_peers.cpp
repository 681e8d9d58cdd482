#include "daemon/net/udp_peers.h"

#include <algorithm>

namespace mixgraph {

std::optional<UdpPeers::Heard> UdpPeers::hear(const Endpoint& endpoint, size_t socket) {
  ++clock_;
  if (const auto known = ids_.find({socket, endpoint}); known != ids_.end()) {
    peers_.at(known->second).heard = clock_;
    return Heard{known->second, false, {}};
  }
  Heard heard{0, true, {}};
  if (peers_.size() >= capacity_) {
    heard.forgotten = forget_one();
    if (!heard.forgotten) return {};
  }
  heard.id = ++last_id_;
  peers_[heard.id] = {endpoint, socket, 0, clock_};
  ids_[{socket, endpoint}] = heard.id;
  return heard;
}

std::optional<uint64_t> UdpPeers::forget_one() {
  auto oldest = peers_.end();
  for (auto peer = peers_.begin(); peer != peers_.end(); ++peer) {
    if (peer->second.pins > 0) continue;
    if (oldest == peers_.end() || peer->second.heard < oldest->second.heard) oldest = peer;
  }
  if (oldest == peers_.end()) return {};
  const uint64_t id = oldest->first;
  ids_.erase({oldest->second.socket, oldest->second.endpoint});
  peers_.erase(oldest);
  return id;
}

const UdpPeers::Peer* UdpPeers::find(uint64_t id) const {
  const auto peer = peers_.find(id);
  return peer == peers_.end() ? nullptr : &peer->second;
}

void UdpPeers::pin(uint64_t id) {
  if (const auto peer = peers_.find(id); peer != peers_.end()) ++peer->second.pins;
}

void UdpPeers::unpin(uint64_t id) {
  if (const auto peer = peers_.find(id); peer != peers_.end()) {
    peer->second.pins = std::max(0, peer->second.pins - 1);
  }
}

}  // namespace mixgraph

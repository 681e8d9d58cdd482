#include "daemon/net/fair_queue.h"

#include <algorithm>

namespace mixgraph {

namespace {
size_t room_of(const FairQueue::Packet& packet) { return sizeof packet + packet.bytes.size(); }
}  // namespace

bool FairQueue::add(Packet packet) {
  Sender& sender = senders_[packet.sender];
  const size_t room = room_of(packet);
  if (sender.waiting.empty()) {
    sender.start = std::max(sender.start, virtual_time_);
    if (!sender.held) order_.emplace(sender.start, packet.sender);
  } else if (sender.bytes + room > kRoom / std::max<size_t>(1, order_.size()) || bytes_ + room > kRoom) {
    return false;
  }
  sender.bytes += room;
  bytes_ += room;
  sender.waiting.push_back(std::move(packet));
  return true;
}

std::optional<FairQueue::Packet> FairQueue::take() {
  if (order_.empty()) return {};
  const auto [start, id] = *order_.begin();
  Sender& sender = senders_.at(id);
  Packet packet = std::move(sender.waiting.front());
  sender.waiting.pop_front();
  sender.bytes -= room_of(packet);
  bytes_ -= room_of(packet);
  virtual_time_ = start;
  if (sender.waiting.empty()) order_.erase(order_.begin());
  return packet;
}

void FairQueue::used(uint64_t id, int64_t ns) {
  const auto found = senders_.find(id);
  if (found == senders_.end()) return;
  Sender& sender = found->second;
  const bool waits = order_.erase({sender.start, id}) > 0;
  sender.start += ns;
  latest_ = std::max(latest_, sender.start);
  if (waits) order_.emplace(sender.start, id);
  if (order_.empty()) virtual_time_ = latest_;  // who comes after a rest begins level with the others
}

void FairQueue::hold(uint64_t id, bool held) {
  Sender& sender = senders_[id];
  sender.held = held;
  order_.erase({sender.start, id});
  sender.start = std::max(sender.start, virtual_time_);
  if (!held && !sender.waiting.empty()) order_.emplace(sender.start, id);
}

size_t FairQueue::forget(uint64_t id) {
  const auto found = senders_.find(id);
  if (found == senders_.end()) return 0;
  const size_t count = found->second.waiting.size();
  bytes_ -= found->second.bytes;
  order_.erase({found->second.start, id});
  senders_.erase(found);
  return count;
}

}  // namespace mixgraph

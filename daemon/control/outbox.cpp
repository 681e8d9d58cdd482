#include "daemon/control/outbox.h"

#include <algorithm>

namespace mixgraph {

bool Outbox::add(const Client& client, LongAnswer answer) {
  const auto known = queues_.find(client);
  if (known != queues_.end() && known->second.size() >= kWaiting) return false;
  if (waiting_ >= kMost || (waiting_ > 0 && bytes_ + answer.bytes > kMostBytes)) return false;
  ++waiting_;
  bytes_ += answer.bytes;
  queues_[client].push_back({std::move(answer)});
  return true;
}

void Outbox::done_with(const Queued& queued) {
  --waiting_;
  bytes_ -= queued.answer.bytes;
}

void Outbox::drop(const Client& client) {
  const auto found = queues_.find(client);
  if (found == queues_.end()) return;
  for (const Queued& queued : found->second) done_with(queued);
  queues_.erase(found);
}

osc::Bundle Outbox::next_bundle(Queued& queued) {
  osc::Bundle bundle;
  for (size_t bytes = 16; queued.next < queued.answer.count; queued.next++) {
    auto message = queued.answer.message(queued.next);
    if (!message) continue;
    bytes += osc::encode(*message).size() + 4;
    const bool full = bytes > kBundleBytes || bundle.elements.size() >= osc::kMaxElements;
    if (full && !bundle.elements.empty()) break;
    bundle.elements.push_back(std::move(*message));
    queued.sent++;
  }
  return bundle;
}

/// Goes on where the last tick ended, so that everybody has a turn.
void Outbox::tick(const Send& send) {
  auto client = last_served_ ? queues_.upper_bound(*last_served_) : queues_.begin();
  for (size_t left = std::min(kClientsPerTick, queues_.size()); left > 0 && !queues_.empty(); left--) {
    if (client == queues_.end()) client = queues_.begin();
    last_served_ = client->first;
    client = serve(client, send);
  }
}

/// Sends the next bundle to a client, and gives the client after it.
Outbox::Queues::iterator Outbox::serve(Queues::iterator client, const Send& send) {
  Queued& queued = client->second.front();
  osc::Bundle bundle = next_bundle(queued);
  if (bundle.elements.size() == 1) {
    send(client->first, std::move(bundle.elements.front()), false);
  } else if (!bundle.elements.empty()) {
    send(client->first, std::move(bundle), false);
  }
  if (queued.next < queued.answer.count) return std::next(client);
  if (queued.answer.last)
    if (auto last = queued.answer.last(queued.sent)) send(client->first, std::move(*last), false);
  done_with(queued);
  client->second.pop_front();
  return client->second.empty() ? queues_.erase(client) : std::next(client);
}

}  // namespace mixgraph

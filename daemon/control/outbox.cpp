#include "daemon/control/outbox.h"

namespace mixgraph {

bool Outbox::add(const ClientId& client, LongAnswer answer) {
  auto& queue = queues_[client];
  if (queue.size() >= kWaiting) return false;
  queue.push_back({std::move(answer)});
  return true;
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

void Outbox::tick(const Send& send) {
  for (auto& [client, queue] : queues_) {
    Queued& queued = queue.front();
    osc::Bundle bundle = next_bundle(queued);
    if (bundle.elements.size() == 1) {
      send(client, std::move(bundle.elements.front()), false);
    } else if (!bundle.elements.empty()) {
      send(client, std::move(bundle), false);
    }
    if (queued.next < queued.answer.count) continue;
    if (queued.answer.last)
      if (auto last = queued.answer.last(queued.sent)) send(client, std::move(*last), false);
    queue.pop_front();
  }
  std::erase_if(queues_, [](const auto& item) { return item.second.empty(); });
}

}  // namespace mixgraph

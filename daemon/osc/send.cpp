#include "daemon/osc/send.h"

namespace mixgraph {

void send_all(const Send& send, const Client& client, std::vector<osc::Message> messages, bool droppable) {
  if (messages.size() <= kSingles) {
    for (osc::Message& message : messages) send(client, std::move(message), droppable);
    return;
  }
  osc::Bundle bundle;
  size_t bytes = 16;
  for (osc::Message& message : messages) {
    const size_t size = osc::encode(message).size() + 4;
    if (!bundle.elements.empty() && bytes + size > kBundleBytes) {
      send(client, std::exchange(bundle, {}), droppable);
      bytes = 16;
    }
    bytes += size;
    bundle.elements.push_back(std::move(message));
  }
  send(client, std::move(bundle), droppable);
}

}  // namespace mixgraph

#pragma once
#include <functional>
#include <vector>

#include "daemon/osc/client.h"
#include "daemon/osc/osc.h"

namespace mixgraph {

/// What takes packets to clients. `droppable`: may be left out when the client reads too slowly.
using Send = std::function<void(const Client&, const osc::Packet&, bool droppable)>;

inline constexpr size_t kBundleBytes = 1400;  ///< so that a bundle is one Ethernet frame
inline constexpr size_t kSingles = 8;         ///< so many messages at a time go one by one, more in bundles

/// Sends messages to one client: a few as they are, many in bundles of at most kBundleBytes. [control]
void send_all(const Send& send, const Client& client, std::vector<osc::Message> messages, bool droppable);

}  // namespace mixgraph

#include "graph/feed.h"

namespace mixgraph {

FeedBuffer::FeedBuffer(const Feed& feed) {
  for (auto& buffer : buffers_) buffer.assign(size_t(feed.size), feed.rest);
}

std::span<const float> FeedBuffer::take() {
  if (!(latest_.load(std::memory_order_relaxed) & kFresh)) return {};
  reading_ = latest_.exchange(reading_, std::memory_order_acq_rel) & kNumber;
  return buffers_[reading_];
}

}  // namespace mixgraph

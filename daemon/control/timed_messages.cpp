#include "daemon/control/timed_messages.h"

namespace mixgraph {
namespace {

void collect(const osc::Bundle& bundle, TimedGroup& group, std::vector<TimedGroup>& later) {
  for (const osc::Packet& element : bundle.elements) {
    if (const auto* message = std::get_if<osc::Message>(&element)) {
      group.messages.push_back(*message);
      continue;
    }
    const auto& inner = std::get<osc::Bundle>(element);
    if (inner.time.immediate() ||
        (!group.time.immediate() && inner.time.system_ns() <= group.time.system_ns())) {
      collect(inner, group, later);
      continue;
    }
    TimedGroup own{group.client, inner.time, {}};
    collect(inner, own, later);
    later.push_back(std::move(own));
  }
}

}  // namespace

std::vector<TimedGroup> groups_of(const ClientId& client, const osc::Bundle& bundle) {
  TimedGroup first{client, bundle.time, {}};
  std::vector<TimedGroup> later;
  collect(bundle, first, later);
  later.insert(later.begin(), std::move(first));
  return later;
}

bool TimedMessages::add(TimedGroup group) {
  if (messages_ + group.messages.size() > kCapacity) return false;
  messages_ += group.messages.size();
  const int64_t time = group.time.system_ns();
  waiting_.emplace(time, std::move(group));
  return true;
}

std::vector<TimedGroup> TimedMessages::take(int64_t until_ns) {
  std::vector<TimedGroup> due;
  const auto end = waiting_.upper_bound(until_ns);
  for (auto at = waiting_.begin(); at != end; ++at) {
    messages_ -= at->second.messages.size();
    due.push_back(std::move(at->second));
  }
  waiting_.erase(waiting_.begin(), end);
  return due;
}

}  // namespace mixgraph

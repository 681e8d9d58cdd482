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

/// Of memory, about.
size_t bytes_of(const TimedGroup& group) {
  constexpr size_t kNode = 64;  // of the queue
  size_t bytes = kNode + sizeof group;
  for (const osc::Message& message : group.messages) {
    bytes +=
        sizeof message + message.address.capacity() + message.arguments.capacity() * sizeof(osc::Argument);
    for (const osc::Argument& argument : message.arguments) {
      if (const auto* text = std::get_if<std::string>(&argument)) bytes += text->capacity();
      if (const auto* symbol = std::get_if<osc::Symbol>(&argument)) bytes += symbol->text.capacity();
      if (const auto* blob = std::get_if<osc::Blob>(&argument)) bytes += blob->bytes.capacity();
    }
  }
  return bytes;
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
  const size_t bytes = bytes_of(group);
  if (messages_ + group.messages.size() > kCapacity || bytes_ + bytes > kMostBytes) return false;
  bytes_ += bytes;
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
    bytes_ -= bytes_of(at->second);
    due.push_back(std::move(at->second));
  }
  waiting_.erase(waiting_.begin(), end);
  return due;
}

}  // namespace mixgraph

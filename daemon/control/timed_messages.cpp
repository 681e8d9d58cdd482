#include "daemon/control/timed_messages.h"

#include <algorithm>

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
    TimedGroup own{group.client, inner.time};
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

std::vector<TimedGroup> groups_of(const Client& client, const osc::Bundle& bundle) {
  TimedGroup first{client, bundle.time};
  std::vector<TimedGroup> later;
  collect(bundle, first, later);
  later.insert(later.begin(), std::move(first));
  return later;
}

bool TimedMessages::add(TimedGroup group) {
  const size_t bytes = bytes_of(group);
  Room& room = group.trusted ? trusted_ : untrusted_;
  const size_t part = group.trusted ? 1 : kUntrusted;
  if (room.messages + group.messages.size() > kCapacity / part || room.bytes + bytes > kMostBytes / part) return false;
  room.bytes += bytes;
  room.messages += group.messages.size();
  const Place place{group.frame, ++arrivals_};
  of_client_[group.client].insert(place);
  waiting_.emplace(place, std::move(group));
  return true;
}

TimedGroup TimedMessages::remove(Waiting::iterator at) {
  TimedGroup group = std::move(at->second);
  Room& room = group.trusted ? trusted_ : untrusted_;
  room.messages -= group.messages.size();
  room.bytes -= bytes_of(group);
  const auto client = of_client_.find(group.client);
  client->second.erase(at->first);
  if (client->second.empty()) of_client_.erase(client);
  waiting_.erase(at);
  return group;
}

void TimedMessages::tie(const Now& now, double rate) {
  if (now.ties == 0) return;
  std::vector<TimedGroup> tied;
  while (!waiting_.empty() && waiting_.begin()->first.first == 0) tied.push_back(remove(waiting_.begin()));
  for (TimedGroup& group : tied) {
    group.frame = std::max<uint64_t>(1, now.frame_at(now.system_ns + group.due_ns - now.monotonic_ns, rate));
    add(std::move(group));
  }
}

std::vector<TimedGroup> TimedMessages::take(uint64_t until_frame, int64_t until_ns) {
  std::vector<TimedGroup> due;
  for (auto at = waiting_.begin(); at != waiting_.end() && at->first.first <= until_frame;) {
    const auto next = std::next(at);
    if (at->second.frame > 0 || at->second.due_ns <= until_ns) due.push_back(remove(at));
    at = next;
  }
  const auto earlier = [](const TimedGroup& a, const TimedGroup& b) { return a.due_ns < b.due_ns; };
  if (!due.empty() && due.back().frame == 0) std::stable_sort(due.begin(), due.end(), earlier);
  return due;
}

void TimedMessages::drop(const Client& client) {
  const auto found = of_client_.find(client);
  if (found == of_client_.end()) return;
  const std::set<Place> places = found->second;
  for (const Place& place : places) remove(waiting_.find(place));
}

}  // namespace mixgraph

#include "daemon/control/meter_feed.h"

#include <algorithm>
#include <set>

#include "graph/fold.h"

namespace mixgraph {

void MeterFeed::rename(const Namespace& names) {
  nodes_.clear();
  latest_.clear();
  for (const MeterEntry& entry : names.meters()) {
    if (entry.meter == 0) nodes_.push_back({"/" + entry.path, entry.type->meters, latest_.size()});
    latest_.push_back(entry.type->meters[size_t(entry.meter)].rest);
  }
  for (auto& [client, subscriber] : subscribers_.map()) {
    subscriber.pending.clear();
    for (Interest& interest : subscriber.interests) {
      interest.nodes.clear();
      interest.is_current = false;
    }
  }
}

void MeterFeed::read(std::span<const float> readings) {
  if (readings.size() != latest_.size()) return;  // of another graph than the one whose names are known
  std::copy(readings.begin(), readings.end(), latest_.begin());
  for (auto& [client, subscriber] : subscribers_.map()) fold_into(subscriber.pending);
}

void MeterFeed::fold_into(Folded& pending) const {
  pending.resize(latest_.size());
  for (const NodeMeters& node : nodes_)
    for (size_t m = 0; m < node.meters.size(); m++) {
      auto& value = pending[node.first + m];
      const float reading = latest_[node.first + m];
      value = value ? folded(node.meters[m].fold, *value, reading) : reading;
    }
}

Result<Pattern> MeterFeed::parse(const std::string& text) {
  return Pattern::parse(text.starts_with("/meters/") ? text.substr(7) : text);
}

std::vector<const MeterFeed::NodeMeters*> MeterFeed::matching(const Client& client, const Pattern& pattern) const {
  std::vector<const NodeMeters*> found;
  for (const NodeMeters& node : nodes_) {
    const auto any_meter = [&](const auto& is) {
      return is(node.address) || std::any_of(node.meters.begin(), node.meters.end(), [&](const Meter& meter) {
               return is(node.address + "/" + std::string(meter.id));
             });
    };
    const auto matches = [&](const std::string& address) { return pattern.matches(address); };
    const auto may_see = [&](const std::string& address) { return client.may(Right::view, address); };
    if (any_meter(matches) && any_meter(may_see)) found.push_back(&node);
  }
  return found;
}

Problems MeterFeed::subscribe(const Client& client, const std::string& pattern, int64_t interval_ns,
                              const Now& now) {
  auto parsed = parse(pattern);
  if (!parsed) return parsed.problems();
  auto nodes = matching(client, *parsed);
  return subscribers_.add(client, {pattern, std::move(*parsed), std::move(nodes), true}, interval_ns, now);
}

osc::Message MeterFeed::message(const NodeMeters& node, const Folded& readings) const {
  osc::Message message{"/meters" + node.address, {}};
  for (size_t i = node.first; i < node.first + node.meters.size(); i++)
    message.arguments.push_back(i < readings.size() ? readings[i].value_or(latest_[i]) : latest_[i]);
  return message;
}

/// After nodes came or went; a few in each tick, as there may be many.
void MeterFeed::look_up_again() {
  constexpr int kPerTick = 4;
  int left = kPerTick;
  for (auto& [client, subscriber] : subscribers_.map())
    for (Interest& interest : subscriber.interests) {
      if (interest.is_current) continue;
      if (left-- == 0) return;
      interest.nodes = matching(client, interest.pattern);
      interest.is_current = true;
    }
}

void MeterFeed::tick(const Now& now, const Send& send) {
  subscribers_.expire(now);
  look_up_again();
  subscribers_.serve_due(
      now, [](const auto&) { return true; },
      [&](const Client& client, auto& subscriber) {
        std::vector<osc::Message> messages;
        std::set<const NodeMeters*> told;  // two patterns may want the same
        for (const Interest& interest : subscriber.interests)
          for (const NodeMeters* node : interest.nodes)
            if (told.insert(node).second) messages.push_back(message(*node, subscriber.pending));
        subscriber.pending.clear();
        const size_t count = messages.size();
        send_all(send, client, std::move(messages), true);
        return count;
      });
}

int64_t MeterFeed::due() const {
  for (const auto& [client, subscriber] : subscribers_.map())
    for (const Interest& interest : subscriber.interests)
      if (!interest.is_current) return 0;
  return subscribers_.next([](const auto&) { return true; });
}

Result<std::vector<osc::Message>> MeterFeed::latest(const Client& client, const std::string& pattern) const {
  const auto parsed = parse(pattern);
  if (!parsed) return parsed.problems();
  std::vector<osc::Message> messages;
  for (const NodeMeters* node : matching(client, *parsed)) messages.push_back(message(*node, {}));
  return messages;
}

}  // namespace mixgraph

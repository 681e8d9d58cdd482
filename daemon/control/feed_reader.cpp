#include "daemon/control/feed_reader.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

namespace mixgraph {

void FeedReader::rename(const Graph& graph) {
  std::unordered_map<std::string, Entry> before;
  for (Entry& entry : entries_) before.emplace(entry.address, std::move(entry));
  entries_.clear();
  for (const Node& node : graph.nodes())
    for (size_t f = 0; f < node.type->feeds.size(); f++) {
      Entry entry{"/" + node.path + "/" + std::string(node.type->feeds[f].id), node.path, &node.type->feeds[f], int(f), false, 0, {}};
      const auto old = before.find(entry.address);
      entries_.push_back(old != before.end() && old->second.feed == entry.feed ? std::move(old->second) : std::move(entry));
    }
  for (auto& [client, subscriber] : subscribers_.map())
    for (Interest& interest : subscriber.interests) interest.is_current = false;
  wanted_for_ = UINT64_MAX;
}

std::vector<size_t> FeedReader::matching(const Client& client, const Pattern& pattern) const {
  std::vector<size_t> found;
  for (size_t e = 0; e < entries_.size(); e++)
    if (pattern.matches(entries_[e].address) && client.may(Right::view, entries_[e].address)) found.push_back(e);
  return found;
}

Result<FeedReader::Interest> FeedReader::parse(const std::string& text) {
  const bool floats = text.starts_with("/floats/");
  auto pattern = Pattern::parse(floats ? text.substr(7) : text.starts_with("/feeds/") ? text.substr(6) : text);
  if (!pattern) return pattern.problems();
  return Interest{text, std::move(*pattern), floats};
}

Problems FeedReader::subscribe(const Client& client, const std::string& pattern, int64_t interval_ns, const Now& now) {
  auto interest = parse(pattern);
  if (!interest) return interest.problems();
  return subscribers_.add(client, std::move(*interest), interval_ns, now);
}

/// Looks up who wants what, after it has changed; and switches on what somebody wants and may see, and off what nobody does.
void FeedReader::want(Engine& engine) {
  if (std::exchange(wanted_for_, subscribers_.edition()) == subscribers_.edition()) return;
  std::vector<bool> wanted(entries_.size());
  for (auto& [client, subscriber] : subscribers_.map())
    for (Interest& interest : subscriber.interests) {
      if (!std::exchange(interest.is_current, true)) interest.entries = matching(client, interest.pattern);
      for (const size_t e : interest.entries) wanted[e] = true;
    }
  for (size_t e = 0; e < entries_.size(); e++) {
    Entry& entry = entries_[e];
    const bool was = std::exchange(entry.wanted, wanted[e]);
    FeedBuffer* const buffer = engine.feed(entry.path, entry.number);
    if (!buffer) continue;
    buffer->want(entry.wanted);
    if (was || !entry.wanted) continue;
    buffer->take();  // of the last time that somebody wanted it
    entry.latest.clear();
  }
}

void FeedReader::read(Engine& engine) {
  for (Entry& entry : entries_) {
    FeedBuffer* const buffer = entry.wanted ? engine.feed(entry.path, entry.number) : nullptr;
    const std::span<const float> values = buffer ? buffer->take() : std::span<const float>();
    if (values.empty()) continue;
    entry.latest.assign(values.begin(), values.end());
    entry.edition++;
  }
}

/// As floats in several messages, each with the number of its first value, as a message holds but so many arguments.
std::vector<osc::Message> FeedReader::messages(const Entry& entry, bool floats) {
  std::vector<osc::Message> list;
  if (floats) {
    constexpr size_t kMost = 60;
    for (size_t first = 0; first < entry.latest.size(); first += kMost) {
      osc::Message part{"/floats" + entry.address, {int32_t(first)}};
      const size_t last = std::min(entry.latest.size(), first + kMost);
      part.arguments.insert(part.arguments.end(), entry.latest.begin() + std::ptrdiff_t(first), entry.latest.begin() + std::ptrdiff_t(last));
      list.push_back(std::move(part));
    }
    return list;
  }
  osc::Blob blob;
  for (const float value : entry.latest) {
    const auto bits = std::bit_cast<uint32_t>(value);
    for (int shift = 24; shift >= 0; shift -= 8) blob.bytes.push_back(uint8_t(bits >> shift));
  }
  list.push_back({"/feeds" + entry.address, {std::move(blob)}});
  return list;
}

void FeedReader::tick(const Now& now, Engine& engine, const Send& send) {
  subscribers_.expire(now);
  want(engine);
  if (subscribers_.map().empty()) return;
  read(engine);
  subscribers_.serve_due(
      now, [](const auto&) { return true; },
      [&](const Client& client, auto& subscriber) {
        std::vector<osc::Message> news;
        for (const Interest& interest : subscriber.interests)
          for (const size_t e : interest.entries) {
            const Entry& entry = entries_[e];
            if (entry.latest.empty()) continue;
            uint64_t& told = subscriber.pending[{entry.address, interest.floats}];
            if (std::exchange(told, entry.edition) == entry.edition) continue;
            for (osc::Message& m : messages(entry, interest.floats)) news.push_back(std::move(m));
          }
        for (const osc::Message& m : news) send(client, m, true);
        return news.size();
      });
}

int64_t FeedReader::due() const {
  if (wanted_for_ != subscribers_.edition()) return 0;
  return subscribers_.next([](const auto&) { return true; });
}

Result<std::vector<osc::Message>> FeedReader::list(const Client& client, const std::string& pattern) const {
  const auto interest = parse(pattern);
  if (!interest) return interest.problems();
  std::vector<osc::Message> messages;
  for (const size_t e : matching(client, interest->pattern)) {
    const Feed& feed = *entries_[e].feed;
    const Axis& along = feed.along;
    messages.push_back({"/feed",
                        {entries_[e].address, std::string(unit_symbol(feed.unit)), int32_t(feed.size), std::string(along.label),
                         std::string(unit_symbol(along.unit)), std::string(along.curve == Curve::log ? "log" : "linear"), along.first, along.last}});
  }
  return messages;
}

bool FeedReader::has(std::string_view address) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.address == address; });
}

}  // namespace mixgraph

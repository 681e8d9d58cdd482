#pragma once
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/osc/client.h"
#include "daemon/osc/now.h"
#include "daemon/osc/osc.h"
#include "graph/problem.h"

namespace mixgraph {

inline constexpr int64_t kLease = 10 * kSecond;  ///< ns; of UDP clients. A TCP connection is its own lease
inline constexpr size_t kMaxSubscribers = 64;
inline constexpr size_t kMaxInterests = 32;       ///< of one subscriber
inline constexpr size_t kMaxAllInterests = 512;   ///< of all of them
inline constexpr size_t kMessagesPerTick = 1000;  ///< about so many are sent before other work has its turn

/// Clients that asked for something to be sent to them, for as long as they renew it. `Interest` is what one
/// request selects, with the request as its `text`; `Pending` is what waits to be sent to one client.
/// [control]
template <class Interest, class Pending>
class Subscribers {
 public:
  struct Subscriber {
    int64_t lease_ends = 0, interval = 0, next = 0;  // monotonic ns, ns, monotonic ns
    std::vector<Interest> interests;
    Pending pending;
  };
  using Map = std::map<Client, Subscriber>;

  /// A request that was made before renews the lease and takes over the interval.
  Problems add(const Client& client, Interest interest, int64_t interval_ns, const Now& now) {
    const auto known = map_.find(client);
    if (known == map_.end() && map_.size() >= kMaxSubscribers)
      return {{interest.text, "there are " + std::to_string(kMaxSubscribers) + " subscribers already",
               "try later"}};
    Subscriber& subscriber = map_[client];
    subscriber.lease_ends = now.monotonic_ns + kLease;
    edition_ += std::exchange(subscriber.interval, interval_ns) != interval_ns;
    auto& list = subscriber.interests;
    if (std::any_of(list.begin(), list.end(), [&](const Interest& i) { return i.text == interest.text; }))
      return {};
    if (list.size() >= kMaxInterests)
      return {{interest.text, "you have " + std::to_string(kMaxInterests) + " subscriptions",
               "use a wider pattern"}};
    if (all_interests() >= kMaxAllInterests) {
      if (list.empty()) map_.erase(client);
      return {{interest.text, "there are " + std::to_string(kMaxAllInterests) + " subscriptions already",
               "try later"}};
    }
    list.push_back(std::move(interest));
    edition_++;
    return {};
  }

  /// False: it has no subscription.
  bool renew(const Client& client, const Now& now) {
    const auto found = map_.find(client);
    if (found == map_.end()) return false;
    found->second.lease_ends = now.monotonic_ns + kLease;
    return true;
  }

  /// An empty text: all of them. False: there was none.
  bool remove(const Client& client, const std::string& text) {
    const auto found = map_.find(client);
    if (found == map_.end()) return false;
    const size_t ended = std::erase_if(found->second.interests,
                                       [&](const Interest& i) { return text.empty() || i.text == text; });
    if (found->second.interests.empty()) map_.erase(found);
    edition_ += ended;
    return ended > 0;
  }

  /// A connection is its own lease, a surface has none; who is absent can be told nothing.
  void expire(const Now& now) {
    edition_ += std::erase_if(map_, [&](const auto& item) {
      const Client& client = item.first;
      return client->gone || (client->leased && now.monotonic_ns > item.second.lease_ends);
    });
  }
  /// Whether it is time to send to this one again; if so, the next time is one interval from now.
  static bool is_due(Subscriber& subscriber, const Now& now) {
    if (now.monotonic_ns < subscriber.next) return false;
    subscriber.next = now.monotonic_ns + subscriber.interval;
    return true;
  }

  /// When the first of those that have something to hear is due; monotonic ns, kNever: none has.
  template <class Wants>
  int64_t next(Wants wants) const {
    int64_t next = kNever;
    for (const auto& [client, subscriber] : map_)
      if (wants(subscriber)) next = std::min(next, subscriber.next);
    return next;
  }

  /// The messages to `address` by which the clients would ask for all this again.
  std::vector<std::pair<Client, osc::Message>> requests(const std::string& address) const {
    std::vector<std::pair<Client, osc::Message>> all;
    for (const auto& [client, subscriber] : map_)
      for (const Interest& interest : subscriber.interests)
        all.push_back(
            {client, {address, {interest.text, float(double(subscriber.interval) / kMillisecond)}}});
    return all;
  }

  /// Calls `serve` for each subscriber that is due and has something to hear, until it has made
  /// kMessagesPerTick messages; the others are first the next time. `serve` gives how many it made.
  template <class Wants, class Serve>
  void serve_due(const Now& now, Wants wants, Serve serve) {
    auto at = last_served_ ? map_.upper_bound(*last_served_) : map_.begin();
    size_t made = 0;
    for (size_t left = map_.size(); left > 0 && made < kMessagesPerTick; left--, ++at) {
      if (at == map_.end()) at = map_.begin();
      if (!wants(at->second) || !is_due(at->second, now)) continue;
      last_served_ = at->first;
      made += serve(at->first, at->second);
    }
  }

  /// Goes up whenever who asked for what changes.
  uint64_t edition() const { return edition_; }

  std::vector<Client> clients() const {
    std::vector<Client> all;
    for (const auto& [client, subscriber] : map_) all.push_back(client);
    return all;
  }

  Map& map() { return map_; }
  const Map& map() const { return map_; }

 private:
  size_t all_interests() const {
    size_t all = 0;
    for (const auto& [client, subscriber] : map_) all += subscriber.interests.size();
    return all;
  }

  Map map_;
  uint64_t edition_ = 0;
  std::optional<Client> last_served_;
};

}  // namespace mixgraph

#include "daemon/control/feedback.h"

namespace mixgraph {

void Feedback::Interest::look_up(const Namespace& names) {
  wanted.clear();
  for (const Entry& entry : names.entries()) {
    const bool by_alias = !entry.alias.empty() && pattern.matches(entry.alias);
    wanted.push_back(pattern.matches(entry.address) ? canonical : by_alias ? alias : none);
  }
}

Problems Feedback::subscribe(const ClientId& client, const std::string& pattern, int64_t interval_ns,
                             const Namespace& names, const Now& now) {
  const bool norm = pattern.starts_with("/norm/");
  auto parsed = Pattern::parse(norm ? pattern.substr(5) : pattern);
  if (!parsed) return parsed.problems();
  Interest interest{pattern, std::move(*parsed), norm, {}};
  interest.look_up(names);
  return subscribers_.add(client, std::move(interest), interval_ns, now);
}

void Feedback::changed(const Entry& entry, size_t index, const ClientId* setter) {
  for (auto& [client, subscriber] : subscribers_.map()) {
    const auto wants = [&](const Interest& interest) { return interest.wanted[index] != none; };
    if (setter && client == *setter)
      subscriber.pending.erase(entry.address);
    else if (std::any_of(subscriber.interests.begin(), subscriber.interests.end(), wants))
      subscriber.pending.insert(entry.address);
  }
}

void Feedback::rename(const Namespace& names) {
  for (auto& [client, subscriber] : subscribers_.map())
    for (Interest& interest : subscriber.interests) interest.look_up(names);
}

void Feedback::tick(const Now& now, const Namespace& names, const ValueOf& value_of, const Send& send) {
  subscribers_.expire(now);
  for (auto& [client, subscriber] : subscribers_.map())
    if (!subscriber.pending.empty() && List::is_due(subscriber, now))
      send_all(send, client, messages(subscriber, names, value_of), false);
}

std::vector<osc::Message> Feedback::messages(List::Subscriber& subscriber, const Namespace& names,
                                             const ValueOf& value_of) {
  std::vector<osc::Message> list;
  for (const std::string& address : std::exchange(subscriber.pending, {})) {
    const Entry* entry = names.find(address);
    if (!entry) continue;
    std::set<std::string> told;  // two patterns may want the same
    for (const Interest& interest : subscriber.interests) {
      const uint8_t form = interest.wanted[names.index(*entry)];
      if (form == none) continue;
      const std::string shown =
          (interest.norm ? "/norm" : "") + (form == alias ? entry->alias : entry->address);
      if (told.insert(shown).second) list.push_back({shown, {value_of(*entry, interest.norm)}});
    }
  }
  return list;
}

std::vector<ClientId> Feedback::clients() const {
  std::vector<ClientId> all;
  for (const auto& [client, subscriber] : subscribers_.map()) all.push_back(client);
  return all;
}

}  // namespace mixgraph

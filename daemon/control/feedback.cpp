#include "daemon/control/feedback.h"

namespace mixgraph {

Feedback::Form Feedback::Interest::form(const Client& client, const Entry& entry, size_t index) {
  if (wanted.size() <= index) wanted.resize(index + 1);
  uint8_t& known = wanted[index];
  if (known == unknown) {
    const bool by_alias = !entry.alias.empty() && pattern.matches(entry.alias);
    const bool may = client.may(Right::view, entry.address);
    known = !may ? none : pattern.matches(entry.address) ? canonical : by_alias ? alias : none;
  }
  return Form(known);
}

Problems Feedback::subscribe(const Client& client, const std::string& pattern, int64_t interval_ns,
                             const Now& now) {
  const bool norm = pattern.starts_with("/norm/");
  auto parsed = Pattern::parse(norm ? pattern.substr(5) : pattern);
  if (!parsed) return parsed.problems();
  Interest interest{pattern, std::move(*parsed), norm, {}};
  return subscribers_.add(client, std::move(interest), interval_ns, now);
}

void Feedback::changed(const Entry& entry, size_t index, const Client* setter) {
  for (auto& [client, subscriber] : subscribers_.map()) {
    const auto wants = [&](Interest& interest) { return interest.form(client, entry, index) != none; };
    if (setter && client == *setter)
      subscriber.pending.erase(entry.address);
    else if (std::any_of(subscriber.interests.begin(), subscriber.interests.end(), wants))
      subscriber.pending.insert(entry.address);
  }
}

void Feedback::follow(const Applied& applied) {
  if (applied.renamed)
    for (auto& [client, subscriber] : subscribers_.map())
      for (Interest& interest : subscriber.interests) interest.wanted.clear();
  for (const Entry* entry : applied.values) changed(*entry, applied.names->index(*entry), applied.setter);
  for (const Entry* entry : applied.unsaid) changed(*entry, applied.names->index(*entry), nullptr);
}

void Feedback::tick(const Now& now, const Namespace& names, const ValueOf& value_of, const Send& send) {
  subscribers_.expire(now);
  subscribers_.serve_due(
      now, [](const auto& subscriber) { return !subscriber.pending.empty(); },
      [&](const Client& client, auto& subscriber) {
        auto list = messages(client, subscriber, names, value_of);
        const size_t count = list.size();
        send_all(send, client, std::move(list), false);
        return count;
      });
}

int64_t Feedback::due() const {
  return subscribers_.next([](const auto& subscriber) { return !subscriber.pending.empty(); });
}

std::vector<osc::Message> Feedback::messages(const Client& client, List::Subscriber& subscriber, const Namespace& names,
                                             const ValueOf& value_of) {
  std::vector<osc::Message> list;
  Pending& pending = subscriber.pending;
  while (!pending.empty() && list.size() < kMessagesPerTick) {
    const auto address = pending.extract(pending.begin());
    const Entry* entry = names.find(address.value());
    if (!entry) continue;
    std::set<std::string> told;  // two patterns may want the same
    for (Interest& interest : subscriber.interests) {
      const Form form = interest.form(client, *entry, names.index(*entry));
      if (form == none) continue;
      const std::string shown =
          (interest.norm ? "/norm" : "") + (form == alias ? entry->alias : entry->address);
      if (told.insert(shown).second) list.push_back({shown, {value_of(*entry, interest.norm)}});
    }
  }
  return list;
}

}  // namespace mixgraph

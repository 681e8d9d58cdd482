#pragma once
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "daemon/control/change.h"
#include "daemon/control/namespace.h"
#include "daemon/osc/send.h"
#include "daemon/control/subscribers.h"

namespace mixgraph {

/// Who wants to hear of changes of which parameters. Changes are gathered, so that a subscriber gets the
/// latest value of each parameter at most once per interval; the first change after a pause goes out at the
/// next tick. [control]
class Feedback {
 public:
  /// A parameter's value as it is now, also as a `norm` position.
  using ValueOf = std::function<osc::Argument(const Entry&, bool norm)>;

  /// `pattern`: of addresses, with or without `/norm` before it.
  Problems subscribe(const Client& client, const std::string& pattern, int64_t interval_ns, const Now& now);
  bool renew(const Client& client, const Now& now) { return subscribers_.renew(client, now); }
  bool unsubscribe(const Client& client, const std::string& pattern) {
    return subscribers_.remove(client, pattern);
  }

  /// Notes the new values of a change. Its author, if there is one, knows them already.
  void follow(const Applied& applied);
  /// A parameter has a new value. Its setter, if there is one, knows it already.
  void changed(const Entry& entry, size_t index, const Client* setter);
  /// Sends what is due, and ends leases that are over.
  void tick(const Now& now, const Namespace& names, const ValueOf& value_of, const Send& send);
  /// When tick() has something to send; monotonic ns, kNever: nothing waits.
  int64_t due() const;
  bool has_subscribers() const { return !subscribers_.map().empty(); }

  std::vector<Client> clients() const { return subscribers_.clients(); }
  /// Goes up whenever they change.
  uint64_t edition() const { return subscribers_.edition(); }
  /// The messages by which the clients would subscribe again.
  std::vector<std::pair<Client, osc::Message>> requests() const {
    return subscribers_.requests("/subscribe");
  }

 private:
  enum Form : uint8_t { unknown, none, canonical, alias };
  struct Interest {
    std::string text;
    Pattern pattern;
    bool norm = false;
    std::vector<uint8_t> wanted;  // Form, by index of entry; found when it is first needed
    Form form(const Client& client, const Entry& entry, size_t index);
  };
  using Pending = std::set<std::string>;  // addresses
  using List = Subscribers<Interest, Pending>;
  static std::vector<osc::Message> messages(const Client& client, List::Subscriber& subscriber, const Namespace& names,
                                            const ValueOf& value_of);

  List subscribers_;
};

}  // namespace mixgraph

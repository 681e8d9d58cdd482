#pragma once
#include <map>
#include <string>
#include <vector>

#include "daemon/osc/pattern.h"
#include "daemon/osc/send.h"
#include "daemon/control/subscribers.h"
#include "graph/engine.h"

namespace mixgraph {

/// The feeds: vectors such as spectra, and the clients that want them at their own pace. What nobody wants isn't computed.
/// A client gets a feed's latest values, if they are newer than those that it got last, as a blob of big-endian floats; of a
/// pattern with `/floats` before it as floats, in messages that begin with the number of their first value. [control]
class FeedReader {
 public:
  /// Nodes came or went.
  void rename(const Graph& graph);
  /// `pattern`: of the addresses of feeds, with `/feeds` or `/floats` before it or without.
  Problems subscribe(const Client& client, const std::string& pattern, int64_t interval_ns, const Now& now);
  bool renew(const Client& client, const Now& now) { return subscribers_.renew(client, now); }
  bool unsubscribe(const Client& client, const std::string& pattern) { return subscribers_.remove(client, pattern); }
  void tick(const Now& now, Engine& engine, const Send& send);
  /// When tick() has something to do; monotonic ns, kNever: for nobody.
  int64_t due() const;

  /// What a pattern matches, and the client may see: `/feed ,ssisssdd address unit size label unit curve first last`.
  Result<std::vector<osc::Message>> list(const Client& client, const std::string& pattern) const;
  bool has(std::string_view address) const;
  std::vector<Client> clients() const { return subscribers_.clients(); }
  uint64_t edition() const { return subscribers_.edition(); }
  std::vector<std::pair<Client, osc::Message>> requests() const { return subscribers_.requests("/feeds/subscribe"); }

 private:
  struct Entry {
    std::string address, path;
    const Feed* feed;
    int number;
    bool wanted = false;
    uint64_t edition = 0;  // goes up with each reading
    std::vector<float> latest;
  };
  struct Interest {
    std::string text;
    Pattern pattern;
    bool floats = false;
    std::vector<size_t> entries = {};  // that it matches and its client may see
    bool is_current = false;           // they are those of now
  };
  using Told = std::map<std::pair<std::string, bool>, uint64_t>;  // editions, by address and form
  static Result<Interest> parse(const std::string& text);
  static std::vector<osc::Message> messages(const Entry& entry, bool floats);
  std::vector<size_t> matching(const Client& client, const Pattern& pattern) const;
  void want(Engine& engine);
  void read(Engine& engine);

  std::vector<Entry> entries_;
  Subscribers<Interest, Told> subscribers_;
  uint64_t wanted_for_ = UINT64_MAX;  // edition of the subscriptions, for which the feeds are switched on
};

}  // namespace mixgraph

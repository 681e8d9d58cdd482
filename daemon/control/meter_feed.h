#pragma once
#include <optional>
#include <string>
#include <vector>

#include "daemon/control/namespace.h"
#include "daemon/osc/send.h"
#include "daemon/control/subscribers.h"
#include "graph/engine.h"

namespace mixgraph {

/// The meters: the latest readings, and the clients that want them at their own pace. Each client's readings
/// are folded (the highest peak, the deepest gain reduction) since the last message to it. [control]
class MeterFeed {
 public:
  explicit MeterFeed(const Namespace& names) { rename(names); }

  /// Nodes came or went.
  void rename(const Namespace& names);
  /// Takes readings from the engine: of all meters, in the order of Namespace::meters().
  void read(std::span<const float> readings);
  /// `pattern`: of the addresses of nodes or meters, with or without `/meters` before it.
  Problems subscribe(const Client& client, const std::string& pattern, int64_t interval_ns, const Now& now);
  bool renew(const Client& client, const Now& now) { return subscribers_.renew(client, now); }
  bool unsubscribe(const Client& client, const std::string& pattern) {
    return subscribers_.remove(client, pattern);
  }
  void tick(const Now& now, const Send& send);
  /// When tick() has something to do; monotonic ns, kNever: for nobody.
  int64_t due() const;

  /// The latest messages of all nodes that a pattern matches, and the client may see.
  Result<std::vector<osc::Message>> latest(const Client& client, const std::string& pattern) const;
  /// The latest reading, by the number of an entry of Namespace::meters().
  float value(size_t index) const { return latest_[index]; }
  std::vector<Client> clients() const { return subscribers_.clients(); }
  /// Goes up whenever they change.
  uint64_t edition() const { return subscribers_.edition(); }
  /// The messages by which the clients would subscribe again.
  std::vector<std::pair<Client, osc::Message>> requests() const {
    return subscribers_.requests("/meters/subscribe");
  }

 private:
  struct NodeMeters {
    std::string address;  // of the node
    std::span<const Meter> meters;
    size_t first;  // index of the first meter
  };
  struct Interest {
    std::string text;
    Pattern pattern;
    std::vector<const NodeMeters*> nodes;
    bool is_current = false;  // nodes are those of now
  };
  using Folded = std::vector<std::optional<float>>;  // since the last message; by meter, or shorter
  using List = Subscribers<Interest, Folded>;
  static Result<Pattern> parse(const std::string& text);
  std::vector<const NodeMeters*> matching(const Client& client, const Pattern& pattern) const;
  void look_up_again();
  void fold_into(Folded& pending) const;
  osc::Message message(const NodeMeters& node, const Folded& readings) const;

  std::vector<NodeMeters> nodes_;
  std::vector<float> latest_;
  List subscribers_;
};

}  // namespace mixgraph

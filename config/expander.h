#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/composite.h"
#include "config/scope.h"
#include "graph/followers.h"
#include "graph/links.h"
#include "graph/graph.h"

namespace mixgraph {

/// The names of a listener's sources, or of a send's targets, and where they are looked up.
struct Wire {
  std::string path, port;  ///< the listener and its input: "from", "key"; or a send and "to"
  std::vector<Word> names;
  std::string inner, outer;   ///< scopes (config/scope.h)
  std::vector<Cable> cables;  ///< after connect()
};

/// The names of the groups that a path is a member of.
struct Membership {
  std::string path;
  std::vector<Word> names;
  std::string outer;
};

/// Whom a path follows, in words.
struct LinkText {
  Word leader;
  std::vector<std::pair<Word, double>> offsets;  ///< by row
  std::string outer;
};

/// Makes plain nodes and cables of nodes as they are written. Everything is declared first, so that sources
/// may stand below their listeners, then connected. Problems go to the report. [any]
class Expander {
 public:
  Expander(NodeTypes types, const Composites& composites, Report& report)
      : types_(types), composites_(composites), report_(report) {}

  /// A graph that the new nodes join.
  void join_graph(const Graph& graph) { scope_.add(graph, composites_); }
  /// A node, composite instance or group as it stands in a session: {type: strip, from: in/1, fader: -3}.
  void declare(const std::string& path, const Word& name, const Yaml& settings);
  /// Turns names into cables; once, after everything is declared.
  void connect();

  const Scope& scope() const { return scope_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const Facts& facts() const { return facts_; }
  const std::vector<Wire>& wires() const { return wires_; }
  std::vector<Edit> edits() const;

  const NodeType* find_type(std::string_view id) const;
  /// What a name means as a source or as targets; reports what is wrong with it. Makes device inputs.
  std::optional<End> source(const Word& name, const std::string& inner, const std::string& outer);
  std::vector<End> targets(const Word& name, const std::string& inner, const std::string& outer);

 private:
  // What is declared. `outer` is the composite instance whose definition the text stands in, "" for a
  // session.
  bool add_item(const std::string& path, const Word& name, const Word& type);
  void add_node(const std::string& path, const NodeType& type, const Place& place);
  void add_composite(const std::string& path, const Composite& composite, const Place& place);
  void add_parts(const std::string& path, const Composite& composite, const Place& place);
  void add_group(const std::string& path, const Word& name, const Yaml& settings);
  void refuse(const std::string& path, const Place& place, std::string what, std::string hint);
  bool has_nodes(const std::string& path) const;
  void finish_layer();

  // Settings.
  void apply(const std::string& path, const Yaml& settings, const std::string& outer, bool with_type);
  void set(const std::string& path, const Yaml::Entry& entry, const std::string& outer);
  bool set_fact(const std::string& path, const Yaml::Entry& entry, const std::string& outer);
  void read_link(const std::string& path, const Yaml& value, const std::string& outer);
  void read_offsets(const std::string& prefix, const Yaml& offsets, LinkText& link);
  void set_in_composite(const std::string& path, const Yaml::Entry& entry, const std::string& outer);
  void set_send(const std::string& path, const Yaml::Entry& entry, const std::string& outer);
  void set_send_key(const std::string& path, const std::string& send, const Yaml::Entry& entry,
                    const std::string& outer);
  void set_in_node(const std::string& path, const Yaml::Entry& entry, const std::string& outer);
  void set_row(Node& node, const std::string& prefix, const Yaml::Entry& entry);
  void set_main(const std::string& path, std::string_view name, const Yaml& value);
  void add_wire(const std::string& path, const std::string& port, std::vector<Word> names,
                const std::string& outer);
  void unknown_part(const Composite& composite, const Yaml::Entry& entry);
  void unknown_parameter(const NodeType& type, const std::string& prefix, const Yaml::Entry& entry);

  // Connections.
  void connect(Wire& wire);
  void enlist(const Membership& membership, const FollowerParts& parts);
  void link();
  std::optional<std::string> leader_named(const std::string& path, const LinkText& link) const;
  void check_listen_nodes();
  bool add_device_input(const Word& name, std::string_view path);
  void explain_source(const Word& name, const std::string& inner, const std::string& outer);
  void explain_targets(const Word& name, const std::string& inner, const std::string& outer);
  void unknown_name(const Word& name, const std::string& inner, const std::string& outer);
  void check_addresses();
  Node& node_at(const std::string& path) { return nodes_[index_.at(path)]; }

  NodeTypes types_;
  const Composites& composites_;
  Report& report_;
  Scope scope_;
  std::vector<Node> nodes_, device_inputs_;
  std::map<std::string, size_t> index_;  ///< of nodes_
  Facts facts_;
  std::vector<Wire> wires_;
  std::map<std::string, Membership> memberships_;  ///< by path
  std::map<std::string, LinkText> links_;          ///< the same
  std::map<std::pair<std::string, std::string>, size_t> wire_of_;  ///< by path and port
  std::set<Cable> cables_;
  std::set<std::string> mentioned_,
      decided_;  ///< nodes that this layer of settings names; and whose bypass it sets
};

}  // namespace mixgraph

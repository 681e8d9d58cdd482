#pragma once
#include <map>
#include <string>
#include <string_view>

#include "config/session.h"
#include "config/value.h"

namespace mixgraph {

/// Reads the scopes of a file's scenes: paths, such as "mix/{vox,drums}/fader", or nodes and their types, {mix/gone: fader}.
/// The path of a node means it alone, any other all nodes beneath it. [any]
class ScopeReader {
 public:
  ScopeReader(const Graph& graph, NodeTypes types, Report& report);
  Scene::Scope read(const Yaml& yaml);

 private:
  void add_item(const Yaml& item);
  void add_exact(const Yaml::Entry& entry);
  /// False with a problem: `begun` and each of what `rest` goes on with must be there.
  bool add_paths(const std::string& begun, std::string_view rest);
  bool add_path(const std::string& path);
  bool add(const std::string& path, const NodeType& type);
  bool miss(const std::string& path);

  NodeTypes types_;
  Report& report_;
  std::map<std::string_view, const Node*> nodes_;
  Scene::Scope scope_;       // of the scene at hand
  Place place_;              // of its item at hand
  std::string_view text_;    // the same item's
  size_t left_ = kMostScopeNodes;
  int suggestions_left_ = 20;
};

/// The scopes of a graph's scenes as ScopeReader reads them. [any]
class ScopeWriter {
 public:
  explicit ScopeWriter(const Graph& graph) : graph_(graph) {}
  /// A null for an empty one.
  Yaml write(const Scene::Scope& scope) const;

 private:
  const Graph& graph_;
};

}  // namespace mixgraph

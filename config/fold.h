#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/expander.h"
#include "config/session.h"

namespace mixgraph {

/// A send of an instance that its definition doesn't have.
struct ExtraSend {
  const Node* node;
  std::string instance, name;                  ///< "mix/vox" and "hall" of the node "mix/vox/sends/hall"
  std::optional<std::vector<std::string>> to;  ///< its targets, unless they are what the name means
};

/// A composite instance whose nodes are all there, so that it can be written as one, with what differs.
struct CompositeInstance {
  std::string path;
  const Composite* composite = nullptr;
  std::vector<Node> nodes;                    ///< as the definition makes them
  Facts facts;                                ///< by the definition: the types of itself and of instances within it, and more
  std::map<End, std::set<Cable>> wired;       ///< cables of its nodes' inputs, by the definition
  std::map<std::string, std::vector<Cable>>
      inputs;  ///< cables from outside by the instance's input: "from", "key"
  std::vector<ExtraSend> sends;
};

/// Finds what of a graph can be written as composite instances, and which cables the instances and their
/// sends tell of, so that no listener has to. [any]
class Folding {
 public:
  Folding(const Graph& graph, const Composites& composites);

  const Scope& scope() const { return scope_; }
  const std::map<std::string, CompositeInstance>& folds() const { return folds_; }
  /// The instance that a node is part of, or nullptr.
  const CompositeInstance* fold_of(const std::string& path) const;
  /// Whether a path is a composite instance within one that is written as a whole, or such a one itself.
  bool is_folded_group(const std::string& path) const;
  /// The cables into a port that its listener has to tell of.
  std::vector<Cable> untold(const End& end) const;
  /// The cables into a port that something else tells of.
  std::set<Cable> told(const End& end) const;
  /// The shortest name of an output that a listener in the scope `inner` can write.
  std::string name_of(const End& source, const std::string& inner) const;
  /// The shortest name of a node that something in that scope can write.
  std::string name_of_node(const std::string& path, const std::string& inner) const;

 private:
  void fold(const std::string& path, const Composite& composite);
  void collect_sends();
  void tell_targets(ExtraSend& send);
  void tell_inputs(CompositeInstance& fold);
  std::string name_of_target(const Cable& cable, const std::string& inner, std::set<Cable>& left) const;
  bool connected(const std::string& from, const std::vector<End>& ends) const;
  std::string shortest(std::string_view path, std::string_view suffix, const std::string& inner,
                       const std::function<bool(const std::string&)>& means) const;

  const Graph& graph_;
  const Composites& composites_;
  Scope scope_;
  std::vector<const NodeType*> types_;
  std::map<End, std::vector<Cable>> cables_;  ///< by listener
  std::map<std::string, CompositeInstance> folds_;
  std::map<std::string, std::string> owners_;  ///< a node's or a group's instance
  std::set<Cable> told_;
};

}  // namespace mixgraph

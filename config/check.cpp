// What can be wrong with definitions of composite types once all of them are known.
#include <algorithm>
#include <set>
#include <utility>

#include "config/expander.h"

namespace mixgraph {
namespace {

constexpr size_t kMaxNesting = 8;
constexpr size_t kMaxSize = 1000;  ///< nodes

struct Extent {
  size_t size, depth;
};

/// Checks every definition after those that it uses.
class Checker {
 public:
  Checker(Composites& composites, NodeTypes types) : composites_(composites), types_(types) {}

  void check(const std::string& name, Composite& c) {
    if (!done_.insert(name).second) return;
    chain_.push_back(name);
    bool tried = !c.parts.empty() && !c.type.empty();
    Extent extent{0, 1};
    for (const Composite::Part& part : c.parts) {
      tried &= check_part(c, part);
      auto found = extents_.find(part.type.text);
      Extent inner = found == extents_.end() ? Extent{1, 0} : found->second;
      extent = {extent.size + inner.size, std::max(extent.depth, inner.depth + 1)};
    }
    chain_.pop_back();
    extents_[name] = extent;
    bool too_large = extent.size > kMaxSize || extent.depth > kMaxNesting;
    if (too_large)
      c.report.add(
          c.place, "the composite type is too large",
          "at most " + std::to_string(kMaxSize) + " nodes, nested " + std::to_string(kMaxNesting) + " deep");
    if (std::any_of(types_.begin(), types_.end(), [&](const NodeType* t) { return t->id == name; }))
      return c.report.add(c.place, "`" + name + "` is the name of a node type", "choose another name");
    if (tried && !too_large) try_out(name, c);
  }

 private:
  /// False if the part would expand for ever.
  bool check_part(Composite& c, const Composite::Part& part) {
    auto used = composites_.find(part.type.text);
    if (used == composites_.end()) return true;
    auto loop = std::find(chain_.begin(), chain_.end(), used->first);
    if (loop == chain_.end()) {
      check(used->first, used->second);
      return true;
    }
    std::string way;
    for (; loop != chain_.end(); ++loop) way += *loop + " -> ";
    c.report.add(part.type.place, "`" + used->first + "` contains itself", way + used->first);
    return false;
  }

  /// Expands the definition on its own, which finds all problems within it.
  void try_out(const std::string& name, Composite& c) {
    Report before = std::exchange(c.report, Report());
    drop_useless_input(c);
    Report report;
    Expander expander(types_, composites_, report);
    Yaml settings;
    settings.kind = Yaml::Kind::mapping;
    settings.entries.push_back({"type", c.place, write_text(name)});
    expander.declare(name, {name, c.place}, settings);
    expander.connect();
    for (const auto& [input, parts] : c.inputs)
      for (const Word& part : parts) expander.targets(part, name, name);
    expander.source(c.output, name, name);
    if (c.pre) expander.source(*c.pre, name, name);
    if (c.post) expander.source(*c.post, name, name);
    c.report = std::move(before);
    c.report.add(report);
  }

  /// By default the input is the first part; if that has none, nor has the composite.
  void drop_useless_input(Composite& c) {
    auto from = c.inputs.find("from");
    if (from == c.inputs.end() || from->second.size() != 1 || from->second[0].text != c.parts[0].name.text)
      return;
    for (const NodeType* type : types_)
      if (type->id == c.parts[0].type.text && type->inputs.empty()) return void(c.inputs.erase(from));
  }

  Composites& composites_;
  NodeTypes types_;
  std::set<std::string> done_;
  std::vector<std::string> chain_;
  std::map<std::string, Extent> extents_;
};

}  // namespace

void check_composites(Composites& composites, NodeTypes types) {
  Checker checker(composites, types);
  for (auto& [name, composite] : composites) checker.check(name, composite);
}

}  // namespace mixgraph

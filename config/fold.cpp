#include "config/fold.h"

#include <algorithm>

namespace mixgraph {
namespace {

bool is_below(std::string_view path, std::string_view base) {
  return path.size() > base.size() && path.starts_with(base) && (base.empty() || path[base.size()] == '/');
}

}  // namespace

Folding::Folding(const Graph& graph, const Composites& composites) : graph_(graph), composites_(composites) {
  scope_.add(graph, composites);
  for (const Node& node : graph.nodes())
    if (std::find(types_.begin(), types_.end(), node.type) == types_.end()) types_.push_back(node.type);
  for (const Cable& cable : graph.cables())
    if (is_in_section(cable.from) && is_in_section(cable.to))
      cables_[{cable.to, cable.to_port}].push_back(cable);
  // Outer instances come before those within them.
  for (const auto& [path, type] : graph.composites()) {
    auto composite = composites.find(type);
    if (composite != composites.end() && !owners_.count(path) && is_in_section(path))
      fold(path, composite->second);
  }
  collect_sends();
  for (auto& [path, folded] : folds_) tell_inputs(folded);
}

void Folding::fold(const std::string& path, const Composite& composite) {
  Report report;
  Expander expander(types_, composites_, report);
  Yaml settings;
  settings.kind = Yaml::Kind::mapping;
  settings.entries.push_back({"type", {}, write_text(composite.type)});
  expander.declare(path, {path, {}}, settings);
  expander.connect();
  if (!report.empty()) return;
  for (const Node& node : expander.nodes()) {
    const Node* actual = graph_.find(node.path);
    if (!actual || actual->type != node.type || owners_.count(node.path)) return;
  }
  for (const auto& [at, value] : expander.facts())
    if (at.second == kTypeFact && graph_.composite_of(at.first) != value) return;
  CompositeInstance folded{path, &composite, expander.nodes(), expander.facts(), {}, {}, {}};
  std::vector<Cable> fixed;  // told by the definition in a way that an instance can't change
  for (const Wire& wire : expander.wires())
    for (const Cable& cable : wire.cables)
      if (wire.port != "to" && expander.scope().at(wire.path)->type)
        folded.wired[{cable.to, cable.to_port}].insert(cable);
      else
        fixed.push_back(cable);
  if (!std::all_of(fixed.begin(), fixed.end(), [&](const Cable& c) { return graph_.has(c); })) return;
  told_.insert(fixed.begin(), fixed.end());
  for (const Node& node : folded.nodes) owners_[node.path] = path;
  for (const auto& [at, value] : folded.facts)
    if (at.second == kTypeFact) owners_[at.first] = path;
  folds_.emplace(path, std::move(folded));
}

void Folding::collect_sends() {
  for (const Node& node : graph_.nodes()) {
    if (node.type->id != "send" || owners_.count(node.path)) continue;
    for (std::string_view base = parent_of(node.path); !base.empty(); base = parent_of(base)) {
      auto owner = owners_.find(std::string(base));
      std::string start = join(base, "sends/");
      if (owner == owners_.end() || !node.path.starts_with(start)) continue;
      const Item* item = scope_.at(base);
      if (!item || !item->composite || !item->composite->has_sends()) continue;
      ExtraSend send{&node, std::string(base), node.path.substr(start.size()), {}};
      tell_targets(send);
      owners_[node.path] = owner->second;
      folds_.at(owner->second).sends.push_back(std::move(send));
      break;
    }
  }
}

bool Folding::connected(const std::string& from, const std::vector<End>& ends) const {
  return std::all_of(ends.begin(), ends.end(), [&](const End& e) {
    return graph_.has({from, 0, e.path, e.port});
  });
}

void Folding::tell_targets(ExtraSend& send) {
  std::string inner(parent_of(send.instance));
  std::vector<End> usual = scope_.targets(send.name, inner, "");
  if (!usual.empty() && connected(send.node->path, usual)) {
    for (const End& end : usual) told_.insert({send.node->path, 0, end.path, end.port});
    return;
  }
  std::set<Cable> left;
  for (const auto& [end, cables] : cables_)
    for (const Cable& cable : cables)
      if (cable.from == send.node->path && cable.from_port == 0) left.insert(cable);
  told_.insert(left.begin(), left.end());
  send.to.emplace();
  while (!left.empty()) send.to->push_back(name_of_target(*left.begin(), inner, left));
}

void Folding::tell_inputs(CompositeInstance& fold) {
  for (const auto& [input, parts] : fold.composite->inputs) {
    std::vector<End> ends = scope_.inputs(fold.path, input);
    if (ends.empty()) continue;
    std::vector<Cable> common;
    for (const Cable& first : untold(ends[0])) {
      auto is_there = [&](const End& end) {
        Cable cable{first.from, first.from_port, end.path, end.port};
        auto wired = fold.wired.find(end);
        return graph_.has(cable) && (wired == fold.wired.end() || !wired->second.count(cable));
      };
      if (std::all_of(ends.begin(), ends.end(), is_there)) common.push_back(first);
    }
    for (const Cable& first : common)
      for (const End& end : ends) told_.insert({first.from, first.from_port, end.path, end.port});
    if (!common.empty()) fold.inputs[input] = std::move(common);
  }
}

const CompositeInstance* Folding::fold_of(const std::string& path) const {
  auto owner = owners_.find(path);
  return owner == owners_.end() ? nullptr : &folds_.at(owner->second);
}

bool Folding::is_folded_group(const std::string& path) const {
  const CompositeInstance* fold = fold_of(path);
  return fold && fold->facts.count({path, std::string(kTypeFact)});
}

std::vector<Cable> Folding::untold(const End& end) const {
  std::vector<Cable> cables;
  if (auto found = cables_.find(end); found != cables_.end())
    for (const Cable& cable : found->second)
      if (!told_.count(cable)) cables.push_back(cable);
  return cables;
}

std::set<Cable> Folding::told(const End& end) const {
  std::set<Cable> cables;
  if (auto found = cables_.find(end); found != cables_.end())
    for (const Cable& cable : found->second)
      if (told_.count(cable)) cables.insert(cable);
  return cables;
}

std::string Folding::shortest(std::string_view path, std::string_view suffix, const std::string& inner,
                              const std::function<bool(const std::string&)>& means) const {
  for (std::string_view base = inner;; base = parent_of(base)) {
    if (base.empty() || is_below(path, base)) {
      std::string name(base.empty() ? path : path.substr(base.size() + 1));
      name += suffix;
      if (means(name)) return name;
    }
    if (base.empty()) break;
  }
  std::string name = "/" + std::string(path) + std::string(suffix);
  return means(name) ? name : "";
}

std::string Folding::name_of(const End& source, const std::string& inner) const {
  auto means = [&](const std::string& name) { return scope_.source(name, inner, "") == source; };
  // A device input may be made by this name, which has to be whole then.
  if (is_device_input(source.path)) return means(source.path) ? source.path : "/" + source.path;
  // The outermost composite whose output it is; the node itself at last.
  for (size_t slash = source.path.find('/'); slash != source.path.npos;
       slash = source.path.find('/', slash + 1)) {
    std::string group = source.path.substr(0, slash);
    const Item* item = scope_.at(group);
    if (!item || !item->composite) continue;
    if (std::string name = shortest(group, "", inner, means); !name.empty()) return name;
  }
  const NodeType& type = *scope_.at(source.path)->type;
  std::string suffix = source.port == 0 ? "" : ":" + std::string(type.outputs[size_t(source.port)].id);
  return shortest(source.path, suffix, inner, means);
}

std::string Folding::name_of_node(const std::string& path, const std::string& inner) const {
  return shortest(path, "", inner, [&](const std::string& name) { return scope_.find(name, inner, "") == path; });
}

std::string Folding::name_of_target(const Cable& cable, const std::string& inner,
                                    std::set<Cable>& left) const {
  std::vector<End> ends;
  auto means = [&](const std::string& name) { return scope_.targets(name, inner, "") == ends; };
  auto take = [&](const std::string& name) {
    for (const End& end : ends) left.erase({cable.from, 0, end.path, end.port});
    return name;
  };
  End target{cable.to, cable.to_port};
  for (size_t slash = cable.to.find('/'); slash != cable.to.npos; slash = cable.to.find('/', slash + 1)) {
    std::string group = cable.to.substr(0, slash);
    ends = scope_.inputs(group, "from");
    bool includes = std::find(ends.begin(), ends.end(), target) != ends.end();
    if (!scope_.at(group) || !includes || !connected(cable.from, ends)) continue;
    if (std::string name = shortest(group, "", inner, means); !name.empty()) return take(name);
  }
  ends = {target};
  const NodeType& type = *scope_.at(cable.to)->type;
  std::string suffix = cable.to_port == 0 ? "" : ":" + std::string(type.inputs[size_t(cable.to_port)].id);
  return take(shortest(cable.to, suffix, inner, means));
}

}  // namespace mixgraph

#include "config/expander.h"

#include <algorithm>

namespace mixgraph {
namespace {

constexpr size_t kMaxNodes = 20000;
constexpr const char* kNameRule = "use letters, digits, _ - + . (and / between the parts of a path)";

std::string ticks(std::string_view text) {
  return "`" + std::string(text) + "`";
}

}  // namespace

const NodeType* Expander::find_type(std::string_view id) const {
  for (const NodeType* type : types_)
    if (type->id == id) return type;
  return nullptr;
}

void Expander::refuse(const std::string& path, const Place& place, std::string what, std::string hint) {
  report_.add(place, std::move(what), std::move(hint));
  scope_.add(path, Item{});
}

void Expander::declare(const std::string& path, const Word& name, const Yaml& settings) {
  if (!settings.is_mapping())
    return refuse(path, settings.place, ticks(name.text) + ": a node is a mapping with a type",
                  "such as {type: strip, from: in/1}");
  if (settings.find("group")) return add_group(path, name, settings);
  const Yaml::Entry* type = settings.find("type");
  if (!type) return refuse(path, name.place, ticks(name.text) + " has no type", "such as {type: strip}");
  Word type_name = read_word(type->value, "type", report_);
  if (type_name.text.empty()) return scope_.add(path, Item{});
  if (!add_item(path, name, type_name)) return;
  apply(path, settings, "", true);
  finish_layer();
}

void Expander::add_group(const std::string& path, const Word& name, const Yaml& settings) {
  for (const Yaml::Entry& entry : settings.entries)
    if (entry.key != "group" && !set_fact(path, entry, ""))
      report_.add(entry.place, ticks(entry.key) + ": a group has no settings but label, color, groups, link",
                  "write the nodes in it one by one");
  Word type = read_word(settings.find("group")->value, "group", report_);
  if (!is_path(path) || !(type.text.empty() || find_fact_key(kTypeFact)->fits(type.text)))
    return refuse(path, name.place, ticks(name.text) + " is not a group", kNameRule);
  if (scope_.at(path) || facts_.count({path, std::string(kTypeFact)}))
    return report_.add(name.place, ticks(path) + ": there is a node here already", "choose another name");
  if (!type.text.empty()) facts_[{path, std::string(kTypeFact)}] = type.text;
  if (auto found = composites_.find(type.text); found != composites_.end())
    scope_.add(path, {nullptr, &found->second, name.place});
}

bool Expander::add_item(const std::string& path, const Word& name, const Word& type) {
  if (!is_path(path)) return refuse(path, name.place, ticks(name.text) + " is not a name", kNameRule), false;
  if (scope_.at(path)) {
    report_.add(name.place, ticks(path) + ": there is a node here already", "choose another name");
    return false;
  }
  if (nodes_.size() >= kMaxNodes)
    return refuse(path, name.place, "more than " + std::to_string(kMaxNodes) + " nodes", "use fewer"), false;
  if (const NodeType* node_type = find_type(type.text)) return add_node(path, *node_type, name.place), true;
  if (auto found = composites_.find(type.text); found != composites_.end()) {
    add_composite(path, found->second, name.place);
    return found->second.report.empty();
  }
  std::vector<std::string_view> known;
  for (const auto& [id, composite] : composites_) known.push_back(id);
  for (const NodeType* other : types_) known.push_back(other->id);
  refuse(path, type.place, ticks(type.text) + ": no such node type", suggest(type.text, known, "one of"));
  return false;
}

void Expander::add_node(const std::string& path, const NodeType& type, const Place& place) {
  index_[path] = nodes_.size();
  nodes_.push_back(make_node(path, type));
  scope_.add(path, {&type, nullptr, place});
}

void Expander::add_composite(const std::string& path, const Composite& composite, const Place& place) {
  report_.add(composite.report);
  if (!composite.report.empty()) return scope_.add(path, Item{});
  facts_[{path, std::string(kTypeFact)}] = composite.type;
  scope_.add(path, {nullptr, &composite, place});
  add_parts(path, composite, place);
}

void Expander::add_parts(const std::string& path, const Composite& composite, const Place& place) {
  const Composite::Part* previous = nullptr;
  auto feeds = composite.inputs.find("from");
  auto is_fed = [&](const std::string& name) {
    return feeds != composite.inputs.end() && std::any_of(feeds->second.begin(), feeds->second.end(),
                                                          [&](const Word& w) { return w.text == name; });
  };
  for (const Composite::Part& part : composite.parts) {
    std::string child = join(path, part.name.text);
    // What is wrong with a part alone was found with the definition; with its place, it is the instance's
    // fault.
    if (!add_item(child, {part.name.text, place}, part.type)) continue;
    const Item& item = *scope_.at(child);
    bool listens = item.type ? !item.type->inputs.empty() : item.composite->inputs.count("from") > 0;
    if (previous && listens && !is_fed(part.name.text)) add_wire(child, "from", {previous->name}, path);
    apply(child, part.settings, path, true);
    finish_layer();
    if (!item.type || !item.type->outputs.empty()) previous = &part;
  }
}

void Expander::finish_layer() {
  for (const std::string& path : mentioned_) {
    Node& node = node_at(path);
    if (!decided_.count(path) && node.type->bypassable()) node.values.back() = 0.0;
  }
  mentioned_.clear();
  decided_.clear();
}

bool Expander::has_nodes(const std::string& path) const {
  if (const Item* item = scope_.at(path); item && item->type) return true;
  const std::string start = path + "/";
  const auto& items = scope_.items();
  for (auto at = items.lower_bound(start); at != items.end() && at->first.starts_with(start); ++at)
    if (at->second.type) return true;
  return false;
}

std::vector<Edit> Expander::edits() const {
  std::vector<Edit> edits;
  for (const Node& node : device_inputs_) edits.push_back(AddNode{node});
  for (const Node& node : nodes_) edits.push_back(AddNode{node});
  for (const auto& [at, value] : facts_)
    if (has_nodes(at.first)) edits.push_back(SetFact{at.first, at.second, value});
  for (const Cable& cable : cables_) edits.push_back(Connect{cable});
  return edits;
}

}  // namespace mixgraph

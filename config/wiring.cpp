// How names of sources and targets become cables.
#include <algorithm>

#include "config/expander.h"
#include "graph/listen.h"

namespace mixgraph {
namespace {

std::string ticks(std::string_view text) {
  return "`" + std::string(text) + "`";
}
std::string type_of(const Item& item) {
  return item.type ? std::string(item.type->id) : item.composite->type;
}

}  // namespace

void Expander::connect() {
  for (Wire& wire : wires_) connect(wire);
  FollowerParts parts;
  for (const auto& [path, item] : scope_.items())
    if (item.type && !memberships_.empty()) parts.add(path, *item.type);
  for (const auto& [path, membership] : memberships_) enlist(membership, parts);
  link();
  check_listen_nodes();
  check_addresses();
}

/// The path that a name means: of a node, of an instance, or one that has nodes beneath it.
std::optional<std::string> Expander::leader_named(const std::string& path, const LinkText& link) const {
  const std::string inner(parent_of(path));
  if (auto found = scope_.find(link.leader.text, inner, link.outer)) return found;
  if (!link.outer.empty()) return {};
  std::string_view name = link.leader.text;
  if (name.starts_with('/')) name.remove_prefix(1);
  for (std::string_view base = link.leader.text.starts_with('/') ? std::string_view() : inner;; base = parent_of(base)) {
    if (std::string whole = join(base, name); has_nodes(whole)) return whole;
    if (base.empty()) return {};
  }
}

/// Who follows whom; only what can be is kept.
void Expander::link() {
  std::map<std::string, Link> links;
  for (const auto& [path, text] : links_) {
    const auto leader = leader_named(path, text);
    if (!leader) {
      if (!scope_.is_broken(text.leader.text, std::string(parent_of(path)), text.outer)) unknown_name(text.leader, std::string(parent_of(path)), text.outer);
      continue;
    }
    Link& link = links[path] = {*leader, {}};
    for (const auto& [row, offset] : text.offsets) {
      if (!is_path(row.text) || !link.offsets.emplace(row.text, offset).second) report_.add(row.place, ticks(row.text) + " is no parameter", "such as fader, or eq/2/gain");
    }
  }
  if (links.empty()) return;
  std::vector<Links::TypedPath> nodes;
  for (const auto& [path, item] : scope_.items())
    if (item.type) nodes.push_back({path, item.type});
  const Links found(nodes, links);
  for (const Links::Wrong& wrong : found.wrong()) {
    const LinkText& text = links_.at(wrong.path);
    Place place = text.leader.place;
    for (const auto& [row, offset] : text.offsets)
      if (row.text == wrong.row) place = row.place;
    report_.add(place, ticks(wrong.path) + ": " + wrong.what, wrong.hint);
  }
  for (const auto& [path, link] : found.written()) facts_[{path, std::string(kLinkFact)}] = text_of(link);
}

void Expander::check_listen_nodes() {
  const std::string* first = nullptr;
  for (const auto& [path, item] : scope_.items()) {
    if (!item.type || !item.place.file || !listens(*item.type)) continue;
    if (first) report_.add(item.place, ticks(path) + ": there is a " + std::string(item.type->id) + " already, " + ticks(*first), "a session has one");
    if (!first) first = &path;
  }
}

void Expander::enlist(const Membership& membership, const FollowerParts& parts) {
  std::string groups;
  for (const Word& name : membership.names) {
    const std::string inner(parent_of(membership.path));
    const std::optional<std::string> path = scope_.find(name.text, inner, membership.outer);
    if (!path) {
      unknown_name(name, inner, membership.outer);
    } else if (const Item& item = *scope_.at(*path); !item.type || !item.type->is_group()) {
      if (!item.is_broken()) report_.add(name.place, ticks(name.text) + ": " + type_of(item) + " is no group", "a group is a vca or a mute_group");
    } else if (const std::string_view missing = lacking(*item.type, [&](GroupPart part) { return parts.has(membership.path, part); }); !missing.empty()) {
      report_.add(name.place, ticks(membership.path) + " can't be a member of " + ticks(name.text) + ": it has no " + std::string(missing),
                  "a member is a strip or a bus with a fader and a mute");
    } else {
      add_membership(groups, *path);
    }
  }
  const FactKey& key = *find_fact_key(kGroupsFact);
  if (!groups.empty() && !key.fits(groups))
    report_.add(membership.names[0].place, "`groups`: this can't be one", std::string(key.accepted));
  else if (!groups.empty())
    facts_[{membership.path, std::string(kGroupsFact)}] = groups;
}

void Expander::connect(Wire& wire) {
  std::set<std::string_view> seen;
  for (const Word& name : wire.names) {
    if (!seen.insert(name.text).second) {
      report_.add(name.place, ticks(name.text) + " is in this list twice", "remove one");
      continue;
    }
    if (wire.port == "to") {
      for (const End& end : targets(name, wire.inner, wire.outer))
        wire.cables.push_back({wire.path, 0, end.path, end.port});
    } else if (std::optional<End> from = source(name, wire.inner, wire.outer)) {
      for (const End& end : scope_.inputs(wire.path, wire.port))
        wire.cables.push_back({from->path, from->port, end.path, end.port});
    }
  }
  cables_.insert(wire.cables.begin(), wire.cables.end());
}

std::optional<End> Expander::source(const Word& name, const std::string& inner, const std::string& outer) {
  std::optional<End> end = scope_.source(name.text, inner, outer);
  if (end || scope_.is_broken(name.text, inner, outer)) return end;
  std::string_view path = name.text;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (outer.empty() && is_device_input(path) && !scope_.at(path)) {
    if (add_device_input(name, path)) return End{std::string(path), 0};
    return {};
  }
  explain_source(name, inner, outer);
  return {};
}

bool Expander::add_device_input(const Word& name, std::string_view path) {
  const NodeType* type = find_type("input");
  int channels = type ? find_row(*type, "channels") : -1;
  if (channels < 0) {
    report_.add(name.place, "there is no node type `input`");
    return false;
  }
  Node node = make_node(std::string(path), *type);
  node.values[size_t(channels)] = node.path.substr(3);
  scope_.add(node.path, {type, nullptr, name.place});
  device_inputs_.push_back(std::move(node));
  return true;
}

std::vector<End> Expander::targets(const Word& name, const std::string& inner, const std::string& outer) {
  std::vector<End> ends = scope_.targets(name.text, inner, outer);
  if (ends.empty() && !scope_.is_broken(name.text, inner, outer)) explain_targets(name, inner, outer);
  return ends;
}

void Expander::explain_source(const Word& name, const std::string& inner, const std::string& outer) {
  auto [word, port] = split_port(name.text);
  std::optional<std::string> path = scope_.find(word, inner, outer);
  if (!path) return unknown_name(name, inner, outer);
  const Item& item = *scope_.at(*path);
  if (item.composite && port.empty())
    return report_.add(
        name.place, ticks(word) + ": the output of this " + item.composite->type + " is gone",
        "name one of its nodes, such as " + std::string(word) + "/" + item.composite->parts[0].name.text);
  if (item.composite)
    return report_.add(name.place, ticks(name.text) + ": " + type_of(item) + " has one output",
                       "write " + ticks(word));
  std::vector<std::string_view> ports;
  for (const Port& output : item.type->outputs) ports.push_back(output.id);
  if (ports.empty())
    return report_.add(name.place, ticks(name.text) + ": " + type_of(item) + " has no output");
  report_.add(name.place, ticks(name.text) + ": " + type_of(item) + " has no output " + ticks(port),
              suggest(port, ports, "it has"));
}

void Expander::explain_targets(const Word& name, const std::string& inner, const std::string& outer) {
  auto [word, port] = split_port(name.text);
  std::optional<std::string> path = scope_.find(word, inner, outer);
  if (!path) return unknown_name(name, inner, outer);
  const Item& item = *scope_.at(*path);
  std::vector<std::string_view> ports;
  if (item.type)
    for (size_t i = 1; i < item.type->inputs.size(); i++) ports.push_back(item.type->inputs[i].id);
  else
    for (const auto& [input, parts] : item.composite->inputs)
      if (input != "from") ports.push_back(input);
  std::string what = port.empty() ? " has no input" : " has no input " + ticks(port);
  report_.add(name.place, ticks(name.text) + ": " + type_of(item) + what, suggest(port, ports, "it has"));
}

void Expander::unknown_name(const Word& name, const std::string& inner, const std::string& outer) {
  auto [word, port] = split_port(name.text);
  if (outer.empty() && (word.starts_with("in/") || word.starts_with("/in/")))
    return report_.add(name.place, ticks(name.text) + ": no such input",
                       "write in/1, in/1+2 for a stereo pair, or in/1-6 for more");
  std::vector<std::string> names = scope_.names(inner, outer);
  std::vector<std::string_view> near(names.begin(), names.end()), groups;
  for (std::string_view other : near)
    if (other.find('/') == other.npos) groups.push_back(other);
  std::string hint = suggest(word, near, "");
  report_.add(name.place, ticks(name.text) + ": no such node",
              hint.starts_with("did") ? hint : suggest("", groups.empty() ? near : groups, "there are"));
}

void Expander::check_addresses() {
  for (const auto& [path, item] : scope_.items()) {
    for (std::string_view above = parent_of(path); !above.empty(); above = parent_of(above)) {
      const Item* owner = scope_.at(above);
      if (!owner || !owner->type) continue;
      std::string_view rest = std::string_view(path).substr(above.size() + 1);
      for (int i = 0; i < row_count(*owner->type); i++) {
        std::string_view id = row(*owner->type, i).id;
        if (id != rest && !id.starts_with(std::string(rest) + "/")) continue;
        report_.add(item.place.file ? item.place : owner->place,
                    ticks(path) + ": this is an address of a parameter of " + ticks(above),
                    "choose another name");
        break;
      }
    }
  }
}

}  // namespace mixgraph

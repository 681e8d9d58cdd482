#include <algorithm>
#include <set>

#include "config/emit.h"
#include "config/fold.h"
#include "config/keys.h"
#include "config/session.h"

namespace mixgraph {
namespace {

Yaml mapping() {
  Yaml yaml;
  yaml.kind = Yaml::Kind::mapping;
  return yaml;
}
void put(Yaml& yaml, std::string key, Yaml value) {
  yaml.entries.push_back({std::move(key), {}, std::move(value)});
}

Yaml write_names(const std::vector<std::string>& names) {
  if (names.size() == 1) return write_text(names[0]);
  Yaml list;
  list.kind = Yaml::Kind::sequence;
  for (const std::string& name : names) list.items.push_back(write_text(name));
  return list;
}

/// Writes the nodes of a graph, section by section.
class GraphWriter {
 public:
  explicit GraphWriter(const Session& session)
      : graph_(session.graph), links_(graph_), folding_(graph_, session.composites) {}

  Yaml write() {
    for (const Node& node : graph_.nodes()) {
      if (!is_in_section(node.path) || is_made_by_name(node)) continue;
      const CompositeInstance* instance = folding_.fold_of(node.path);
      write_groups(node.path);
      if (!instance)
        add(node.path, write_node(node));
      else if (written_.insert(instance->path).second)
        add(instance->path, write_instance(*instance));
    }
    for (const auto& [at, value] : graph_.facts()) write_group(at.first);
    return arrange();
  }

 private:
  void add(const std::string& path, Yaml value) { put(entries_, path, std::move(value)); }

  /// Groups around a node that can't be written as instances.
  void write_groups(const std::string& path) {
    for (size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1))
      write_group(path.substr(0, slash));
  }
  void write_group(const std::string& path) {
    if (!has_facts(path) || folding_.is_folded_group(path) || graph_.find(path)) return;
    if (!is_in_section(path) || !written_.insert(path).second) return;
    Yaml yaml = mapping();
    put(yaml, "group", write_text(std::string(graph_.composite_of(path))));
    write_facts(path, {}, "", yaml);
    add(path, std::move(yaml));
  }

  bool has_facts(const std::string& path) const {
    const auto first = graph_.facts().lower_bound({path, ""});
    return first != graph_.facts().end() && first->first.first == path;
  }
  /// The facts of a path that differ from the usual ones. One that is usual and isn't there is an empty text.
  void write_facts(const std::string& path, const Facts& usual, const std::string& before, Yaml& yaml) const {
    for (const FactKey& key : fact_keys()) {
      if (key.id == kTypeFact) continue;
      const auto found = usual.find({path, std::string(key.id)});
      const std::string_view fact = graph_.fact(path, key.id);
      if (fact == (found == usual.end() ? std::string_view() : found->second)) continue;
      put(yaml, before + std::string(key.id), write_fact(path, key.id, fact));
    }
  }

  Yaml write_fact(const std::string& path, std::string_view key, std::string_view fact) const {
    if (key == kGroupsFact) return write_membership(path, fact);
    const auto link = key == kLinkFact ? link_in(fact) : std::nullopt;
    return link ? write_link(path, *link) : write_text(std::string(fact));
  }
  Yaml write_link(const std::string& path, const Link& link) const {
    std::string name = folding_.name_of_node(link.leader, std::string(parent_of(path)));
    if (name.empty()) name = "/" + link.leader;
    if (link.offsets.empty()) return write_text(name);
    Yaml yaml = mapping(), offsets = mapping();
    for (const auto& [row, offset] : link.offsets) put(offsets, row, write_number(offset));
    put(yaml, "to", write_text(name));
    put(yaml, "offsets", std::move(offsets));
    return yaml;
  }
  Yaml write_membership(const std::string& path, std::string_view groups) const {
    std::vector<std::string> names;
    for (const std::string_view group : groups_in(groups)) names.push_back(folding_.name_of_node(std::string(group), std::string(parent_of(path))));
    return write_names(names);
  }

  /// Entries by path as sections: what stands at the place of a whole section leaves no room for others in
  /// it.
  Yaml arrange() {
    Yaml sections = mapping();
    std::set<std::string> whole;
    for (const Yaml::Entry& entry : entries_.entries)
      if (entry.key.find('/') == std::string::npos) whole.insert(entry.key);
    std::map<std::string, size_t> places;
    for (Yaml::Entry& entry : entries_.entries) {
      size_t slash = entry.key.find('/');
      std::string section = entry.key.substr(0, slash);
      if (whole.count(section)) {
        sections.entries.push_back(std::move(entry));
        continue;
      }
      auto [place, added] = places.emplace(section, sections.entries.size());
      if (added) put(sections, section, mapping());
      put(sections.entries[place->second].value, entry.key.substr(slash + 1), std::move(entry.value));
    }
    return sections;
  }

  /// Whether a device input is there for being named by its listeners.
  bool is_made_by_name(const Node& node) const {
    if (node.type->id != "input" || !is_device_input(node.path)) return false;
    Node usual = make_node(node.path, *node.type);
    int channels = find_row(*node.type, "channels");
    if (channels < 0) return false;
    usual.values[size_t(channels)] = node.path.substr(3);
    return node == usual && !has_facts(node.path) && std::any_of(graph_.cables().begin(), graph_.cables().end(), [&](const Cable& c) {
             return c.from == node.path && is_in_section(c.to);
           });
  }

  Yaml write_node(const Node& node) const {
    Yaml yaml = mapping();
    put(yaml, "type", write_text(std::string(node.type->id)));
    write_facts(node.path, {}, "", yaml);
    for (size_t i = 0; i < node.type->inputs.size(); i++) {
      std::vector<Cable> cables = folding_.untold({node.path, int(i)});
      if (!cables.empty()) put(yaml, port_key(*node.type, int(i)), write_sources(cables, node.path));
    }
    write_rows(node, make_node(node.path, *node.type), 0, yaml);
    return yaml;
  }
  static std::string port_key(const NodeType& type, int port) {
    return port == 0 ? "from" : std::string(type.inputs[size_t(port)].id);
  }
  Yaml write_sources(const std::vector<Cable>& cables, const std::string& listener) const {
    std::vector<std::string> names;
    for (const Cable& cable : cables)
      names.push_back(folding_.name_of({cable.from, cable.from_port}, std::string(parent_of(listener))));
    return write_names(names);
  }

  /// The values that differ from the usual ones; a bypass if it isn't the one that is `implied`. What follows a link has none of its own.
  void write_rows(const Node& node, const Node& usual, double implied, Yaml& yaml) const {
    int own = int(node.type->parameters.size());
    for (int i = 0; i < own; i++)
      if (node.values[size_t(i)] != usual.values[size_t(i)] && !links_.find(node.path, i))
        put_row(yaml, std::string(row(*node.type, i).id),
                write_value(row(*node.type, i), node.values[size_t(i)]));
    if (node.type->bypassable() && node.values.back() != Value(implied) && !links_.find(node.path, own))
      put(yaml, "bypass", write_value(kBypass, node.values.back()));
  }
  /// "2/gain" goes into the mapping "2".
  static void put_row(Yaml& yaml, const std::string& id, Yaml value) {
    size_t slash = id.find('/');
    if (slash == id.npos) return put(yaml, id, std::move(value));
    std::string first = id.substr(0, slash);
    auto found = std::find_if(yaml.entries.begin(), yaml.entries.end(),
                              [&](const Yaml::Entry& e) { return e.key == first; });
    if (found == yaml.entries.end()) {
      put(yaml, first, mapping());
      found = yaml.entries.end() - 1;
    }
    if (!found->value.is_mapping()) return put(yaml, id, std::move(value));
    put_row(found->value, id.substr(slash + 1), std::move(value));
  }

  Yaml write_instance(const CompositeInstance& instance) const {
    Yaml yaml = mapping();
    put(yaml, "type", write_text(instance.composite->type));
    write_facts(instance.path, instance.facts, "", yaml);
    for (const auto& [at, value] : instance.facts)
      if (at.second == kTypeFact && at.first != instance.path)
        write_facts(at.first, instance.facts, at.first.substr(instance.path.size() + 1) + "/", yaml);
    for (const auto& [input, cables] : instance.inputs)
      if (input == "from") put(yaml, input, write_sources(cables, instance.path));
    for (const auto& [input, cables] : instance.inputs)
      if (input != "from") put(yaml, input, write_sources(cables, instance.path));
    for (const Node& usual : instance.nodes) write_part(instance, usual, yaml);
    write_sends(instance, yaml);
    return yaml;
  }

  void write_part(const CompositeInstance& instance, const Node& usual, Yaml& yaml) const {
    const Node& node = *graph_.find(usual.path);
    Yaml part = mapping();
    write_facts(node.path, instance.facts, "", part);
    for (size_t i = 0; i < node.type->inputs.size(); i++) {
      End end{node.path, int(i)};
      if (is_wired_as_usual(instance, end)) continue;
      std::vector<Cable> cables = folding_.untold(end);
      put(part, port_key(*node.type, int(i)), write_sources(cables, node.path));
    }
    int main = main_row(*node.type);
    bool bypassed = node.type->bypassable() && usual.values.back() == Value(1.0);
    write_rows(node, usual, node.type->bypassable() ? std::get<double>(node.values.back()) : 0, part);
    // To mention a part takes its bypass off.
    Value implied = bypassed && part.entries.empty() ? 1.0 : 0.0;
    bool differs = node.type->bypassable() && node.values.back() != implied && !links_.find(node.path, int(node.type->parameters.size()));
    if (part.entries.empty() && !differs) return;
    std::string name = node.path.substr(instance.path.size() + 1);
    if (differs) put(part, "bypass", write_value(kBypass, node.values.back()));
    bool is_main = part.entries.size() == 1 && main >= 0 && part.entries[0].key == row(*node.type, main).id;
    if (is_main)
      put(yaml, name, std::move(part.entries[0].value));
    else if (part.entries.size() == 1 && differs && main < 0)
      put(yaml, name, write_text(node.values.back() == Value(1.0) ? "off" : "on"));
    else
      put(yaml, name, std::move(part));
  }
  bool is_wired_as_usual(const CompositeInstance& instance, const End& end) const {
    auto wired = instance.wired.find(end);
    std::set<Cable> usual = wired == instance.wired.end() ? std::set<Cable>() : wired->second;
    for (const Cable& cable : folding_.untold(end))
      if (!usual.count(cable)) return false;
    return std::all_of(usual.begin(), usual.end(), [&](const Cable& c) { return graph_.has(c); });
  }

  void write_sends(const CompositeInstance& instance, Yaml& yaml) const {
    Yaml sends = mapping();
    for (const ExtraSend& send : instance.sends) {
      if (send.instance == instance.path)
        put(sends, send.name, write_send(send));
      else
        put(yaml, send.instance.substr(instance.path.size() + 1) + "/sends/" + send.name, write_send(send));
    }
    if (!sends.entries.empty()) put(yaml, "sends", std::move(sends));
  }
  Yaml write_send(const ExtraSend& send) const {
    const Composite& composite = *folding_.scope().at(send.instance)->composite;
    const Node& node = *send.node;
    Yaml yaml = mapping();
    write_facts(node.path, {}, "", yaml);
    write_send_source(send, composite, yaml);
    if (send.to) put(yaml, "to", write_names(*send.to));
    write_rows(node, make_node(node.path, *node.type), 0, yaml);
    int main = main_row(*node.type);
    bool only_main = yaml.entries.empty() || (yaml.entries.size() == 1 && main >= 0 &&
                                              yaml.entries[0].key == row(*node.type, main).id);
    if (main < 0 || !only_main) return yaml;
    return write_value(row(*node.type, main), node.values[size_t(main)]);
  }
  void write_send_source(const ExtraSend& send, const Composite& composite, Yaml& yaml) const {
    std::vector<Cable> cables = folding_.untold({send.node->path, 0});
    auto is_tap = [&](const std::optional<Word>& tap) {
      std::optional<End> end =
          tap ? folding_.scope().source(tap->text, send.instance, send.instance) : std::nullopt;
      return end && cables.size() == 1 && cables[0].from == end->path && cables[0].from_port == end->port;
    };
    if (is_tap(composite.post ? composite.post : composite.pre)) return;
    if (is_tap(composite.pre))
      put(yaml, "pre", write_text("on"));
    else
      put(yaml, "from", write_sources(cables, send.node->path));
  }

  const Graph& graph_;
  const Links links_;
  Folding folding_;
  Yaml entries_;
  std::set<std::string> written_;
};

}  // namespace

std::string write_head(const Session& session) {
  return emit(write_settings(session));
}

std::string write_session(const Session& session) {
  Yaml yaml = write_settings(session);
  for (Yaml::Entry& section : GraphWriter(session).write().entries)
    yaml.entries.push_back(std::move(section));
  if (!session.scenes.empty()) put(yaml, "scenes", write_scenes(session));
  return emit(yaml);
}

}  // namespace mixgraph

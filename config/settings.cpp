// How the settings of nodes and composite instances are read.
#include "config/expander.h"

namespace mixgraph {
namespace {

std::string ticks(std::string_view text) {
  return "`" + std::string(text) + "`";
}

/// A key up to its first slash, and what follows.
std::pair<std::string, std::string> split_first(const std::string& key) {
  size_t slash = key.find('/');
  if (slash == key.npos) return {key, ""};
  return {key.substr(0, slash), key.substr(slash + 1)};
}

void add_once(std::vector<std::string_view>& words, std::string_view word) {
  for (std::string_view other : words)
    if (other == word) return;
  words.push_back(word);
}

/// The keys that nodes and instances have besides those of their type.
void add_facts(std::vector<std::string_view>& words) {
  for (const FactKey& key : fact_keys())
    if (key.id != kTypeFact) words.push_back(key.id);
}

constexpr Parameter kPre = switch_row("pre", "Pre", "Whether a send takes from before the fader.");

}  // namespace

void Expander::apply(const std::string& path, const Yaml& settings, const std::string& outer,
                     bool with_type) {
  const Item* item = scope_.at(path);
  if (item->type) mentioned_.insert(path);
  for (const Yaml::Entry& entry : settings.entries)
    if (!with_type || entry.key != "type") set(path, entry, outer);
}

void Expander::set(const std::string& path, const Yaml::Entry& entry, const std::string& outer) {
  const Item* item = scope_.at(path);
  if (item->is_broken() || set_fact(path, entry, outer)) return;
  item->composite ? set_in_composite(path, entry, outer) : set_in_node(path, entry, outer);
}

/// False: the key is none of a fact.
bool Expander::set_fact(const std::string& path, const Yaml::Entry& entry, const std::string& outer) {
  const FactKey* key = find_fact_key(entry.key);
  if (!key || key->id == kTypeFact) return false;
  if (index_.count(path)) mentioned_.insert(path);
  if (key->id == kGroupsFact) {
    memberships_[path] = {path, read_words(entry.value, entry.key, report_), outer};
    return true;
  }
  if (key->id == kLinkFact) return read_link(path, entry.value, outer), true;
  if (!entry.value.is_scalar())
    report_.add(entry.value.place, ticks(key->id) + ": one text is expected, in quotes if it begins with #", std::string(key->accepted));
  else if (entry.value.text.empty())
    facts_.erase({path, entry.key});
  else if (!key->fits(entry.value.text))
    report_.add(entry.value.place, ticks(key->id) + ": this can't be one", std::string(key->accepted));
  else
    facts_[{path, entry.key}] = entry.value.text;
  return true;
}

/// `link: vox_l`, or `link: {to: vox_l, offsets: {fader: -3}}`.
void Expander::read_link(const std::string& path, const Yaml& value, const std::string& outer) {
  LinkText link{{}, {}, outer};
  if (value.is_mapping()) {
    for (const Yaml::Entry& entry : value.entries) {
      if (entry.key == "to")
        link.leader = read_word(entry.value, "to", report_);
      else if (entry.key == "offsets")
        read_offsets("", entry.value, link);
      else
        report_.add(entry.place, ticks(entry.key) + ": no such setting of a link", suggest(entry.key, {"to", "offsets"}, "it has"));
    }
    if (!value.find("to")) report_.add(value.place, "`link` has no `to`", "such as {to: vox_l, offsets: {fader: -3}}");
  } else {
    link.leader = read_word(value, kLinkFact, report_);
  }
  links_.erase(path);
  if (!link.leader.text.empty()) links_[path] = std::move(link);
}

void Expander::read_offsets(const std::string& prefix, const Yaml& offsets, LinkText& link) {
  if (!offsets.is_mapping()) return report_.add(offsets.place, "`offsets`: a mapping is expected", "such as {fader: -3, eq/2/gain: 1}");
  for (const Yaml::Entry& entry : offsets.entries) {
    const std::string name = prefix + entry.key;
    if (entry.value.is_mapping()) {
      read_offsets(name + "/", entry.value, link);
    } else if (const auto number = read_value(entry.value, name, report_); number && !std::holds_alternative<double>(*number)) {
      report_.add(entry.value.place, ticks(name) + ": an offset is a number", "in the parameter's unit, such as -3");
    } else if (number) {
      link.offsets.push_back({{name, entry.place}, std::get<double>(*number)});
    }
  }
}

void Expander::set_in_composite(const std::string& path, const Yaml::Entry& entry, const std::string& outer) {
  const Composite& composite = *scope_.at(path)->composite;
  if (composite.inputs.count(entry.key))
    return add_wire(path, entry.key, read_words(entry.value, entry.key, report_), outer);
  if (entry.key == "from")
    return report_.add(entry.place, "`from`: " + composite.type + " has no input", "remove it");
  auto [head, rest] = split_first(entry.key);
  if (head == "sends" && composite.has_sends()) {
    if (!rest.empty()) return set_send(path, {rest, entry.place, entry.value}, outer);
    if (!entry.value.is_mapping())
      return report_.add(entry.value.place, "`sends`: a mapping is expected", "such as {hall: -12}");
    for (const Yaml::Entry& send : entry.value.entries) set_send(path, send, outer);
    return;
  }
  if (!composite.find(head)) return unknown_part(composite, entry);
  std::string child = join(path, head);
  if (!scope_.at(child)) return;
  if (!rest.empty()) return set(child, {rest, entry.place, entry.value}, outer);
  if (entry.value.is_mapping()) return apply(child, entry.value, outer, false);
  set_main(child, head, entry.value);
}

void Expander::unknown_part(const Composite& composite, const Yaml::Entry& entry) {
  std::vector<std::string_view> words;
  for (const Composite::Part& part : composite.parts) words.push_back(part.name.text);
  for (const auto& [name, targets] : composite.inputs) words.push_back(name);
  if (composite.has_sends()) words.push_back("sends");
  add_facts(words);
  report_.add(entry.place, ticks(entry.key) + ": no such part of " + composite.type,
              suggest(entry.key, words, "it has"));
}

void Expander::set_send(const std::string& path, const Yaml::Entry& entry, const std::string& outer) {
  const Composite& composite = *scope_.at(path)->composite;
  std::string send = join(path, "sends/" + entry.key);
  Word name{entry.key, entry.place};
  if (!scope_.at(send)) {
    if (!add_item(send, name, {"send", entry.place})) return;
    add_wire(send, "from", {composite.post ? *composite.post : *composite.pre}, path);
    wires_.back().inner = path;
    add_wire(send, "to", {name}, outer);
    wires_.back().inner = parent_of(path);
  }
  if (scope_.at(send)->is_broken()) return;
  if (!entry.value.is_mapping()) return set_main(send, entry.key, entry.value);
  mentioned_.insert(send);
  for (const Yaml::Entry& setting : entry.value.entries) set_send_key(path, send, setting, outer);
}

void Expander::set_send_key(const std::string& path, const std::string& send, const Yaml::Entry& entry,
                            const std::string& outer) {
  const Composite& composite = *scope_.at(path)->composite;
  if (entry.key == "to") {
    add_wire(send, "to", read_words(entry.value, "to", report_), outer);
    wires_[wire_of_.at({send, "to"})].inner = parent_of(path);
  } else if (entry.key == "pre") {
    auto value = read_value(kPre, entry.value, "pre", report_);
    if (!value) return;
    const std::optional<Word>& tap = std::get<double>(*value) != 0 ? composite.pre : composite.post;
    if (!tap)
      return report_.add(entry.value.place, "`pre`: " + composite.type + " has only the other kind of send");
    add_wire(send, "from", {*tap}, path);
    wires_[wire_of_.at({send, "from"})].inner = path;
  } else {
    set(send, entry, outer);
  }
}

void Expander::add_wire(const std::string& path, const std::string& port, std::vector<Word> names,
                        const std::string& outer) {
  auto [found, added] = wire_of_.emplace(std::pair(path, port), wires_.size());
  if (added) wires_.emplace_back();
  wires_[found->second] = {path, port, std::move(names), std::string(parent_of(path)), outer, {}};
}

void Expander::set_in_node(const std::string& path, const Yaml::Entry& entry, const std::string& outer) {
  Node& node = node_at(path);
  mentioned_.insert(path);
  if (entry.key == "from" && node.type->inputs.empty())
    return report_.add(entry.place, "`from`: " + std::string(node.type->id) + " has no input", "remove it");
  for (size_t i = 0; i < node.type->inputs.size(); i++)
    if (entry.key == (i == 0 ? "from" : node.type->inputs[i].id))
      return add_wire(path, entry.key, read_words(entry.value, entry.key, report_), outer);
  if (entry.key == "bypass") decided_.insert(path);
  set_row(node, "", entry);
}

void Expander::set_row(Node& node, const std::string& prefix, const Yaml::Entry& entry) {
  std::string id = prefix + entry.key;
  if (int number = find_row(*node.type, id); number >= 0) {
    auto value = read_value(row(*node.type, number), entry.value, id, report_);
    if (value) node.values[size_t(number)] = *value;
    return;
  }
  for (int i = 0; i < row_count(*node.type); i++) {
    if (!row(*node.type, i).id.starts_with(id + "/")) continue;
    if (!entry.value.is_mapping())
      return unknown_parameter(*node.type, id + "/", {"", entry.value.place, entry.value});
    for (const Yaml::Entry& inner : entry.value.entries) set_row(node, id + "/", inner);
    return;
  }
  auto [head, rest] = split_first(entry.key);
  if (rest.empty()) return unknown_parameter(*node.type, prefix, entry);
  Yaml::Entry nested{head, entry.place, {}};
  nested.value.kind = Yaml::Kind::mapping;
  nested.value.place = entry.place;
  nested.value.entries.push_back({rest, entry.place, entry.value});
  set_row(node, prefix, nested);
}

void Expander::unknown_parameter(const NodeType& type, const std::string& prefix, const Yaml::Entry& entry) {
  std::vector<std::string_view> words;
  for (int i = 0; i < row_count(type); i++) {
    std::string_view id = row(type, i).id;
    if (!id.starts_with(prefix)) continue;
    id.remove_prefix(prefix.size());
    add_once(words, id.substr(0, id.find('/')));
  }
  if (prefix.empty())
    for (size_t i = 0; i < type.inputs.size(); i++) words.push_back(i == 0 ? "from" : type.inputs[i].id);
  if (prefix.empty()) add_facts(words);
  std::string name = entry.key.empty() ? prefix.substr(0, prefix.size() - 1) : prefix + entry.key;
  if (entry.key.empty())
    report_.add(entry.place, ticks(name) + ": a mapping is expected", suggest("", words, "it has"));
  else if (!type.inputs.empty() && entry.key == type.inputs[0].id)
    report_.add(entry.place, ticks(name) + ": the sources are called `from`");
  else
    report_.add(entry.place, ticks(name) + ": no such parameter of " + std::string(type.id),
                suggest(entry.key, words, "it has"));
}

void Expander::set_main(const std::string& path, std::string_view name, const Yaml& value) {
  const Item& item = *scope_.at(path);
  if (item.is_broken()) return;
  if (!item.type)
    return report_.add(value.place, ticks(name) + ": a mapping is expected",
                       "it is a " + item.composite->type);
  Node& node = node_at(path);
  mentioned_.insert(path);
  int main = main_row(*node.type);
  if (main >= 0) {
    if (auto read = read_value(row(*node.type, main), value, name, report_))
      node.values[size_t(main)] = *read;
    return;
  }
  bool is_switch = value.is_scalar() && (value.text == "on" || value.text == "off");
  if (is_switch && node.type->bypassable()) {
    decided_.insert(path);
    node.values.back() = value.text == "off" ? 1.0 : 0.0;
    return;
  }
  report_.add(value.place, ticks(name) + ": a mapping is expected",
              node.type->bypassable() ? "or `on` or `off`"
                                      : "such as {" + std::string(row(*node.type, 0).id) + ": ...}");
}

}  // namespace mixgraph

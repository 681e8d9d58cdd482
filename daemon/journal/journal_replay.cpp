#include "daemon/journal/journal_replay.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "graph/followers.h"

namespace mixgraph {
namespace {

constexpr size_t kMostTold = 100;
constexpr size_t kMostTypes = 10'000;

int port_number(std::span<const Port> ports, std::string_view id) {
  for (size_t i = 0; i < ports.size(); i++)
    if (ports[i].id == id) return int(i);
  return -1;
}

/// A number of the journal's as an index into a list of the journal's, translated; -1 if that can't be.
int translated(const std::vector<int>& list, uint64_t index) {
  return index < list.size() ? list[index] : -1;
}

/// The value that a row can take, as near as it can be; nullopt if it is of another kind.
std::optional<Value> fitting(const Parameter& p, const Value& value) {
  const auto* number = std::get_if<double>(&value);
  if (is_text(p) == (number != nullptr)) return {};
  if (!number) return value;
  if (!std::isfinite(*number)) return {};
  return nearest(p, *number);
}

}  // namespace

std::string_view ByteReader::take(size_t count) {
  if (count > left_.size()) {
    failed_ = true;
    left_ = {};
    return {};
  }
  const std::string_view taken = left_.substr(0, count);
  left_.remove_prefix(count);
  return taken;
}

uint64_t ByteReader::number() {
  uint64_t number = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const std::string_view byte = take(1);
    if (byte.empty()) return 0;
    number |= uint64_t(uint8_t(byte[0]) & 0x7F) << shift;
    if (!(uint8_t(byte[0]) & 0x80)) return number;
  }
  failed_ = true;
  left_ = {};
  return 0;
}

uint64_t ByteReader::fixed(int bytes) {
  const std::string_view taken = take(size_t(bytes));
  uint64_t number = 0;
  for (size_t i = 0; i < taken.size(); i++) number |= uint64_t(uint8_t(taken[i])) << 8 * i;
  return number;
}

double ByteReader::real() {
  return std::bit_cast<double>(fixed(8));
}

std::string_view ByteReader::text() {
  const uint64_t size = number();
  return take(size_t(std::min<uint64_t>(size, SIZE_MAX)));
}

Value ByteReader::value() {
  const std::string_view kind = take(1);
  if (kind == "n") return real();
  if (kind == "t") return std::string(text());
  failed_ = true;
  left_ = {};
  return 0.0;
}

void JournalReplay::run(std::string_view payload) {
  ByteReader items(payload);
  while (!items.empty()) {
    const char kind = char(items.fixed(1));
    const std::string_view body = items.text();
    if (items.failed()) break;
    carry_out(kind, ByteReader(body));
  }
  forget_facts();
}

void JournalReplay::carry_out(char kind, ByteReader body) {
  if (kind == char(JournalItem::start)) return start(body);
  if (!started_) return;
  switch (JournalItem(kind)) {
    case JournalItem::base:
      return base(body);
    case JournalItem::type:
      return define(body);
    case JournalItem::position:
      return set(body, true);
    default:
      break;
  }
  base_.pristine = false;
  switch (JournalItem(kind)) {
    case JournalItem::add:
      return add(body);
    case JournalItem::remove:
      return remove(std::string(body.text()));
    case JournalItem::connect:
      if (const auto c = cable(body)) cables_.insert(*c);
      return;
    case JournalItem::disconnect:
      if (const auto c = cable(body)) cables_.erase(*c);
      return;
    case JournalItem::value:
      return set(body, false);
    case JournalItem::fact:
      return fact(body);
    case JournalItem::scene:
      return scene(body);
    case JournalItem::remove_scene:
      scenes_.erase(std::string(body.text()));
      return;
    default:
      leave_out("", std::string("items of the kind '") + (kind > ' ' && kind < 127 ? kind : '?') +
                        "' are unknown to this program");
  }
}

std::optional<std::pair<uint64_t, JournalFacts>> JournalReplay::start_of(ByteReader body) {
  const uint64_t format = body.number();
  JournalFacts facts{std::string(body.text()), std::string(body.text()), body.real(), std::string(body.text())};
  if (body.failed()) return {};
  return std::pair(format, std::move(facts));
}

void JournalReplay::start(ByteReader body) {
  auto start = start_of(body);
  if (!start) return;
  if (start->first < kJournalFormat) return leave_out("", "an older program has written this");
  *this = JournalReplay(types_);
  started_ = true;
  facts_ = std::move(start->second);
  if (start->first > kJournalFormat) leave_out("", "a newer program has written this");
}

void JournalReplay::base(ByteReader& body) {
  JournalBase base{{}, body.fixed(1) == 1};
  for (uint64_t left = body.number(); left > 0 && !body.empty(); left--)
    base.fingerprints.push_back(body.fixed(8));
  if (!body.failed()) base_ = std::move(base);
}

void JournalReplay::define(ByteReader& body) {
  const uint64_t number = body.number();
  if (number > kMostTypes) return;
  auto known = std::make_unique<KnownType>();
  known->id = std::string(body.text());
  for (const NodeType* type : types_)
    if (type->id == known->id) known->type = type;
  const auto read = [&](std::vector<int>& list, std::string_view what, const auto& number_of) {
    for (uint64_t left = body.number(); left > 0 && !body.empty(); left--) {
      const std::string_view id = body.text();
      list.push_back(known->type ? number_of(id) : -1);
      if (known->type && list.back() < 0)
        leave_out("", known->id + " has no " + std::string(what) + " " + std::string(id));
    }
  };
  read(known->rows, "parameter", [&](std::string_view id) { return find_row(*known->type, id); });
  read(known->inputs, "input", [&](std::string_view id) { return port_number(known->type->inputs, id); });
  read(known->outputs, "output", [&](std::string_view id) { return port_number(known->type->outputs, id); });
  if (body.failed()) return;
  if (known_.size() <= number) known_.resize(number + 1);
  // A type that nodes refer to stays as it is: numbers are given once.
  if (!known_[number]) known_[number] = std::move(known);
}

void JournalReplay::add(ByteReader& body) {
  std::string path(body.text());
  const uint64_t number = body.number();
  if (body.failed() || number >= known_.size() || !known_[number] || !is_path(path)) return;
  const KnownType& known = *known_[number];
  remove(path);
  if (!known.type) {
    leave_out("/" + path, "its type " + known.id + " is unknown to this program");
    strangers_[path] = true;
    return;
  }
  NumberedNode live{++next_id_, &known, make_node(path, *known.type)};
  for (const int index : known.rows) {
    const Value value = body.value();
    if (body.failed()) break;
    if (index < 0) continue;
    if (const auto fits = fitting(row(*known.type, index), value)) live.node.values[size_t(index)] = *fits;
  }
  each_above(path, [this](std::string_view above) { beneath_[std::string(above)]++; });
  nodes_[std::move(path)] = std::move(live);
}

void JournalReplay::remove(const std::string& path) {
  strangers_.erase(path);
  if (nodes_.erase(path) == 0) return;
  each_above(path, [this](std::string_view above) {
    const auto count = beneath_.find(std::string(above));
    if (--count->second > 0) return;
    emptied_.push_back(count->first);
    beneath_.erase(count);
  });
}

void JournalReplay::fact(ByteReader& body) {
  std::string path(body.text()), key(body.text()), value(body.text());
  if (body.failed()) return;
  const FactKey* known = find_fact_key(key);
  if (!known) return leave_out("", "the fact " + key + " is unknown to this program");
  if (value.empty())
    facts_of_paths_.erase({path, key});
  else if (!known->fits(value))
    leave_out("/" + path, key + " has a value that this program can't take");
  else if (is_path(path))
    facts_of_paths_[{std::move(path), std::move(key)}] = std::move(value);
}

/// Facts go with the last node, as apply() has it.
void JournalReplay::forget_facts() {
  for (const std::string& path : emptied_)
    if (!beneath_.count(path))
      for (const FactKey& key : fact_keys()) facts_of_paths_.erase({path, std::string(key.id)});
  emptied_.clear();
}

JournalReplay::NumberedNode* JournalReplay::find(std::string_view path) {
  const auto found = nodes_.find(std::string(path));
  return found == nodes_.end() ? nullptr : &found->second;
}

std::optional<JournalReplay::NumberedCable> JournalReplay::cable(ByteReader& body) {
  const std::string_view from = body.text();
  const uint64_t output = body.number();
  const std::string_view to = body.text();
  const uint64_t input = body.number();
  const NumberedNode *source = find(from), *listener = find(to);
  if (body.failed() || !source || !listener) return {};
  const int from_port = translated(source->known->outputs, output);
  const int to_port = translated(listener->known->inputs, input);
  if (from_port < 0 || to_port < 0) return {};
  return NumberedCable{source->id, from_port, listener->id, to_port};
}

void JournalReplay::set(ByteReader& body, bool is_position) {
  NumberedNode* live = find(body.text());
  const uint64_t number = body.number();
  const Value value = body.value();
  if (body.failed() || !live) return;
  const int index = translated(live->known->rows, number);
  if (index < 0) return;
  const Parameter& p = row(*live->known->type, index);
  if (is_position && is_text(p)) return;
  if (const auto fits = fitting(p, value)) live->node.values[size_t(index)] = *fits;
}

void JournalReplay::scene(ByteReader& body) {
  std::string name(body.text());
  Scene scene;
  for (uint64_t left = body.number(); left > 0 && !body.empty(); left--) scene_part(body, scene);
  while (!body.empty()) {
    std::string address(body.text());
    Value value = body.value();
    const auto* number = std::get_if<double>(&value);
    if (!body.failed() && is_path(address) && !(number && !std::isfinite(*number)))
      scene.values[std::move(address)] = std::move(value);
  }
  if (!body.failed()) scenes_[std::move(name)] = std::move(scene);
}

void JournalReplay::scene_part(ByteReader& body, Scene& scene) {
  std::string path(body.text());
  const uint64_t number = body.number();
  const KnownType* known = number < known_.size() ? known_[number].get() : nullptr;
  Scene::Part part{known ? known->type : nullptr, {}};
  for (uint64_t left = body.number(); left > 0 && !body.empty(); left--) {
    const uint64_t row_number = body.number();
    const Value value = body.value();
    const int index = part.type ? translated(known->rows, row_number) : -1;
    if (body.failed() || index < 0) continue;
    if (const auto fits = fitting(row(*part.type, index), value)) part.values[index] = *fits;
  }
  if (known && !part.type) leave_out("/" + path, "its type " + known->id + " in scenes is unknown to this program");
  if (part.type && is_path(path)) scene.scope[std::move(path)] = std::move(part);
}

void JournalReplay::leave_out(std::string where, std::string what) {
  if (left_out_.size() >= kMostTold || !told_.insert(where + what).second) return;
  left_out_.push_back({std::move(where), std::move(what), "left out"});
}

namespace {

/// With its links; if any of them are refused, as a leader may be a stranger, with the others.
Graph linked(Graph graph, const std::vector<Edit>& links, Problems& left_out) {
  if (auto all = mixgraph::apply(graph, links)) return std::move(*all);
  for (const Edit& edit : links) {
    if (auto next = mixgraph::apply(graph, {edit}))
      graph = std::move(*next);
    else
      left_out.insert(left_out.end(), next.problems().begin(), next.problems().end());
  }
  return graph;
}

/// With its memberships; if any of them are refused, as a group may be a stranger, with the others.
Graph joined(Graph graph, const std::vector<Edit>& memberships, Problems& left_out) {
  if (auto all = mixgraph::apply(graph, memberships)) return std::move(*all);
  for (const Edit& edit : memberships) {
    SetFact member = std::get<SetFact>(edit);
    std::string groups;
    for (const std::string_view group : groups_in(std::get<SetFact>(edit).value)) {
      member.value = groups;
      add_membership(member.value, group);
      auto next = mixgraph::apply(graph, {member});
      if (!next) {
        left_out.insert(left_out.end(), next.problems().begin(), next.problems().end());
        continue;
      }
      groups = member.value;
      graph = std::move(*next);
    }
  }
  return graph;
}

}  // namespace

void JournalReplay::tell(JournalContent& content) const {
  std::vector<const NumberedNode*> in_order;
  for (auto& [path, live] : nodes_) in_order.push_back(&live);
  std::sort(in_order.begin(), in_order.end(),
            [](const NumberedNode* a, const NumberedNode* b) { return a->id < b->id; });
  std::vector<Edit> edits;
  edits.reserve(in_order.size());
  std::unordered_map<uint64_t, const std::string*> paths;  // within `edits`
  for (const NumberedNode* live : in_order) {
    edits.push_back(AddNode{live->node});
    paths[live->id] = &std::get<AddNode>(edits.back()).node.path;
  }
  std::vector<Edit> connections;
  for (const auto& [from, from_port, to, to_port] : cables_) {
    const auto source = paths.find(from), listener = paths.find(to);
    if (source != paths.end() && listener != paths.end())
      connections.push_back(Connect{{*source->second, from_port, *listener->second, to_port}});
  }
  edits.insert(edits.end(), connections.begin(), connections.end());
  for (const auto& [at, value] : facts_of_paths_)
    if (beneath_.count(at.first) && at.second != kGroupsFact && at.second != kLinkFact) edits.push_back(SetFact{at.first, at.second, value});  // those of strangers have no node
  auto graph = mixgraph::apply({}, edits);
  std::vector<Edit> memberships, links;
  for (const auto& [at, value] : facts_of_paths_)
    if (beneath_.count(at.first) && (at.second == kGroupsFact || at.second == kLinkFact))
      (at.second == kGroupsFact ? memberships : links).push_back(SetFact{at.first, at.second, value});
  Problems left_members;
  if (graph) graph = linked(joined(*graph, memberships, left_members), links, left_members);
  if (graph) content.graph = std::move(*graph);
  content.facts = facts_;
  content.base = base_;
  content.scenes = scenes_;
  content.left_out = left_out_;
  content.left_out.insert(content.left_out.end(), left_members.begin(), left_members.end());
  if (!graph)
    content.left_out.insert(content.left_out.end(), graph.problems().begin(), graph.problems().end());
}

}  // namespace mixgraph

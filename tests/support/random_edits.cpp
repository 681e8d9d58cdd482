#include "tests/support/random_edits.h"

#include <algorithm>

#include "graph/listen.h"

namespace mixgraph {

namespace {

/// Something for each row that is a text.
Node with_texts(Node node, const std::string& file) {
  for (int row = 0; row < int(node.type->parameters.size()); row++)
    if (is_text(node.type->parameters[size_t(row)]) && node.type->role == DeviceRole::none) node.values[size_t(row)] = node.type->inputs.empty() ? file : "take";
  return node;
}

}  // namespace

void add_every_type(EngineRunner& r, const std::string& file) {
  for (const char* in : {"1", "2", "3+4"}) r.add(std::string("in/") + in, "input", {{"channels", in}});
  r.add("out", "output");
  for (const NodeType* type : r.types()) {
    if (type->role != DeviceRole::none) continue;
    for (int i = 0; i < (listens(*type) ? 1 : 2); i++) {
      Node node = with_texts(make_node(std::string(type->id) + std::to_string(i), *type), file);
      for (const char* on : {"loop", "record"})
        if (int row = find_row(*type, on); row >= 0) node.values[size_t(row)] = 1.0;
      std::string path = node.path;
      r.edit({AddNode{std::move(node)}});
      if (!type->inputs.empty()) r.connect(i == 0 ? "in/1" : "in/3+4", path);
      if (!type->outputs.empty()) r.connect(path, "out");
    }
  }
  r.add("quieter", "trim", {{"gain", -12.0}});
  r.connect("feedback0", "quieter");
  r.connect("quieter", "feedback0");
}

RandomEdits::RandomEdits(EngineRunner& runner, unsigned seed, std::string file) : r_(runner), first_(runner.graph), random_(seed), file_(std::move(file)) {}

void RandomEdits::step() {
  Graph before = r_.graph;
  switch (random_() % 16) {
    case 0: case 1: case 2: add(); break;
    case 3: case 4: remove(); break;
    case 5: case 6: connect_nodes(any_node(), any_node()); break;
    case 7: case 8: disconnect(); break;
    case 9: case 10: rebuild(); break;
    case 11: if (random_() % 8 == 0) r_.graph = first_; break;
    default: return storm();
  }
  if (r_.engine.update(r_.graph).empty()) return;
  r_.graph = before;
  refused++;
}

void RandomEdits::undo_all() {
  r_.graph = first_;
  r_.update();
}

Value RandomEdits::any_value(const Parameter& p) { return nearest(p, from_position(p, double(random_() % 1000) / 999)); }

bool RandomEdits::rings_long(const Node& node) const {
  return node.type->tail && node.type->tail(Setup{r_.engine.settings().environment, 2, node.values}) > 4;
}

void RandomEdits::add() {
  if (r_.graph.nodes().size() > kMostNodes) return;
  const NodeType& type = *r_.types()[random_() % r_.types().size()];
  if (listens(type)) return;  // there is one
  std::string path = "n" + std::to_string(count_++);
  r_.edit({AddNode{with_texts(make_node(path, type), file_)}});
  if (!type.inputs.empty()) connect_nodes(any_node(), path);
  if (!type.outputs.empty()) connect_nodes(path, random_() % 2 ? "out" : any_node());
}

void RandomEdits::remove() {
  std::string path = any_node();
  if (!first_.find(path)) r_.remove(path);
}

void RandomEdits::connect_nodes(const std::string& from, const std::string& to) {
  int port = 0;
  if (const Node* node = r_.graph.find(to); node && node->type->inputs.size() > 1) port = int(random_() % node->type->inputs.size());
  auto next = mixgraph::apply(r_.graph, {Connect{{from, 0, to, port}}});
  if (next) r_.graph = *next;
}

void RandomEdits::disconnect() {
  if (r_.graph.cables().empty()) return;
  Cable cable = r_.graph.cables()[random_() % r_.graph.cables().size()];
  if (!first_.has(cable)) r_.edit({Disconnect{cable}});
}

void RandomEdits::rebuild() {
  const Node node = r_.graph.nodes()[random_() % r_.graph.nodes().size()];
  for (int row = 0; row < int(node.type->parameters.size()); row++) {
    const Parameter& p = node.type->parameters[size_t(row)];
    if (p.update == Update::rebuild && !is_text(p)) r_.graph.set_value(node.path, row, any_value(p));
  }
}

void RandomEdits::storm() {
  std::vector<Move> batch;
  for (const Node& node : r_.graph.nodes())
    for (int row = 0; row < row_count(*node.type); row++) {
      const Parameter& p = mixgraph::row(*node.type, row);
      if (is_text(p) || p.update == Update::rebuild || random_() % 3) continue;
      double value = std::get<double>(any_value(p));
      Node next = node;
      next.values[size_t(row)] = value;
      if (rings_long(next)) continue;
      r_.graph.set_value(node.path, row, value);
      batch.push_back({node.path, row, value, r_.engine.frame() + random_() % 2000, double(random_() % 3) / 100, Course(random_() % 4)});
    }
  r_.engine.move(batch);
}

}  // namespace mixgraph

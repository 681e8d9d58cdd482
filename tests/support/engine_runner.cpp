#include "tests/support/engine_runner.h"

#include <algorithm>
#include <numbers>
#include <stdexcept>

namespace mixgraph {

EngineRunner::EngineRunner(EngineSettings settings, NodeTypes types) : engine(settings), types_(types) {}

const NodeType& EngineRunner::type(std::string_view id) const {
  auto found = std::find_if(types_.begin(), types_.end(), [&](const NodeType* t) { return t->id == id; });
  if (found == types_.end()) throw std::runtime_error("no node type " + std::string(id));
  return **found;
}

void EngineRunner::edit(const std::vector<Edit>& edits) {
  auto next = mixgraph::apply(graph, edits);
  if (!next) throw std::runtime_error(next.problems().front().text());
  graph = *next;
}
void EngineRunner::add(const std::string& path, std::string_view id, std::vector<Set> values) {
  Node node = make_node(path, type(id));
  for (Set& s : values) {
    int index = find_row(*node.type, s.row);
    if (index < 0) throw std::runtime_error("no row " + std::string(s.row));
    node.values[size_t(index)] = std::move(s.value);
  }
  edit({AddNode{std::move(node)}});
}
void EngineRunner::connect(const std::string& from, const std::string& to, int port) { edit({Connect{{from, 0, to, port}}}); }
void EngineRunner::disconnect(const std::string& from, const std::string& to, int port) { edit({Disconnect{{from, 0, to, port}}}); }
void EngineRunner::remove(const std::string& path) { edit({RemoveNode{path}}); }
void EngineRunner::set(const std::string& path, std::string_view row, Value value) {
  edit({SetValue{path, find_row(*graph.find(path)->type, row), std::move(value)}});
}
void EngineRunner::update() {
  Problems problems = engine.update(graph);
  if (!problems.empty()) throw std::runtime_error(problems.front().text());
}
Move EngineRunner::move(std::string_view path, std::string_view row, double value, uint64_t frame, double seconds, Course course) const {
  return {path, find_row(*graph.find(path)->type, row), value, frame, seconds, course};
}

std::vector<std::vector<float>> EngineRunner::run(int frames, int block) {
  size_t inputs = size_t(engine.settings().inputs), outputs = size_t(engine.settings().outputs);
  std::vector<std::vector<float>> in(inputs, std::vector<float>(size_t(block))), out(outputs, std::vector<float>(size_t(frames)));
  for (int done = 0; done < frames;) {
    int n = std::min(block, frames - done);
    std::vector<const float*> in_pointers;
    std::vector<float*> out_pointers;
    for (size_t c = 0; c < inputs; c++) {
      for (int i = 0; i < n; i++) in[c][size_t(i)] = input(int(c), engine.frame() + uint64_t(i));
      in_pointers.push_back(in[c].data());
    }
    for (auto& channel : out) out_pointers.push_back(channel.data() + done);
    engine.service();
    engine.advance();
    engine.process(in_pointers.data(), out_pointers.data(), n);
    done += n;
  }
  return out;
}

float EngineRunner::meter(std::string_view path, std::string_view id) {
  const std::span<const float> readings = engine.meters();
  size_t at = 0;
  for (const Node& node : graph.nodes())
    for (const Meter& meter : node.type->meters) {
      if (node.path == path && meter.id == id) return readings[at];
      at++;
    }
  throw std::runtime_error("no meter " + std::string(id));
}

double click_level(const std::vector<float>& signal, double cutoff, double rate, size_t skip) {
  std::vector<double> x(signal.begin(), signal.end());
  double w = std::tan(std::numbers::pi * cutoff / rate);
  for (int section = 0; section < 4; section++) {
    double q = 1 / (2 * std::cos(std::numbers::pi * (2 * section + 1) / 16));
    double a0 = 1 + w / q + w * w, b = 1 / a0, a1 = 2 * (w * w - 1) / a0, a2 = (1 - w / q + w * w) / a0, s1 = 0, s2 = 0;
    for (double& v : x) {
      double y = b * v + s1;
      s1 = -2 * b * v - a1 * y + s2;
      s2 = b * v - a2 * y;
      v = y;
    }
  }
  double peak = 1e-12;
  for (size_t i = skip; i < x.size(); i++) peak = std::max(peak, std::abs(x[i]));
  return 20 * std::log10(peak);
}

}  // namespace mixgraph

#include "daemon/control/live_graph.h"

#include <algorithm>

namespace mixgraph {
namespace {

bool can_move(const Parameter& p) {
  return !is_text(p) && p.change == Change::live;
}
bool is_gradual(const Parameter& p) {
  return can_move(p) && p.motion == Motion::smooth;
}

bool same_nodes(const Graph& a, const Graph& b) {
  return a.nodes().size() == b.nodes().size() &&
         std::equal(a.nodes().begin(), a.nodes().end(), b.nodes().begin(),
                    [](const Node& x, const Node& y) { return x.path == y.path && x.type == y.type; });
}

/// The nodes that problems of a build are about.
std::vector<const Node*> concerned(const Graph& graph, const Problems& problems) {
  std::vector<const Node*> nodes;
  for (const Problem& problem : problems)
    if (problem.where.size() > 1)
      if (const Node* node = graph.find(problem.where.substr(1, problem.where.find(':') - 1)))
        nodes.push_back(node);
  return nodes;
}

/// The graph with these nodes as they are without a file.
Graph empty_of_files(const Graph& graph, const Problems& problems) {
  Graph next = graph;
  for (const Node* node : concerned(graph, problems))
    for (int i = 0; i < row_count(*node->type); i++)
      if (is_text(row(*node->type, i))) next.set_value(node->path, i, initial_value(row(*node->type, i)));
  return next;
}

/// The graph without these nodes.
Graph without(const Graph& graph, const Problems& problems) {
  std::vector<Edit> edits;
  for (const Node* node : concerned(graph, problems)) edits.push_back(RemoveNode{node->path});
  auto next = mixgraph::apply(graph, edits);
  return next ? *next : graph;
}

}  // namespace

LiveGraph::LiveGraph(Engine& engine, Graph start)
    : engine_(engine), graph_(std::move(start)), names_(graph_), is_touched_(names_.entries().size()) {}

Problems LiveGraph::start() {
  return engine_.update(graph_);
}

bool LiveGraph::start_restored(const Graph& otherwise, Problems& told) {
  const auto starts = [&] {
    const Problems problems = start();
    told.insert(told.end(), problems.begin(), problems.end());
    return problems.empty();
  };
  for (const auto mend : {empty_of_files, without}) {
    const size_t before = told.size();
    if (starts()) return true;
    replace(mend(graph_, {told.begin() + std::ptrdiff_t(before), told.end()}));
  }
  if (starts()) return true;
  told.push_back({"", "the live state can't be built", "the session file is used"});
  replace(otherwise);
  return starts();
}

void LiveGraph::replace(Graph graph) {
  graph_ = std::move(graph);
  names_ = Namespace(graph_);
  is_touched_.assign(names_.entries().size(), false);
  generation_++;
}

Value LiveGraph::value(const Entry& entry, uint64_t frame) const {
  if (const auto moving = moves_.value(entry.address, frame)) return nearest(entry.parameter(), *moving);
  return value_in(graph_, entry);
}

void LiveGraph::catch_up(bool all) {
  for (const DueMove& due : engine_.take_due(all)) {
    const Entry* entry = names_.find(due.path, due.row);
    if (!entry) continue;
    take_value(*entry, due.value, due.frame, due.seconds, due.course);
    if (due.seconds == 0) arrived_.push_back(entry->address);
  }
}

std::vector<std::string> LiveGraph::take_arrived(uint64_t frame) {
  std::vector<std::string> addresses = moves_.take_arrived(frame);
  addresses.insert(addresses.end(), arrived_.begin(), arrived_.end());
  arrived_.clear();
  return addresses;
}

void LiveGraph::take_value(const Entry& entry, double target, uint64_t start, double seconds, Course course) {
  const double from = seconds > 0 ? std::get<double>(value(entry, start)) : 0;
  graph_.set_value(entry.path, entry.row, target);
  touch(entry);
  if (seconds == 0) return moves_.stop(entry.address);
  const double frames = seconds * engine_.settings().environment.rate;
  moves_.begin(entry.address, {&entry.parameter(), from, target, start, frames, course});
}

void LiveGraph::move(const Entry& entry, double target, const Timing& timing, uint64_t now) {
  const double seconds = is_gradual(entry.parameter()) ? timing.seconds : 0;
  const bool waits = this->waits(timing), late = timing.frame != 0 && timing.frame < engine_.now();
  if (!waits) take_value(entry, target, now, seconds, timing.course);
  hand_over(entry, {entry.path, entry.row, target, waits ? timing.frame : engine_.now(), seconds, timing.course, !waits, late});
}

Problems LiveGraph::set(const Entry& entry, const Value& value, const Timing& timing, uint64_t now) {
  const Parameter& p = entry.parameter();
  if (timing.seconds > 0 && !is_gradual(p))
    return {{entry.address, "takes no time to change", "send the value alone"}};
  if (can_move(p)) {
    move(entry, std::get<double>(value), timing, now);
    return {};
  }
  Graph next = graph_;
  next.set_value(entry.path, entry.row, value);
  return take_over(std::move(next));
}

/// A value that is replaced before the engine gets it is heard by nobody.
void LiveGraph::hand_over(const Entry& entry, const Move& move) {
  latest_.resize(names_.entries().size());
  Latest& latest = latest_[names_.index(entry)];
  if (move.at_once && latest.flush == flushes_) said_[latest.at].row = kReplaced;
  if (move.at_once) latest = {flushes_, said_.size()};
  said_.push_back(move);
}

void LiveGraph::end_batch() {
  if (said_.size() > (ends_.empty() ? 0 : ends_.back())) ends_.push_back(said_.size());
}

Problems LiveGraph::rebuild(const std::vector<std::pair<const Entry*, Value>>& values) {
  Graph next = graph_;
  for (const auto& [entry, value] : values) next.set_value(entry->path, entry->row, value);
  return take_over(std::move(next));
}

void LiveGraph::flush() {
  end_batch();
  std::vector<Move> batch;
  for (size_t at = 0; const size_t end : ends_) {
    batch.clear();
    for (; at < end; at++)
      if (said_[at].row != kReplaced) batch.push_back(said_[at]);
    engine_.move(batch);
  }
  said_.clear();
  ends_.clear();
  flushes_++;
}

Problems LiveGraph::take_over(Graph next) {
  flush();
  if (Problems problems = engine_.update(next); !problems.empty()) return problems;
  gather_values();
  for (Edit& edit : diff(graph_, next)) changes_.push_back(std::move(edit));
  const bool rename = !same_nodes(graph_, next);
  graph_ = std::move(next);
  if (rename) {
    names_ = Namespace(graph_, std::move(names_));
    is_touched_.assign(names_.entries().size(), false);
    generation_++;
  }
  moves_.drop([this](const std::string& address, const RunningMove& move) {
    const Entry* entry = names_.find(address);
    return !entry || value_in(graph_, *entry) != Value(move.to);
  });
  return {};
}

void LiveGraph::touch(const Entry& entry) {
  const size_t index = names_.index(entry);
  if (is_touched_[index]) return;
  is_touched_[index] = true;
  touched_.push_back(index);
}

void LiveGraph::gather_values() {
  for (const size_t index : touched_) {
    const Entry& entry = names_.entries()[index];
    changes_.push_back(SetValue{entry.path, entry.row, value_in(graph_, entry)});
    is_touched_[index] = false;
  }
  touched_.clear();
}

std::vector<Edit> LiveGraph::take_changes() {
  gather_values();
  return std::exchange(changes_, {});
}

size_t LiveGraph::Way::values() const {
  size_t count = edits.size() + (besides ? besides->values() : 0);
  for (const Edit& edit : edits)
    if (const auto* added = std::get_if<AddNode>(&edit)) count += added->node.values.size();
  return count;
}

void LiveGraph::remember(const Graph& before, const Graph& after, Besides back, Besides forward) {
  undone_.clear();
  Step step{{diff(after, before), std::move(back)}, {diff(before, after), std::move(forward)}, 0};
  if (step.forward.edits.empty() && !step.forward.besides) return;
  step.values = step.back.values() + step.forward.values();
  size_t kept = 0, values = 0;
  while (kept < std::min(done_.size(), kUndoDepth - 1) && values + done_[done_.size() - 1 - kept].values <= kUndoValues)
    values += done_[done_.size() - 1 - kept++].values;
  done_.erase(done_.begin(), done_.end() - std::ptrdiff_t(kept));
  done_.push_back(std::move(step));
}

Problems LiveGraph::commit(const Graph& next, Besides back, Besides forward) {
  const Graph before = graph_;
  if (Problems problems = take_over(next); !problems.empty()) return problems;
  remember(before, graph_, std::move(back), std::move(forward));
  return {};
}

Graph LiveGraph::graph_at(uint64_t frame) const {
  std::vector<DueMove> due = engine_.due_until(frame);
  for (const Move& m : said_)
    if (m.row != kReplaced && !m.at_once && m.frame <= frame) due.push_back({std::string(m.path), m.row, m.value, m.frame, 0, m.course});
  std::stable_sort(due.begin(), due.end(), [](const DueMove& a, const DueMove& b) { return a.frame < b.frame; });
  Graph then = graph_;
  for (const DueMove& d : due) then.set_value(d.path, d.row, d.value);
  return then;
}

Problems LiveGraph::commit(const Graph& before, const Graph& next, const std::vector<const Entry*>& named, const Timing& timing, uint64_t now) {
  Graph built = graph_;
  for (const Entry* entry : named)
    if (!can_move(entry->parameter()) && value_in(built, *entry) != value_in(next, *entry)) built.set_value(entry->path, entry->row, value_in(next, *entry));
  if (!(built == graph_))
    if (Problems problems = take_over(std::move(built)); !problems.empty()) return problems;
  // What waits says all of them, as others may be said before it is due.
  for (const Entry* entry : named)
    if (can_move(entry->parameter()) && (waits(timing) || value_in(before, *entry) != value_in(next, *entry)))
      move(*entry, std::get<double>(value_in(next, *entry)), timing, now);
  remember(before, next);
  return {};
}

Problems LiveGraph::step(std::vector<Step>& from, std::vector<Step>& to, Way Step::*way, Besides& besides) {
  auto next = mixgraph::apply(graph_, (from.back().*way).edits);
  if (!next) return next.problems();
  if (Problems problems = take_over(std::move(*next)); !problems.empty()) return problems;
  besides = (from.back().*way).besides;
  to.push_back(std::move(from.back()));
  from.pop_back();
  return {};
}

Problems LiveGraph::undo(Besides& besides) {
  if (done_.empty())
    return {{"", "nothing to undo", "edits, recalls and loads can be undone, values that were set cannot"}};
  return step(done_, undone_, &Step::back, besides);
}

Problems LiveGraph::redo(Besides& besides) {
  if (undone_.empty()) return {{"", "nothing to redo", ""}};
  return step(undone_, done_, &Step::forward, besides);
}

}  // namespace mixgraph

#include "daemon/control/document.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

namespace mixgraph {
namespace {

bool same_nodes(const Graph& a, const Graph& b) {
  return a.nodes().size() == b.nodes().size() &&
         std::equal(a.nodes().begin(), a.nodes().end(), b.nodes().begin(),
                    [](const Node& x, const Node& y) { return x.path == y.path && x.type == y.type; });
}

bool rewires(const Edit& edit) {
  return !std::holds_alternative<SetValue>(edit);
}

}  // namespace

Document::Document(Engine& engine, Session start) : engine_(engine), session_(std::move(start)), names_(graph_) {
  session_.graph = {};
}

Value Document::value(const Entry& entry, uint64_t frame) const {
  if (const auto moving = moves_.value(entry.address, frame)) return nearest(entry.parameter(), *moving);
  return value_in(graph_, entry);
}

Graph Document::graph_at(uint64_t frame) const {
  std::vector<DueMove> due = engine_.due_until(frame);
  for (const Move& m : said_)
    if (m.row != kReplaced && !m.at_once && m.frame <= frame) due.push_back({std::string(m.path), m.row, m.value, m.frame, 0, m.course});
  std::stable_sort(due.begin(), due.end(), [](const DueMove& a, const DueMove& b) { return a.frame < b.frame; });
  Graph then = graph_;
  for (const DueMove& d : due) {
    then.set_value(d.path, d.row, d.value);
    for (const LinkedNode* linked : links_.following(d.path))  // of what the engine doesn't have yet it can't tell them
      if (can_follow(*linked->type, d.row)) then.set_value(linked->path, d.row, linked->value(d.row, d.value));
  }
  return then;
}

NewValues Document::with_links(std::span<const NewValue> said) const {
  NewValues all;
  std::unordered_map<const Entry*, size_t> places;
  const auto put = [&](const Entry* entry, Value value, bool by_author) {
    const auto [place, is_new] = places.emplace(entry, all.size());
    if (is_new) all.push_back({entry, std::move(value), by_author});
    else all[place->second] = {entry, std::move(value), by_author};
  };
  std::unordered_map<const Entry*, const NewValue*> words;  // the last of each row
  for (const NewValue& s : said) {
    words[s.entry] = &s;
    if (!links_.find(s.entry->path, s.entry->row)) put(s.entry, s.value, s.said);
  }
  for (const NewValue& s : said) {
    const LinkedNode* linked = links_.find(s.entry->path, s.entry->row);
    const Entry* leader = linked ? names_.find(linked->leader, s.entry->row) : nullptr;
    if (leader && !words.count(leader)) put(leader, linked->leaders_value(leader->row, std::get<double>(s.value)), false);
  }
  const auto knows = [&](const Entry* entry, double value) {
    const auto word = words.find(entry);
    const Parameter& p = entry->parameter();
    return word != words.end() && word->second->said && std::abs(std::get<double>(word->second->value) - value) <= 1e-9 * (p.max - p.min);
  };
  for (size_t i = 0, count = all.size(); i < count; i++) {
    const Entry& leader = *all[i].entry;
    for (const LinkedNode* linked : links_.following(leader.path)) {
      if (!can_follow(*leader.type, leader.row)) break;
      const Entry* entry = names_.find(linked->path, leader.row);
      const double value = linked->value(leader.row, std::get<double>(all[i].value));
      put(entry, value, knows(entry, value));
    }
  }
  return all;
}

Result<std::optional<Graph>> Document::outcome(const Change& change) const {
  std::optional<Graph> next;
  const Change* step = change.why == Change::Why::undo ? history_.back() : change.why == Change::Why::redo ? history_.forward() : nullptr;
  if (change.step != 0 && (!step || step->step != change.step))
    return Problem{"", "there was another change meanwhile", "do it again"};
  // A whole graph is reached by edits too, so that nodes are in the order in which the journal brings them back.
  const std::vector<Edit> to_whole = change.whole ? diff(graph_, *change.whole) : std::vector<Edit>();
  const std::vector<Edit>& edits = change.whole ? to_whole : change.edits;
  if (!edits.empty()) {
    auto edited = mixgraph::apply(graph_, edits);
    if (!edited) return edited.problems();
    next = std::move(*edited);
  }
  for (const NewValue& said : change.values) {
    if (can_move(said.entry->parameter())) continue;
    if (!next) next = graph_;
    next->set_value(said.entry->place, said.entry->row, said.value);
  }
  if (!next && !change.prepared.empty()) next = graph_;
  return next;
}

Problems Document::apply(const Change& change, std::optional<Graph> outcome, uint64_t now, Applied& applied) {
  const uint64_t generation = generation_;
  std::optional<Graph> before;  // as it will be when the change is heard
  if (change.is_step()) before = change.values.empty() ? graph_ : graph_at(change.timing.frame);
  changed_.clear();
  unsaid_.clear();
  edits_.clear();
  if (outcome) {
    const Graph old = graph_;
    const bool steps = change.why == Change::Why::undo || change.why == Change::Why::redo;
    if (Problems problems = take_over(std::move(*outcome), change.prepared); !problems.empty()) return problems;
    edits_ = diff(old, graph_);
    find_changed(old);
    if (steps) history_.know_values(change.why, old);
  }
  if (before) remember(change, *before);
  const bool waits = this->waits(change.timing);
  for (const NewValue& said : change.values) {
    if (!can_move(said.entry->parameter())) continue;
    move(*said.entry, std::get<double>(said.value), change.timing, now);
    if (!waits) changed_.push_back(said.entry);
  }
  find_unsaid(change);
  if (!change.session.empty()) mixgraph::apply(session_, change.session);
  if (change.why == Change::Why::undo || change.why == Change::Why::redo) history_.stepped(change.why);
  applied = told(change.why, waits ? change.timing.frame : engine_.now());
  if (change.why == Change::Why::set && change.author) applied.setter = &*change.author;
  applied.renamed = generation_ != generation;
  applied.rewired = applied.renamed || std::any_of(edits_.begin(), edits_.end(), rewires);
  if (!change.session.empty()) applied.session = &change.session;
  applied.told = change.told;
  if (change.files) {
    know_files(change.files->text_hash, change.files->types_hash);
    applied.file = fingerprint(session_);
    applied.pristine = graph_ == change.files->graph && session_.scenes == change.files->scenes;
  }
  return {};
}

Applied Document::told(Change::Why why, uint64_t frame) const {
  return {.why = why, .frame = frame, .values = changed_, .unsaid = unsaid_, .edits = edits_, .names = &names_};
}

/// The rows that edits gave another value, in nodes that were there before.
void Document::find_changed(const Graph& before) {
  for (const Edit& edit : edits_) {
    if (const auto* set = std::get_if<SetValue>(&edit)) changed_.push_back(names_.find(set->path, set->row));
    const auto* add = std::get_if<AddNode>(&edit);
    const Node* old = add ? before.find(add->node.path) : nullptr;
    if (!old || old->type != add->node.type) continue;
    for (size_t row = 0; row < old->values.size(); row++)
      if (old->values[row] != add->node.values[row]) changed_.push_back(names_.find(old->path, int(row)));
  }
}

/// Of those that have changed, what their author hasn't said.
void Document::find_unsaid(const Change& change) {
  if (change.why != Change::Why::set || links_.empty()) return;
  for (const NewValue& value : change.values)
    if (!value.said && std::find(changed_.begin(), changed_.end(), value.entry) != changed_.end()) unsaid_.push_back(value.entry);
}

void Document::remember(const Change& change, const Graph& before) {
  Change back{.why = Change::Why::undo}, forward{.why = Change::Why::redo};
  std::vector<Edit> later;
  if (change.values.empty()) {
    back.edits = diff(graph_, before);
    forward.edits = edits_;
  }
  for (const NewValue& said : change.values) {
    const SetValue next{said.entry->path, said.entry->row, said.value};
    const Value& old = value_in(before, *said.entry);
    if (waits(change.timing) && can_move(said.entry->parameter())) {
      later.push_back(next);
    } else if (old != said.value) {
      back.edits.push_back(SetValue{next.path, next.row, old});
      forward.edits.push_back(next);
    }
  }
  forward.session = change.session;
  back.session = opposite(session_, change.session);
  if (later.empty()) return history_.add(std::move(back), std::move(forward));
  waiting_.push_back({change.timing.frame, std::move(back), std::move(forward), std::move(later)});
}

/// Before the values of that frame enter: steps that waited for an earlier one, or for this one.
void Document::remember_due(uint64_t frame) {
  const auto is_due = [&](const WaitingStep& step) { return step.frame <= frame; };
  for (WaitingStep& step : waiting_) {
    if (!is_due(step)) continue;
    for (const Edit& edit : step.values) {
      const auto& next = std::get<SetValue>(edit);
      const Entry* entry = names_.find(next.path, next.row);
      if (!entry || value_in(graph_, *entry) == next.value) continue;
      step.back.edits.push_back(SetValue{next.path, next.row, value_in(graph_, *entry)});
      step.forward.edits.push_back(edit);
    }
    history_.add(std::move(step.back), std::move(step.forward));
  }
  std::erase_if(waiting_, is_due);
}

std::optional<Change> Document::left_of(const Change* step, const Change* opposite) const {
  if (!step) return {};
  Change change = *step;
  std::map<std::pair<std::string_view, int>, const Value*> left;  // by the step
  for (const Edit& edit : opposite->edits)
    if (const auto* set = std::get_if<SetValue>(&edit)) left[{set->path, set->row}] = &set->value;
  std::erase_if(change.edits, [&](const Edit& edit) {
    const auto* set = std::get_if<SetValue>(&edit);
    const Entry* entry = set ? names_.find(set->path, set->row) : nullptr;
    const auto found = entry ? left.find({set->path, set->row}) : left.end();
    return found != left.end() && value_in(graph_, *entry) != *found->second;
  });
  std::erase_if(change.session.scenes, [&](const auto& item) {
    const auto now = session_.scenes.find(item.first);
    const auto as_left = opposite->session.scenes.find(item.first);
    if (as_left == opposite->session.scenes.end()) return false;
    return now == session_.scenes.end() ? as_left->second.has_value() : !as_left->second || *as_left->second != now->second;
  });
  return change;
}

Problems Document::take_over(Graph next, const std::vector<Prepared>& prepared) {
  flush();
  if (Problems problems = engine_.update(next, prepared); !problems.empty()) return problems;
  const bool rename = !same_nodes(graph_, next);
  graph_ = std::move(next);
  links_ = Links(graph_);
  if (rename) {
    names_ = Namespace(graph_, std::move(names_));
    generation_++;
  }
  moves_.drop([this](const std::string& address, const RunningMove& move) {
    const Entry* entry = names_.find(address);
    return !entry || value_in(graph_, *entry) != Value(move.to);
  });
  return {};
}

Applied Document::catch_up(bool all) {
  changed_.clear();
  unsaid_.clear();
  for (const DueMove& due : engine_.take_due(all)) {
    remember_due(due.frame);
    const Entry* entry = names_.find(due.path, due.row);
    if (!entry) continue;
    take_value(*entry, due.value, due.frame, due.seconds, due.course);
    changed_.push_back(entry);
  }
  remember_due(all ? UINT64_MAX : engine_.now());
  edits_.clear();
  return told(Change::Why::due, engine_.now());
}

void Document::take_value(const Entry& entry, double target, uint64_t start, double seconds, Course course) {
  const double from = seconds > 0 ? std::get<double>(value(entry, start)) : 0;
  graph_.set_value(entry.place, entry.row, target);
  if (seconds == 0) return moves_.stop(entry.address);
  const double frames = seconds * engine_.settings().environment.rate;
  moves_.begin(entry.address, {&entry.parameter(), from, target, start, frames, course});
}

void Document::move(const Entry& entry, double target, const Timing& timing, uint64_t now) {
  const double seconds = takes_time(entry.parameter()) ? timing.seconds : 0;
  const bool waits = this->waits(timing), late = timing.frame != 0 && timing.frame < engine_.now();
  if (!waits) take_value(entry, target, now, seconds, timing.course);
  if (links_.find(entry.path, entry.row)) return;  // the engine has it follow
  hand_over(entry, {entry.path, entry.row, target, waits ? timing.frame : engine_.now(), seconds, timing.course, !waits, late});
}

/// A value that is replaced before the engine gets it is heard by nobody.
void Document::hand_over(const Entry& entry, const Move& move) {
  latest_.resize(names_.entries().size());
  Latest& latest = latest_[names_.index(entry)];
  if (move.at_once && latest.flush == flushes_) said_[latest.at].row = kReplaced;
  if (move.at_once) latest = {flushes_, said_.size()};
  said_.push_back(move);
}

void Document::end_batch() {
  if (said_.size() > (ends_.empty() ? 0 : ends_.back())) ends_.push_back(said_.size());
}

void Document::flush() {
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

void Document::know_files(uint64_t text_hash, uint64_t types_hash) {
  session_.text_hash = text_hash;
  session_.types_hash = types_hash;
}

}  // namespace mixgraph

#include "daemon/control/workspace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "daemon/control/guard.h"
#include "daemon/control/node_problems.h"
#include "daemon/control/values.h"

namespace mixgraph {
namespace {

constexpr int kErrorsPerSecond = 100;        // that one client is told of
constexpr int kExplanationsPerSecond = 100;  // that look through all addresses, for all clients

/// Channels beyond those with which the device was opened are silent, which nobody would guess.
std::optional<Problem> unopened(const Node& node, const EngineSettings& settings) {
  const bool is_input = node.type->role == DeviceRole::device_input;
  const int named = channels_of(node), there = is_input ? settings.inputs : settings.outputs;
  if (named <= there) return {};
  return Problem{"/" + node.path, fmt::format("names {} {} of the device, and the daemon runs with {}", is_input ? "input" : "output", named, there),
                 "it is silent until /restart opens more"};
}

/// Of memory, about.
size_t bytes_of(const osc::Message& message) {
  size_t bytes = sizeof message + message.address.size() + message.arguments.size() * sizeof(osc::Argument);
  for (const osc::Argument& argument : message.arguments)
    if (const auto* text = std::get_if<std::string>(&argument)) bytes += text->size();
  return bytes;
}

/// The node that an edit makes, or gives another value.
const Node* changed_node(const Graph& graph, const Edit& edit) {
  if (const auto* add = std::get_if<AddNode>(&edit)) return &add->node;
  const auto* set = std::get_if<SetValue>(&edit);
  return set ? graph.find(set->path) : nullptr;
}

}  // namespace

Workspace::Workspace(Engine& audio_engine, Session start, NodeTypes node_types, Send send_packet,
                 ControlSettings with)
    : engine(audio_engine),
      types(node_types),
      send(std::move(send_packet)),
      settings(std::move(with)),
      document(engine, std::move(start)),
      meters(document.names()) {}

ClientState& Workspace::refilled(const Client& client) {
  ClientState& state = clients[client];
  if (now.monotonic_ns >= state.refill_ns) {
    state.errors_left = kErrorsPerSecond;
    state.refill_ns = now.monotonic_ns + kSecond;
  }
  return state;
}

void Workspace::refuse(const Client& client, const Problem& problem) {
  counters.errors++;
  int& left = refilled(client).errors_left;
  if (left == 0) return;
  left--;
  reply(client, {"/error", {problem.where, problem.what, problem.hint}});
}

bool Workspace::may_explain(const Client& client) {
  if (refilled(client).errors_left == 0) return false;
  if (now.monotonic_ns >= explanations_refill_ns_) {
    explanations_left_ = kExplanationsPerSecond;
    explanations_refill_ns_ = now.monotonic_ns + kSecond;
  }
  if (explanations_left_ == 0) return false;
  explanations_left_--;
  return true;
}

Answer Workspace::answer_long(const Client& client, LongAnswer answer) {
  if (outbox.add(client, std::move(answer))) return answered();
  return Problem{"", "too many long answers wait for you", "ask again later"};
}

Answer Workspace::answer_list(const Client& client, const std::string& address, std::vector<osc::Message> list) {
  osc::Message done{"/done", {address}};
  const size_t count = list.size();
  size_t bytes = 0;
  for (const osc::Message& message : list) bytes += bytes_of(message);
  return answer_long(client,
                     {count, [list = std::move(list)](size_t i) { return std::optional(list[i]); },
                      [done](size_t) { return done; }, bytes});
}

osc::Argument Workspace::value_of(const Entry& entry, bool norm) const {
  const Value value = document.value(entry, now.frame);
  return norm ? position_of(entry.parameter(), value) : argument_of(entry.parameter(), value);
}

Change Workspace::with_links(Change change) const {
  if (!document.links().empty()) change.values = document.with_links({change.values.data(), change.values.size()});
  return change;
}

Problems Workspace::apply(const Change& change) {
  if (change.only_moves()) return move(change);
  const Change all = with_links(change);
  auto outcome = document.outcome(all);
  if (!outcome) return outcome.problems();
  return apply(all, std::move(*outcome));
}

Problems Workspace::apply(const Change& change, std::optional<Graph> outcome) {
  if (auto refused = guard(*this, change, outcome ? *outcome : document.graph())) return {std::move(*refused)};
  Applied applied;
  if (Problems problems = document.apply(change, std::move(outcome), now.frame, applied); !problems.empty()) return problems;
  for (const NewValue& said : change.values) rows_at_work.said(said.entry->path, said.entry->row);
  tell(applied);
  return {};
}

/// Followers are told in this order, so that none of them hears of what another one doesn't know yet.
void Workspace::tell(const Applied& applied) {
  for (const Problem& problem : applied.told)
    node_faults[node_address(problem)] = {problem.what, "it does nothing until its files are there", true};
  for (const Edit& edit : applied.edits)
    if (const auto* set = std::get_if<SetValue>(&edit)) rows_at_work.said(set->path, set->row);
  feedback.follow(applied);
  if (applied.renamed) meters.rename(document.names());
  if (applied.renamed) feeds.rename(document.graph());
  if (settings.journal.note) settings.journal.note(applied);
  if (applied.why == Change::Why::start) return;
  for (const Problem& problem : applied.told) tell_all(node_faults.at(node_address(problem)).message(node_address(problem)));
  for (const Edit& edit : applied.edits)
    if (const Node* node = changed_node(document.graph(), edit))
      if (const auto problem = unopened(*node, engine.settings())) tell_fault(problem->where, {problem->what, problem->hint});
  if (!applied.edits.empty() && applied.rewired) tell_all({"/graph/changed", {++edition}});
}

void Workspace::catch_up(bool all) {
  const Applied applied = document.catch_up(all);
  if (!applied.values.empty()) tell(applied);
}

osc::Message Workspace::transport() const {
  const uint64_t frame = std::max(now.frame, engine.now());
  const Transport t = engine.transport(frame);
  return {"/transport", {int32_t(t.rolling), t.tempo, t.beat, t.seconds, int64_t(frame)}};
}

uint64_t Workspace::soonest_frame() const {
  const double period = settings.device_period ? settings.device_period() : 0;
  return engine.horizon() + uint64_t(std::ceil(period * rate()));
}

void Workspace::stop_moves() {
  if (!played) return;
  Change rest;
  for (const AutomationState& row : engine.automation()) {
    const Entry* entry = document.names().find(row.path, row.row);
    if (row.has_begun && !row.is_taken && entry && entry->type == row.type) rest.values.push_back({entry, document.value(*entry, now.frame)});
  }
  if (!rest.values.empty()) move(rest);
  document.flush();
  engine.automate(nullptr);
  played.reset();
}

std::vector<Preparation> Workspace::needs(const Change& change, const std::optional<Graph>& outcome) const {
  if (!outcome) return {};
  std::vector<Preparation> needed = engine.needs(*outcome, change.prepared);
  for (Preparation& p : needed) p.without_files = change.without_files.contains(p.path);
  return needed;
}

Answer Workspace::prepare(const Change& change, const Graph& outcome, std::vector<Preparation> needs, GoOn go_on) {
  if (auto refused = guard(*this, change, outcome)) return *refused;
  if (Problems large = engine.too_large(outcome); !large.empty()) return large;
  Done done;
  done.worker = Worker::making;
  done.work = [&engine = engine, made = change.prepared, needs = std::move(needs), go_on = std::move(go_on)]() mutable -> Ending {
    for (Preparation& preparation : needs) made.push_back(engine.make(std::move(preparation)));
    return [made = std::move(made), go_on = std::move(go_on)](Workspace& workspace) { return go_on(workspace, made); };
  };
  return done;
}

Answer Workspace::make(Change change, Done done) {
  change = with_links(std::move(change));
  auto outcome = document.outcome(change);
  if (!outcome) return outcome.problems();
  Problems problems = change.failed();
  if (problems.empty())
    if (auto needed = needs(change, *outcome); !needed.empty()) {
      Change later = change;
      later.values.clear();
      return prepare(change, **outcome, std::move(needed),
                     [later = std::move(later), watch = rows_at_work.watch(change.values), done = std::move(done)](Workspace& workspace, std::vector<Prepared> made) -> Answer {
                       auto left = watch->left(workspace.document.names());
                       if (!left) return left.problems();
                       Change prepared = later;
                       prepared.values = std::move(*left);
                       prepared.prepared = std::move(made);
                       return workspace.make(std::move(prepared), done);
                     });
    }
  if (problems.empty()) problems = apply(change, *outcome);
  if (problems.empty()) return done;
  using Why = Change::Why;
  const bool must_go = change.why == Why::load || change.why == Why::undo || change.why == Why::redo || change.why == Why::trouble;
  if (!must_go || !*outcome || !change.do_without_files(problems, **outcome)) return problems;
  return make(std::move(change), std::move(done));
}

Answer Workspace::take(const Session& loaded, bool own, std::optional<Client> author, std::string detail) {
  const Session& session = document.session();
  if (loaded.media != session.media || loaded.recordings != session.recordings)
    return Problem{"", "its folders for media and recordings differ from those in use",
                   "start the daemon with this session"};
  Change change{.why = Change::Why::load, .author = std::move(author)};
  change.whole = loaded.graph;
  change.session = diff(session, loaded);
  if (own) change.files = {loaded.text_hash, loaded.types_hash, loaded.graph, loaded.scenes};
  return make(std::move(change), Done{std::move(detail)});
}

void Workspace::tell_all(const osc::Message& message) {
  for (const Client& client : subscribers()) reply(client, message);
}

void Workspace::tell_all(const Problem& problem, bool well) {
  if (settings.log) settings.log(problem.text(), well);
  if (well) return;
  tell_all({"/error", {"#journal", problem.what, problem.hint}});
}

void Workspace::tell_fault(const std::string& address, FaultNotice fault, bool well) {
  if (settings.log) settings.log(address + " " + fault.what + ": " + fault.then, well);
  std::erase_if(node_faults, [&](const auto& item) { return item.first == address || !document.graph().find(item.first.substr(1)); });
  tell_all(fault.message(address));
  if (!well) node_faults[address] = std::move(fault);
}

std::set<Client> Workspace::subscribers() const {
  const std::vector<Client> readers = feedback.clients();
  std::set<Client> all(readers.begin(), readers.end());
  for (const Client& client : meters.clients()) all.insert(client);
  for (const Client& client : feeds.clients()) all.insert(client);
  return all;
}

}  // namespace mixgraph

#include "daemon/control/console.h"

#include <algorithm>
#include <set>

#include "daemon/control/values.h"

namespace mixgraph {
namespace {

constexpr int kErrorsPerSecond = 100;        // that one client is told of
constexpr int kExplanationsPerSecond = 100;  // that look through all addresses, for all clients

/// The parameters whose values two graphs do not share.
std::vector<const Entry*> differing(const Namespace& names, const Graph& before, const Graph& after) {
  std::vector<const Entry*> found;
  for (const Node& node : after.nodes()) {
    const Node* old = before.find(node.path);
    if (!old || old->type != node.type) continue;
    for (size_t i = 0; i < node.values.size(); i++)
      if (old->values[i] != node.values[i]) found.push_back(names.find(node.path, int(i)));
  }
  return found;
}

}  // namespace

void CostWindow::follow(const Engine& engine, const Now& now) {
  constexpr int64_t kWindow = 2 * kSecond;
  if (now.monotonic_ns < rotate_ns_) return;
  rotate_ns_ = now.monotonic_ns + kWindow;
  older_ = std::exchange(newer_, std::move(latest_));
  latest_ = engine.costs();
}

std::vector<std::pair<std::string_view, double>> CostWindow::shares(double rate) const {
  std::vector<std::pair<std::string_view, double>> shares;
  for (size_t i = 0; i < latest_.size(); i++) {
    const TypeCost before = i < older_.size() ? older_[i] : TypeCost{};
    const uint64_t frames = latest_[i].frames - (older_.empty() ? 0 : older_.front().frames);
    const double ns = latest_[i].ns - before.ns;
    if (frames > 0 && ns > 0) shares.push_back({latest_[i].type, ns * rate * 1e-9 / double(frames)});
  }
  std::sort(shares.begin(), shares.end(), [](auto& a, auto& b) { return a.second > b.second; });
  return shares;
}

Console::Console(Engine& audio_engine, Session start, NodeTypes node_types, Send send_packet,
                 ControlSettings with)
    : engine(audio_engine),
      types(node_types),
      send(std::move(send_packet)),
      settings(std::move(with)),
      session(std::move(start)),
      live(engine, std::exchange(session.graph, {})),
      meters(live.names()) {}

ClientState& Console::refilled(const ClientId& client) {
  ClientState& state = clients[client];
  if (now.monotonic_ns >= state.refill_ns) {
    state.errors_left = kErrorsPerSecond;
    state.refill_ns = now.monotonic_ns + kSecond;
  }
  return state;
}

void Console::refuse(const ClientId& client, const Problem& problem) {
  counters.errors++;
  int& left = refilled(client).errors_left;
  if (left == 0) return;
  left--;
  reply(client, {"/error", {problem.where, problem.what, problem.hint}});
}

bool Console::may_explain(const ClientId& client) {
  if (refilled(client).errors_left == 0) return false;
  if (now.monotonic_ns >= explanations_refill_ns_) {
    explanations_left_ = kExplanationsPerSecond;
    explanations_refill_ns_ = now.monotonic_ns + kSecond;
  }
  if (explanations_left_ == 0) return false;
  explanations_left_--;
  return true;
}

Answer Console::answer_long(const ClientId& client, LongAnswer answer) {
  if (outbox.add(client, std::move(answer))) return answered();
  return Problem{"", "too many long answers wait for you", "ask again later"};
}

Answer Console::answer_list(const ClientId& client, const std::string& address, std::vector<osc::Message> list) {
  constexpr size_t kBytes = 200;  // of a message that waits, about
  osc::Message done{"/done", {address}};
  const size_t count = list.size();
  return answer_long(client,
                     {count, [list = std::move(list)](size_t i) { return std::optional(list[i]); },
                      [done](size_t) { return done; }, count * kBytes});
}

osc::Argument Console::value_of(const Entry& entry, bool norm) const {
  const Value value = live.value(entry, now.frame);
  return norm ? position_of(entry.parameter(), value) : argument_of(entry.parameter(), value);
}

Problems Console::change(const std::function<Problems()>& work) {
  const Graph before = live.graph();
  const uint64_t generation = live.generation();
  if (Problems problems = work(); !problems.empty()) return problems;
  const bool renamed = live.generation() != generation;
  if (renamed) {
    feedback.rename();
    meters.rename(live.names());
  }
  for (const Entry* entry : differing(live.names(), before, live.graph()))
    feedback.changed(*entry, live.names().index(*entry), nullptr);
  if (renamed || before.cables() != live.graph().cables()) announce();
  return {};
}

Problems Console::take(Session loaded, bool own) {
  if (loaded.media != session.media || loaded.recordings != session.recordings)
    return {{"", "its folders for media and recordings differ from those in use",
             "start the daemon with this session"}};
  LiveGraph::Besides back, forward;
  if (SessionEdit edit = diff(session, loaded); !edit.empty()) {
    forward = std::make_shared<SessionEdit>(std::move(edit));
    back = std::make_shared<SessionEdit>(diff(loaded, session));
  }
  if (Problems problems = change([&] { return live.commit(loaded.graph, back, forward); }); !problems.empty()) return problems;
  if (forward) follow(*forward);
  if (!own) return {};
  session.text_hash = loaded.text_hash;
  session.types_hash = loaded.types_hash;
  if (settings.journal.rebase) settings.journal.rebase(*this, {fingerprint(session)}, true);
  return {};
}

void Console::follow(const SessionEdit& edit) {
  for (const auto& [name, scene] : edit.scenes) changed_scenes.insert(name);
  apply(session, edit);
}

Problems Console::step(Problems (LiveGraph::*way)(LiveGraph::Besides&)) {
  LiveGraph::Besides besides;
  if (Problems problems = change([&] { return (live.*way)(besides); }); !problems.empty()) return problems;
  if (besides) follow(*besides);
  return {};
}

void Console::announce() {
  edition++;
  tell_all({"/graph/changed", {edition}});
}

void Console::tell_all(const osc::Message& message) {
  for (const ClientId& client : subscribers()) reply(client, message);
}

void Console::tell_all(const Problem& problem, bool well) {
  if (settings.log) settings.log(problem.text(), well);
  if (well) return;
  tell_all({"/error", {"#journal", problem.what, problem.hint}});
}

std::set<ClientId> Console::subscribers() const {
  const std::vector<ClientId> readers = feedback.clients();
  std::set<ClientId> all(readers.begin(), readers.end());
  for (const ClientId& client : meters.clients()) all.insert(client);
  return all;
}

}  // namespace mixgraph

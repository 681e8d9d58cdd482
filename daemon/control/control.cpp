#include "daemon/control/control.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mixgraph {
namespace {

constexpr int64_t kFarthest = 60 * kSecond;            // that a time tag may lie ahead
constexpr int64_t kMovesInterval = 30 * kMillisecond;  // between values of a move that subscribers get
constexpr int64_t kMetersInterval = 20 * kMillisecond;
constexpr PatternBudget kTimedPatterns{256, 64, 16384};  // of all that falls due in one tick
constexpr int64_t kForgotten = 60 * kSecond;  // transactions that nobody goes on with, and clients without one
constexpr auto kFinish = std::chrono::seconds(1);  // for what waits when the engine ends
constexpr size_t kMostAddresses = 1024;  // of strangers, that are remembered
constexpr int kStrangerLines = 20;       // of the log, in a minute

/// The address in the name of a UDP client, without its port.
std::string address_of(const Client& client) {
  const size_t from = client->name.find(' ') + 1;
  return client->name.substr(from, client->name.rfind(':') - from);
}

}  // namespace

Control::Control(Engine& engine, Session session, NodeTypes types, Send send, ControlSettings settings)
    : confirmations_(settings.confirm != Confirm::off),
      start_(session.graph),
      workspace_(engine, std::move(session), types, guarded(std::move(send)), std::move(settings)) {}

/// Sends little to those who might be somebody else.
Send Control::guarded(Send send) {
  return [this, send = std::move(send)](const Client& client, const osc::Packet& packet, bool droppable) {
    if (confirmations_.trusts(client) || confirmations_.may_send(client, osc::encode(packet).size()))
      send(client, packet, droppable);
  };
}

/// Whether a packet may be carried out at once, of a client that might be somebody else.
bool Control::introduce(const Client& client, std::span<const uint8_t> packet, const osc::Packet& decoded) {
  if (is_confirmation(client, decoded)) return false;
  if (workspace_.settings.confirm == Confirm::answers && only_sets(decoded)) {
    tell_unconfirmed_set(client);
    return true;
  }
  confirmations_.hold(client, packet, workspace_.now);
  workspace_.reply(client, {"/confirm", {confirmations_.number_for(client)}});
  return false;
}

/// Takes a `/confirm`. One that can't be a number asks for the number as a text.
bool Control::is_confirmation(const Client& client, const osc::Packet& decoded) {
  const auto* message = std::get_if<osc::Message>(&decoded);
  if (!message || message->address != "/confirm") return false;
  const auto number = confirmation_in(decoded);
  if (!number) {
    workspace_.reply(client, {"/confirm", {std::to_string(confirmations_.number_for(client))}});
    return true;
  }
  const auto held = confirmations_.confirm(client, *number);
  if (!held)
    workspace_.refuse(client, {"/confirm", "not the number that was sent", ""});
  else if (!held->empty())
    receive(client, *held, workspace_.now);
  return true;
}

void Control::tell_unconfirmed_set(const Client& client) {
  if (unconfirmed_.contains(address_of(client))) return;
  if (unconfirmed_.size() >= kMostAddresses) unconfirmed_.clear();
  const bool told = log_stranger(
      fmt::format("{} sets parameters without having shown that it is there; `osc: {{confirm: all}}` keeps that out, "
                  "and `osc: {{peers: ['{}:PORT']}}` also feeds it back, at the port on which it listens",
                  client->name, address_of(client)));
  if (told) unconfirmed_.insert(address_of(client));
}

void Control::tell_overdue() {
  for (const Client& client : confirmations_.take_overdue(workspace_.now))
    log_stranger(fmt::format("{} gets no answer until it returns the /confirm that was sent to it; for a surface that can't, "
                             "`osc: {{peers: ['{}:PORT']}}` with the port on which it listens",
                             client->name, address_of(client)));
}

/// Forged addresses are not to fill the log. False: there is no room for this line.
bool Control::log_stranger(std::string line) {
  if (workspace_.now.monotonic_ns >= stranger_lines_refill_ns_) {
    stranger_lines_refill_ns_ = workspace_.now.monotonic_ns + 60 * kSecond;
    stranger_lines_left_ = kStrangerLines;
  }
  if (!workspace_.settings.log || stranger_lines_left_ == 0) return false;
  if (--stranger_lines_left_ == 0) line += " (more lines like this are left out for a minute)";
  workspace_.settings.log(line, true);
  return true;
}

void Control::receive(const Client& client, std::span<const uint8_t> packet, const Now& now) {
  workspace_.now = now;
  workspace_.catch_up();
  confirmations_.heard(client, packet.size());
  const auto decoded = osc::decode(packet);
  if (!decoded) {
    workspace_.counters.malformed++;
    return workspace_.refuse(client, decoded.problems().front());
  }
  if (!confirmations_.trusts(client) && !introduce(client, packet, *decoded)) return;
  if (const auto* message = std::get_if<osc::Message>(&*decoded)) {
    workspace_.patterns = {};
    turns_.begin_message();
    turns_.perform(client, *message, 0);
    workspace_.document.end_batch();
  } else {
    turns_.begin_packet();
    bundle(client, std::get<osc::Bundle>(*decoded));
  }
}

void Control::refused_frame(const Client& client, const Problem& problem, const Now& now) {
  workspace_.now = now;
  workspace_.counters.malformed++;
  workspace_.refuse(client, problem);
}

void Control::disconnected(const Client& client) {
  workspace_.feedback.unsubscribe(client, "");
  workspace_.meters.unsubscribe(client, "");
  workspace_.feeds.unsubscribe(client, "");
  workspace_.outbox.drop(client);
  turns_.drop(client);
  timed_.drop(client);
  confirmations_.forget(client);
  workspace_.clients.erase(client);
}

void Control::bundle(const Client& client, const osc::Bundle& bundle) {
  workspace_.patterns = {};
  for (TimedGroup& group : groups_of(client, bundle)) {
    if (group.time.immediate())
      perform_now(group);
    else
      schedule(std::move(group));
  }
}

void Control::schedule(TimedGroup group) {
  const int64_t ahead = group.time.system_ns() - workspace_.now.system_ns;
  if (ahead < 0) {
    tell_late(group.client, -ahead);
    return perform_now(group);
  }
  if (ahead > kFarthest)
    return workspace_.refuse(group.client,
                           {"#bundle", fmt::format("its time is {:.0f} s ahead", double(ahead) / kSecond),
                            "at most 60 s; the time tag is NTP time of this machine"});
  group.due_ns = workspace_.now.monotonic_ns + ahead;
  if (workspace_.now.ties > 0)
    group.frame = std::max<uint64_t>(1, workspace_.now.frame_at(group.time.system_ns(), workspace_.rate()));
  group.trusted = confirmations_.trusts(group.client);
  const Client client = group.client;
  if (!timed_.add(std::move(group)))
    workspace_.refuse(client,
                    {"#bundle", "too many timed messages are waiting", "send them nearer to their time"});
}

void Control::tell_late(const Client& client, int64_t late_ns) {
  workspace_.counters.late_bundles++;
  ClientState& state = workspace_.clients[client];
  if (workspace_.now.monotonic_ns < state.late_notice_ns) return;
  state.late_notice_ns = workspace_.now.monotonic_ns + kSecond;
  workspace_.reply(
      client, {"/error",
               {"#bundle", fmt::format("late by {:.1f} ms, applied at once", double(late_ns) / kMillisecond),
                "send bundles ahead of their time, or with the time tag 'immediately'"}});
}

void Control::perform(const TimedGroup& group, uint64_t frame) {
  workspace_.document.end_batch();
  for (const osc::Message& message : group.messages) turns_.perform(group.client, message, frame);
  workspace_.document.end_batch();
}

/// A tick is aimed at that no block that begins meanwhile can miss.
void Control::perform_now(const TimedGroup& group) {
  if (!group.on_tick()) return perform(group, 0);
  perform_timed(group, workspace_.soonest_frame());
}

/// The audio thread may have begun a block that lies beyond the bundle's time.
void Control::perform_timed(const TimedGroup& group, uint64_t frame) {
  frame = std::max<uint64_t>(frame, 1);
  if (group.on_tick()) frame = next_tick(frame);
  perform(group, frame);
  workspace_.document.flush();
  const uint64_t horizon = workspace_.engine.horizon();
  if (frame < horizon) tell_late(group.client, int64_t(double(horizon - frame) / workspace_.rate() * kSecond));
}

void Control::resume(const Now& now) {
  if (!turns_.is_busy()) return;
  workspace_.now = now;
  workspace_.catch_up();
  turns_.resume();
}

void Control::tick(const Now& now) {
  workspace_.now = now;
  workspace_.document.flush();
  resume(now);
  workspace_.catch_up();
  turns_.begin_packet();
  perform_due();
  tell_transport();
  follow_moves();
  read_meters();
  const auto value_of = [this](const Entry& entry, bool norm) { return workspace_.value_of(entry, norm); };
  workspace_.feedback.tick(now, workspace_.document.names(), value_of, workspace_.send);
  workspace_.meters.tick(now, workspace_.send);
  workspace_.feeds.tick(now, workspace_.engine, workspace_.send);
  workspace_.outbox.tick(workspace_.send);
  workspace_.costs.follow(workspace_.engine, now);
  tell_faults();
  late_files_.tick();
  tell_overdue();
  forget_idle();
  follow_journal();
}

void Control::perform_due() {
  if (timed_.empty() && !workspace_.played) return;
  const Now& now = workspace_.now;
  const double periods = workspace_.settings.device_period ? 2 * workspace_.settings.device_period() : 0;
  const auto ahead = uint64_t(std::max(workspace_.settings.lookahead, periods) * workspace_.rate());
  workspace_.patterns = kTimedPatterns;
  timed_.tie(now, workspace_.rate());
  for (const TimedGroup& group : timed_.take(now.frame + ahead, now.monotonic_ns))
    group.frame > 0 ? perform_timed(group, group.frame) : perform_now(group);
  perform_moves(now.frame + ahead);
}

/// Those of one frame are one batch, as a bundle's.
void Control::perform_moves(uint64_t until) {
  while (workspace_.played && workspace_.played->has_lines()) {
    PlayedMoves& moves = *workspace_.played;
    TimedGroup group{moves.client, {}};
    group.frame = moves.frame_of(moves.script.lines[moves.next]);
    if (group.frame > until) return;
    for (; moves.has_lines() && moves.frame_of(moves.script.lines[moves.next]) == group.frame; moves.next++) group.messages.push_back(moves.script.lines[moves.next].message);
    perform_timed(group, group.frame);
  }
}

void Control::tell_transport() {
  uint64_t& frame = workspace_.transport_changes;
  if (frame == 0 || workspace_.engine.now() < frame) return;
  frame = 0;
  workspace_.tell_all(workspace_.transport());
}

/// While anything is under way it is looked at in each tick. Meters are read for whoever may ask for one: an answer can't
/// wait until the audio thread has posted a fresh reading.
int64_t Control::due() const {
  const bool tells_moves = workspace_.document.moves() && workspace_.feedback.has_subscribers();
  const bool plays = workspace_.played && workspace_.played->has_lines();
  if (waits() || plays || tells_moves || workspace_.transport_changes > 0 || workspace_.outbox.size() > 0 || !workspace_.engine.rests()) return 0;
  return std::min({next_meters_ns_, workspace_.feedback.due(), workspace_.meters.due(), workspace_.feeds.due()});
}

void Control::follow_journal() {
  if (workspace_.settings.journal.follow) workspace_.settings.journal.follow(workspace_);
}

void Control::tell_faults() {
  for (const NodeFault& f : workspace_.engine.take_faults()) {
    const std::string what = f.fault == Fault::runaway ? "ran away beyond +120 dBFS" : "put out what is no number";
    const std::string then = f.given_up ? "silenced: the third time in 10 s; change or replace it" : "silenced and built anew";
    workspace_.tell_fault("/" + f.path, {what, then});
  }
  for (const NodeTrouble& t : workspace_.engine.take_troubles()) tell_trouble(t);
}

/// What a node can't do, the document doesn't say that it does.
void Control::tell_trouble(const NodeTrouble& t) {
  const Problem& problem = t.trouble.problem;
  workspace_.tell_fault("/" + t.path, {problem.where + " " + problem.what, problem.hint});
  const Entry* entry = t.trouble.row < 0 ? nullptr : workspace_.document.names().find(t.path, t.trouble.row);
  if (!entry) return;
  workspace_.apply({.why = Change::Why::trouble, .values = {{entry, initial_value(entry->parameter())}}});
}

/// What arrives is told in the tick in which it does: told later, a message that was due in between would
/// have brought the target already, and it would come twice.
void Control::follow_moves() {
  const Namespace& names = workspace_.document.names();
  const auto tell = [&](const std::vector<std::string>& addresses) {
    for (const std::string& address : addresses)
      if (const Entry* entry = names.find(address))
        workspace_.feedback.changed(*entry, names.index(*entry), nullptr);
  };
  tell(workspace_.document.take_arrived(workspace_.now.frame));
  if (workspace_.now.monotonic_ns < next_moves_ns_) return;
  next_moves_ns_ = workspace_.now.monotonic_ns + kMovesInterval;
  tell(workspace_.document.moving(workspace_.now.frame));
}

void Control::read_meters() {
  if (workspace_.now.monotonic_ns < next_meters_ns_) return;
  next_meters_ns_ = workspace_.now.monotonic_ns + kMetersInterval;
  workspace_.meters.read(workspace_.engine.meters());
}

/// Who says nothing is forgotten after a while, whether or not it has gone: an answer to somebody who has remembers it anew.
void Control::forget_idle() {
  const int64_t now = workspace_.now.monotonic_ns;
  for (auto& [client, state] : workspace_.clients)
    if (state.transaction && now - state.transaction->touched_ns > kForgotten) state.transaction.reset();
  std::erase_if(workspace_.clients, [now](const auto& item) {
    const ClientState& state = item.second;
    return !state.transaction && now - std::max(state.refill_ns, state.late_notice_ns) > kForgotten;
  });
}

std::vector<Control::Request> Control::subscriptions() const {
  std::vector<Request> requests;
  for (auto& [client, message] : workspace_.feedback.requests()) requests.push_back({client, message});
  for (auto& [client, message] : workspace_.meters.requests()) requests.push_back({client, message});
  for (auto& [client, message] : workspace_.feeds.requests()) requests.push_back({client, message});
  return requests;
}

std::vector<Control::Request> Control::waiting_bundles(const Now& now) const {
  std::vector<Request> requests;
  for (const auto& [place, group] : timed_.waiting()) {
    const int64_t due_ns = now.time_of(group.frame, workspace_.rate()) - now.system_ns + now.monotonic_ns;
    requests.push_back({group.client, osc::Bundle{group.time, {group.messages.begin(), group.messages.end()}},
                        group.frame > 0 ? due_ns : group.due_ns});
  }
  return requests;
}

void Control::finish() {
  for (const Turn turn(kFinish); turns_.serves() && !turn.is_over();) {
    turns_.wait(std::chrono::milliseconds(10));
    resume(workspace_.now);
  }
  workspace_.document.flush();
  workspace_.catch_up(true);
  follow_journal();
}

}  // namespace mixgraph

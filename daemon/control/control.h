#pragma once
#include <set>
#include <span>
#include <string>

#include "daemon/control/confirmations.h"
#include "daemon/control/workspace.h"
#include "daemon/control/late_files.h"
#include "daemon/control/timed_messages.h"
#include "daemon/control/turns.h"

namespace mixgraph {

/// Control by OSC, as PROTOCOL.md describes it: packets in, packets out through `send`, no socket and no
/// clock of its own. It owns the graph value, which is the truth; the engine follows. [control]
class Control {
 public:
  Control(Engine& engine, Session session, NodeTypes types, Send send, ControlSettings settings = {});

  /// The types that nodes can be of from now on; nodes of others live on.
  void know_types(NodeTypes types) { workspace_.types = std::move(types); }
  /// Makes the session's graph sound, or tells the problems for which it can't.
  /// `told`: files that can't be had, whose nodes do nothing until they can; without it such a session doesn't start.
  Problems start(Problems* told = nullptr);
  /// The same for a graph from a journal. What can't be built any more is left out; if
  /// nothing else helps, `otherwise` sounds. `told`: what had to be done. False: that doesn't help either.
  bool start_restored(const Graph& otherwise, Problems& told);

  /// One packet of a client. Whatever is wrong with it is answered to that client alone.
  void receive(const Client& client, std::span<const uint8_t> packet, const Now& now);
  /// Whether a client is where its packets say that they come from, as far as that is asked for.
  bool trusts(const Client& client) const { return confirmations_.trusts(client); }
  /// The client has shown in an earlier life of the daemon that it is where its packets come from.
  void vouch(const Client& client) { confirmations_.vouch(client); }
  /// Hands what the packets since the last call have set to the engine, where it is heard together; call it when
  /// there are no more packets for now. A tick does it too.
  void flush() { workspace_.document.flush(); }
  /// The engine will not run any more: what waits in it for its frame is taken into the graph.
  void finish();
  /// A stream of a client that can't be cut into packets.
  void refused_frame(const Client& client, const Problem& problem, const Now& now);
  void disconnected(const Client& client);
  /// Carries out what is due, and sends feedback; call it when due() says, and within a few milliseconds of a packet.
  void tick(const Now& now);
  /// Goes on with what took too long for one turn, and ends what a worker has done. A tick does it too.
  void resume(const Now& now);
  /// When tick() has something to do, if no client says anything before; monotonic ns, past: as soon as it may.
  int64_t due() const;

  /// What a client has asked for and is still to be done, as a packet that would ask for it again.
  struct Request {
    Client client;
    osc::Packet packet;
    int64_t due_ns = 0;  ///< monotonic, of a bundle, whose own time tag says nothing then
  };
  /// The subscriptions of all clients.
  std::vector<Request> subscriptions() const;
  /// Goes up whenever those change.
  uint64_t subscriptions_edition() const { return workspace_.feedback.edition() + workspace_.meters.edition() + workspace_.feeds.edition(); }
  /// The bundles that wait for their time.
  std::vector<Request> waiting_bundles(const Now& now) const;
  /// Whether the client itself has shown that it is where its packets come from.
  bool has_confirmed(const Client& client) const { return confirmations_.has_confirmed(client); }

  /// Sends a message to all subscribers.
  void tell_all(const osc::Message& message) { workspace_.tell_all(message); }

  const Workspace& workspace() const { return workspace_; }
  /// Whether there are bundles whose time is to come.
  bool waits() const { return !timed_.empty(); }
  const Graph& graph() const { return workspace_.document.graph(); }

 private:
  Problems start(const Graph& graph, Problems* told);
  void prepare_start(Change& change) const;
  Send guarded(Send send);
  bool introduce(const Client& client, std::span<const uint8_t> packet, const osc::Packet& decoded);
  bool is_confirmation(const Client& client, const osc::Packet& decoded);
  void tell_unconfirmed_set(const Client& client);
  void tell_overdue();
  bool log_stranger(std::string line);
  void bundle(const Client& client, const osc::Bundle& bundle);
  void schedule(TimedGroup group);
  void perform(const TimedGroup& group, uint64_t frame);
  void perform_now(const TimedGroup& group);
  void perform_timed(const TimedGroup& group, uint64_t frame);
  void perform_due();
  void perform_moves(uint64_t until);
  void tell_transport();
  void tell_late(const Client& client, int64_t late_ns);
  void tell_faults();
  void tell_trouble(const NodeTrouble& trouble);
  void follow_moves();
  void read_meters();
  void forget_idle();
  void follow_journal();

  Confirmations confirmations_;
  Graph start_;  // that is to sound first
  Workspace workspace_;
  Turns turns_{workspace_};
  LateFiles late_files_{workspace_, turns_};
  TimedMessages timed_;
  std::set<std::string> unconfirmed_;  // addresses that have set something without having confirmed; those told
  int stranger_lines_left_ = 0;
  int64_t stranger_lines_refill_ns_ = 0;  // monotonic
  int64_t next_moves_ns_ = 0, next_meters_ns_ = 0;  // monotonic
};

}  // namespace mixgraph

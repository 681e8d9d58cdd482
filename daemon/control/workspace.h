#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/control/address_list.h"
#include "daemon/control/client_state.h"
#include "daemon/control/control_settings.h"
#include "daemon/control/cost_window.h"
#include "daemon/control/document.h"
#include "daemon/control/feed_reader.h"
#include "daemon/control/feedback.h"
#include "daemon/control/meter_feed.h"
#include "daemon/control/outbox.h"
#include "daemon/control/played_moves.h"
#include "daemon/control/rows_at_work.h"

namespace mixgraph {

struct ControlCounters {
  uint64_t messages = 0;      ///< carried out or refused, those in bundles included
  uint64_t errors = 0;        ///< refused
  uint64_t late_bundles = 0;  ///< whose time had passed when they came
  uint64_t malformed = 0;     ///< packets and frames
};

/// What befell a node, and what follows.
struct FaultNotice {
  std::string what, then;
  bool lacks_files = false;  ///< over once they are there
  osc::Message message(const std::string& address) const { return {"/node/fault", {address, what, then}}; }
};

/// What the patterns of one packet may cost, so that none of them keeps other clients waiting.
struct PatternBudget {
  int patterns = 32;
  int rebuilds = 32;  ///< sets of parameters that build their node anew; a pattern's count as one
  size_t matches = 4096;
};

/// All that commands work on. [control]
struct Workspace {
  Workspace(Engine& audio_engine, Session start, NodeTypes node_types, Send send_packet, ControlSettings with);

  Engine& engine;
  NodeTypes types;
  Send send;
  ControlSettings settings;
  Document document;
  std::optional<Scene::Scope> before_recall;  ///< the values that the last recall replaced, for /scene/undo
  Feedback feedback;
  MeterFeed meters;
  FeedReader feeds;
  Outbox outbox;
  CostWindow costs;
  ControlCounters counters;
  std::map<std::string, FaultNotice> node_faults;  ///< the latest of each node, by address
  int32_t edition = 0;  ///< goes up with every edit of nodes and cables
  Now now;              ///< when the message or tick at hand came
  std::map<Client, ClientState> clients;
  PatternBudget patterns;  ///< of the packet at hand
  std::optional<PlayedMoves> played;
  uint64_t transport_changes = 0;  ///< frame of the engine from which on subscribers are told of musical time; 0: they know it
  RowsAtWork rows_at_work;
  Change setting;          ///< of one row, by the message at hand: made once, as a million may come in a second
  AddressLists address_lists;

  double rate() const { return engine.settings().environment.rate; }
  void reply(const Client& client, osc::Message message) { send(client, std::move(message), false); }
  /// Answers and counts something that was refused.
  void refuse(const Client& client, const Problem& problem);

  /// Whether it is worth the while to find out what a client may have meant: not if it won't be told, nor if
  /// much has been found out in this second.
  bool may_explain(const Client& client);
  /// Every address of the graph as it is now.
  std::shared_ptr<const AddressList> addresses() { return address_lists.at(document.generation(), document.names()); }

  /// Sends many messages at a pace; then, for a list, `/done` like any command.
  Answer answer_long(const Client& client, LongAnswer answer);
  Answer answer_list(const Client& client, const std::string& address, std::vector<osc::Message> list);
  Answer answer_list(const Call& call, std::vector<osc::Message> list) { return answer_list(call.client, call.message.address, std::move(list)); }

  /// A parameter's value at this moment as an argument, also as a position.
  osc::Argument value_of(const Entry& entry, bool norm) const;
  /// The one door for every change: asks whether its author may make it, has the document make it, which the engine follows,
  /// and tells those who follow the document, in a fixed order: feedback, meters, journal. On problems nothing changed.
  Problems apply(const Change& change);
  /// The same for one that only moves values.
  Problems move(const Change& change) { return document.links().empty() ? apply(change, {}) : apply(with_links(change), {}); }
  /// The same for a command, which says `done` in the end: what takes long to make is made on a worker first, and then the
  /// change is made, if it still can be.
  Answer make(Change change, Done done);
  /// What takes long to make of a change's outcome.
  std::vector<Preparation> needs(const Change& change, const std::optional<Graph>& outcome) const;
  /// Has that made on a worker, if the author may make the change and there is room for it, and goes on with all that was
  /// prepared.
  using GoOn = std::function<Answer(Workspace&, std::vector<Prepared>)>;
  Answer prepare(const Change& change, const Graph& outcome, std::vector<Preparation> needs, GoOn go_on);
  /// `/transport` with musical time as it is now.
  osc::Message transport() const;
  /// The first frame that nothing which begins meanwhile can miss.
  uint64_t soonest_frame() const;
  /// Ends the file of moves that is played. Its rows stay where they are, and the document says where that is.
  void stop_moves();
  /// Lets what has come due into the document, and tells those who follow it. `all`: what still waits, too.
  void catch_up(bool all = false);
  /// Follows a session that was loaded, as one step of undo with its scenes and settings. `own`: from the session's own file.
  Answer take(const Session& loaded, bool own, std::optional<Client> author, std::string detail);
  /// Sends a message to all subscribers, to parameters and to meters.
  void tell_all(const osc::Message& message);
  /// Tells all subscribers, and whoever runs the daemon, what is wrong, or, if `well`, only the latter that it
  /// is over.
  void tell_all(const Problem& problem, bool well);
  /// Tells all subscribers, and the log, what befell a node; it is kept for those who ask. `well`: it is over.
  void tell_fault(const std::string& address, FaultNotice fault, bool well = false);
  /// All clients that have subscribed to anything.
  std::set<Client> subscribers() const;

 private:
  Change with_links(Change change) const;
  Problems apply(const Change& change, std::optional<Graph> outcome);
  void tell(const Applied& applied);
  ClientState& refilled(const Client& client);
  int explanations_left_ = 0;
  int64_t explanations_refill_ns_ = 0;  // monotonic
};

}  // namespace mixgraph

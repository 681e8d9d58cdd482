#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/session.h"
#include "daemon/control/address_list.h"
#include "daemon/control/command.h"
#include "daemon/control/feedback.h"
#include "daemon/control/document.h"
#include "daemon/control/meter_feed.h"
#include "daemon/control/outbox.h"
#include "daemon/control/rows_at_work.h"
#include "daemon/control/session_file.h"

namespace mixgraph {

/// Edits that a client gathers between /graph/begin and /graph/commit.
struct Transaction {
  static constexpr size_t kMostEdits = 10'000;
  static constexpr size_t kMostOpen = 16;  ///< of all clients
  std::vector<Edit> edits;
  Graph draft;             ///< the graph with these edits, so that each can be checked
  int64_t touched_ns = 0;  ///< monotonic
};

/// A client, as far as control remembers it.
struct ClientState {
  std::optional<Transaction> transaction;
  int errors_left = 0;         ///< answers of /error that it may get until the next refill
  int64_t refill_ns = 0;       ///< monotonic
  int64_t late_notice_ns = 0;  ///< monotonic; when it may be told of a late bundle again
};

struct ControlCounters {
  uint64_t messages = 0;      ///< carried out or refused, those in bundles included
  uint64_t errors = 0;        ///< refused
  uint64_t late_bundles = 0;  ///< whose time had passed when they came
  uint64_t malformed = 0;     ///< packets and frames
};

/// A fact about this program, of which /status is a view: its last address part, a sentence that says what it is, and its
/// value. Counts and other whole numbers are `h`, amounts in a unit `d`, shares of a whole `f`, names and reasons `s`.
struct StatusItem {
  std::string name;
  std::string_view doc;
  osc::Argument value;
};
/// A whole number for /status. [any]
template <class Number>
int64_t whole(Number number) {
  return int64_t(number);
}

/// What node types cost of late: the difference of the engine's sums over the latest 2 to 4 s. [control]
class CostWindow {
 public:
  void follow(const Engine& engine, const Now& now);
  /// Share of one processor's time by node type, the dearest first; those that run no more are left out.
  std::vector<std::pair<std::string_view, double>> shares(double rate) const;

 private:
  std::vector<TypeCost> older_, newer_, latest_;
  int64_t rotate_ns_ = 0;  // monotonic
};

/// A block that came late, as /late/list tells it.
struct LateBlockFacts {
  int64_t system_ns = 0;     ///< when it was due, since 1970
  double milliseconds = 0;   ///< how long our work took, or how late the call for sound came
  std::string_view cause;    ///< work, scheduler, device
  std::string_view kind;     ///< late, stall, lost
};

/// What follows for a node whose files can't be had.
inline constexpr std::string_view kUntilThere = "it does nothing until its files are there";

struct Console;

/// Keeps the live state: daemon/journal.
struct Keeping {
  /// Notes a change.
  std::function<void(const Applied&)> note = {};
  /// Hands on what was noted since the last call.
  std::function<void(Console&)> follow = {};
  /// The state goes back to the session's files with one of these fingerprints; `pristine`: it is the same.
  std::function<void(Console&, std::vector<uint64_t> fingerprints, bool pristine)> rebase = {};
};

struct ControlSettings {
  std::string session_file;  ///< what /graph/save writes to, and whose folder /graph/load reads from
  bool session_is_link = false;  ///< SessionFile::is_link
  /// Timed messages are handed to the engine so long before their time, or two device periods. [s]
  double lookahead = 0.05;
  std::function<double()> device_period = {};  ///< [s]
  /// What the daemon knows besides: driver, device, threads.
  std::function<std::vector<StatusItem>()> more_status = {};
  /// The latest blocks that came late.
  std::function<std::vector<LateBlockFacts>()> late_blocks = {};
  /// From the graph's output to the device's, for /clock. [s]
  std::function<double()> device_latency = {};
  Keeping journal = {};  ///< without it the live state isn't kept
  /// Takes lines for whoever runs the daemon. `well`: nothing is wrong.
  std::function<void(const std::string&, bool well)> log = {};
  /// What /device answers; without it there is none.
  std::function<osc::Message()> device = {};
  /// Begins to start the daemon again; without it that can't be done.
  std::function<void()> restart = {};
  /// Runs something on a worker; without it, it is done at once, and no message has a bound on its time.
  std::function<void(Worker, std::function<void()>)> in_background = {};
  /// Asks for a call of Control::resume() soon. [any]
  std::function<void()> wake = {};
  /// Nothing more is to be read from a client for now, or it is again.
  std::function<void(const Client&, bool held)> hold = {};
  /// How long a start waits for the files of players and recorders, which are made on workers; those that come later begin
  /// later. 0: as long as it takes. [s]
  double patience = 0;
  FileAccess files = FileAccess::loopback;
  Confirm confirm = Confirm::answers;

  SessionFile own_file() const { return {session_file, session_is_link}; }
};

/// What the patterns of one packet may cost, so that none of them keeps other clients waiting.
struct PatternBudget {
  int patterns = 32;
  int rebuilds = 32;  ///< sets of parameters that build their node anew; a pattern's count as one
  size_t matches = 4096;
};

/// All that commands work on. [control]
struct Console {
  Console(Engine& audio_engine, Session start, NodeTypes node_types, Send send_packet, ControlSettings with);

  Engine& engine;
  NodeTypes types;
  Send send;
  ControlSettings settings;
  Document document;
  std::optional<Scene::Scope> before_recall;  ///< the values that the last recall replaced, for /scene/undo
  Feedback feedback;
  MeterFeed meters;
  Outbox outbox;
  CostWindow costs;
  ControlCounters counters;
  std::map<std::string, osc::Message> node_faults;  ///< the latest /node/fault of each node, by address
  int32_t edition = 0;  ///< goes up with every edit of nodes and cables
  Now now;              ///< when the message or tick at hand came
  std::map<Client, ClientState> clients;
  PatternBudget patterns;  ///< of the packet at hand
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
  Problems move(const Change& change) { return apply(change, {}); }
  /// The same for a command, which says `done` in the end: what takes long to make is made on a worker first, and then the
  /// change is made, if it still can be.
  Answer make(Change change, Done done);
  /// What takes long to make of a change's outcome.
  std::vector<Preparation> needs(const Change& change, const std::optional<Graph>& outcome) const;
  /// Has that made on a worker, if the author may make the change and there is room for it, and goes on with all that was
  /// prepared.
  using GoOn = std::function<Answer(Console&, std::vector<Prepared>)>;
  Answer prepare(const Change& change, const Graph& outcome, std::vector<Preparation> needs, GoOn go_on);
  /// Lets what has come due into the document, and tells those who follow it. `all`: what still waits, too.
  void catch_up(bool all = false);
  /// Follows a session that was loaded, as one step of undo with its scenes and settings. `own`: from the session's own file.
  Answer take(const Session& loaded, bool own, std::optional<Client> author, std::string detail);
  /// Sends a message to all subscribers, to parameters and to meters.
  void tell_all(const osc::Message& message);
  /// Tells all subscribers, and whoever runs the daemon, what is wrong, or, if `well`, only the latter that it
  /// is over.
  void tell_all(const Problem& problem, bool well);
  /// Tells all subscribers, and the log, what befell a node and what follows; it is kept for those who ask. `well`: it is over.
  void tell_fault(const std::string& address, const std::string& what, const std::string& then, bool well = false);
  /// All clients that have subscribed to anything.
  std::set<Client> subscribers() const;

 private:
  Problems apply(const Change& change, std::optional<Graph> outcome);
  void tell(const Applied& applied);
  ClientState& refilled(const Client& client);
  int explanations_left_ = 0;
  int64_t explanations_refill_ns_ = 0;  // monotonic
};

}  // namespace mixgraph

#pragma once
#include <deque>
#include <future>
#include <map>
#include <optional>

#include "daemon/control/command.h"
#include "daemon/osc/turn.h"

namespace mixgraph {

/// Carries out messages, each client's in their order, and nobody's for too long: what takes its time is done on workers,
/// and what has no time left waits for another turn. [control]
class Turns {
 public:
  explicit Turns(Workspace& workspace) : workspace_(workspace) {}

  /// A packet has come: what it says has a bound on its time from here on.
  void begin_packet();
  /// A single message has come, which is bounded by itself.
  void begin_message() { turn_.reset(); }
  /// Carries out a message at a frame of the engine, or lets it wait behind others of its client.
  void perform(const Client& client, const osc::Message& message, uint64_t frame);
  /// Does something that no client asked for, unless the last work with this number is under way still, or much other is. Its
  /// answer goes nowhere.
  void do_own(uint64_t number, Work work);
  /// Ends what workers have done, and goes on with what waits.
  void resume();
  /// Whether there is anything to resume, now or later.
  bool is_busy() const { return !jobs_.empty() || !waiting_.empty(); }
  /// Whether a client waits for anything.
  bool serves() const;
  /// Waits a moment for a worker.
  void wait(std::chrono::milliseconds most) const;
  /// What waits of a client who has gone is forgotten.
  void drop(const Client& client) { waiting_.erase(client); }

 private:
  struct Waiting {
    Client client;  ///< as it was when it sent this
    osc::Message message;
    uint64_t frame = 0;
  };
  /// What a worker does of a message: of a command, or of rows.
  struct Job {
    std::string address;     // empty: no client asked for it
    const Command* command;  // nullptr: rows
    std::future<Ending> ending;
  };
  void carry_out(const Command* command, const Call& call);
  void run(const Command& command, const Call& call);
  void conclude(const std::string& address, const Command* command, const Client& client, Answer answer);
  void begin_job(const std::string& address, const Command* command, const Client& client, Done done);
  void end_jobs();
  bool waits_for_job(const Command* command, const Client& client) const;
  void tell_hold(const Client& client);
  bool go_on(const Turn& turn);

  Workspace& workspace_;
  std::map<Client, std::deque<Waiting>> waiting_;  // none of them empty
  std::map<Client, Job> jobs_;
  std::optional<Turn> turn_;  // of the packet at hand; none: it may take its time
};

}  // namespace mixgraph

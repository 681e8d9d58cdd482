#include "daemon/control/turns.h"

#include <algorithm>

#include "daemon/control/guard.h"
#include "daemon/control/parameter_messages.h"

namespace mixgraph {
namespace {

constexpr auto kTurn = std::chrono::milliseconds(10);  // for a packet, and for all that wait for their turn

/// No command begins like a node of the mix, and most messages do.
const Command* command_of(const osc::Message& message) {
  const bool in_mix = message.address.starts_with("/mix/") || message.address.starts_with("/master/");
  return in_mix ? nullptr : find_command(message.address);
}

bool is_ready(const std::future<Ending>& ending) {
  return ending.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

}  // namespace

/// Whoever drives control by hand, and not by a clock, need not fear that others wait.
void Turns::begin_packet() {
  begin_message();
  if (workspace_.settings.wake) turn_.emplace(kTurn);
}

void Turns::perform(const Client& client, const osc::Message& message, uint64_t frame) {
  const Command* command = command_of(message);
  // Whoever has a message waiting waits with all that follow it, so that they keep their order.
  const bool waits = waits_for_job(command, client) || waiting_.contains(client) || (turn_ && turn_->is_over());
  if (!waits) return carry_out(command, {client, message, frame});
  waiting_[client].push_back({client, message, frame});
  tell_hold(client);
}

void Turns::do_own(uint64_t number, Work work) {
  constexpr size_t kMostJobs = 8;  // of all clients, so that there are workers left for others
  const Client own({.id = {kNoPort, number}, .name = "itself"});
  if (!jobs_.contains(own) && jobs_.size() < kMostJobs) begin_job("", nullptr, own, Done{"", true, std::move(work), Worker::making});
}

bool Turns::serves() const {
  return !waiting_.empty() || std::any_of(jobs_.begin(), jobs_.end(), [](const auto& job) { return !job.second.address.empty(); });
}

/// One command at a time is heavy, as two that write a file must not meet.
bool Turns::waits_for_job(const Command* command, const Client& client) const {
  if (jobs_.empty()) return false;
  const auto is_heavy = [](const auto& job) { return job.second.command && job.second.command->heavy; };
  return jobs_.contains(client) || (command && command->heavy && std::any_of(jobs_.begin(), jobs_.end(), is_heavy));
}

void Turns::carry_out(const Command* command, const Call& call) {
  workspace_.counters.messages++;
  if (command) return run(*command, call);
  Answer answer = parameter_message(workspace_, call);
  if (!answer || answer->work) conclude(call.message.address, nullptr, call.client, std::move(answer));
}

void Turns::run(const Command& command, const Call& call) {
  const std::string address(command.address);
  if (const Problems problems = check_arguments(command, call.message); !problems.empty())
    return workspace_.refuse(call.client, problems.front());
  if (const auto problem = command.right ? refusal(workspace_, call.client, *command.right, address) : std::nullopt)
    return conclude(address, &command, call.client, *problem);
  conclude(address, &command, call.client, command.run(workspace_, call));
}

void Turns::conclude(const std::string& address, const Command* command, const Client& client, Answer answer) {
  if (!answer) {
    for (Problem problem : answer.problems()) {
      if (problem.where.empty() || (!command && !is_pattern(address))) problem.where = address;
      workspace_.refuse(client, problem);
    }
  } else if (answer->work) {
    begin_job(address, command, client, std::move(*answer));
  } else if (!answer->silent) {
    osc::Message done{"/done", {address}};
    if (!answer->detail.empty()) done.arguments.push_back(answer->detail);
    workspace_.reply(client, std::move(done));
  }
}

void Turns::begin_job(const std::string& address, const Command* command, const Client& client, Done done) {
  auto task = std::make_shared<std::packaged_task<Ending()>>(std::move(done.work));
  jobs_.emplace(client, Job{address, command, task->get_future()});
  if (!workspace_.settings.in_background) {
    (*task)();
    return end_jobs();
  }
  tell_hold(client);
  workspace_.settings.in_background(done.worker, [task, wake = workspace_.settings.wake]() mutable {
    (*task)();
    task.reset();
    if (wake) wake();
  });
}

void Turns::end_jobs() {
  std::vector<Client> ready;
  for (const auto& [client, job] : jobs_)
    if (is_ready(job.ending)) ready.push_back(client);
  for (const Client& client : ready) {
    Job job = std::move(jobs_.extract(client).mapped());
    try {
      conclude(job.address, job.command, client, job.ending.get()(workspace_));
    } catch (const std::exception& error) {  // a library's, about somebody's file
      conclude(job.address, job.command, client, Problem{"", error.what(), ""});
    }
    tell_hold(client);
  }
}

/// Whether anything of a client waits here, for the sockets.
void Turns::tell_hold(const Client& client) {
  if (workspace_.settings.hold) workspace_.settings.hold(client, waiting_.contains(client) || jobs_.contains(client));
}

/// A message of each that waits; whether there was any that could be carried out.
bool Turns::go_on(const Turn& turn) {
  bool any = false;
  for (auto next = waiting_.begin(); next != waiting_.end() && !turn.is_over();) {
    const auto at = next++;
    const Command* command = command_of(at->second.front().message);
    if (waits_for_job(command, at->first)) continue;
    const Waiting waiting = std::move(at->second.front());
    at->second.pop_front();
    if (at->second.empty()) waiting_.erase(at);
    workspace_.patterns = {};
    carry_out(command, {waiting.client, waiting.message, waiting.frame});
    tell_hold(waiting.client);
    any = true;
  }
  return any;
}

void Turns::resume() {
  end_jobs();
  const Turn turn(kTurn);
  bool more = true;
  while (more && !turn.is_over()) more = go_on(turn);
  workspace_.document.end_batch();
  workspace_.document.flush();
  if (more && !waiting_.empty() && workspace_.settings.wake) workspace_.settings.wake();
}

void Turns::wait(std::chrono::milliseconds most) const {
  if (!jobs_.empty()) jobs_.begin()->second.ending.wait_for(most);
}

}  // namespace mixgraph

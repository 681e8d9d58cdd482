#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/osc/client.h"
#include "daemon/osc/osc.h"

namespace mixgraph {

struct Workspace;

/// A message that is being carried out.
struct Call {
  const Client& client;
  const osc::Message& message;
  uint64_t frame = 0;  ///< of the engine, for timed messages; 0: at once

  size_t count() const { return message.arguments.size(); }
  /// Of arguments whose types were checked; the fallback where there is none.
  std::string text(size_t i, std::string fallback = "") const;
  double number(size_t i, double fallback = 0) const;
};

/// Who does what control can't wait for.
enum class Worker : uint8_t {
  files,  ///< session files, one command at a time
  making  ///< instances that take long to make
};

struct Done;
using Answer = Result<Done>;
/// What ends a command on the control thread, once its work is done. [control]
using Ending = std::function<Answer(Workspace&)>;
/// What a command does on a worker, with values of its own, so that control need not wait for it: files, and texts of the
/// whole graph. [worker]
using Work = std::function<Ending()>;

/// What a command says when it is done: `/done ,ss command detail`, unless it answers for itself.
struct Done {
  std::string detail;
  bool silent = false;
  Work work = {};  ///< if there is any, the command isn't done before its ending says so
  Worker worker = Worker::files;  ///< that does it
};
inline Answer answered_by(Work work) {
  return Done{"", false, std::move(work)};
}
/// What a worker has found out, as an ending.
inline Ending ending(Answer answer) {
  return [answer = std::move(answer)](Workspace&) { return answer; };
}
inline Answer answered() {
  return Done{"", true};
}

/// One row of the list of commands, from which come dispatch, checks of arguments, /help and suggestions.
struct Command {
  std::string_view address;
  std::string_view arguments;  ///< for people: "name [seconds]"
  std::string_view types;  ///< s: text, n: number, v: value; after '|' optional; '*' repeats what follows it
  std::string_view doc;
  Answer (*run)(Workspace&, const Call&);
  std::optional<Right> right;  ///< that it needs, for its own address; nothing: it asks for each address that it shows
  bool heavy = false;  ///< needs the worker, which does one such command at a time
};

std::span<const Command> graph_commands();
std::span<const Command> link_commands();
std::span<const Command> transaction_commands();
std::span<const Command> file_commands();
std::span<const Command> diff_commands();
std::span<const Command> scene_commands();
std::span<const Command> feedback_commands();
std::span<const Command> status_commands();
std::span<const Command> automation_commands();
std::span<const Command> transport_commands();
std::span<const Command> daemon_commands();

/// All of them, by address. [control]
const std::vector<Command>& commands();
const Command* find_command(std::string_view address);
/// Their addresses.
const std::vector<std::string_view>& command_addresses();
/// Checks the arguments of a call against the command's types.
Problems check_arguments(const Command& command, const osc::Message& message);

}  // namespace mixgraph

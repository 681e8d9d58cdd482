#include "daemon/control/console.h"

namespace mixgraph {
namespace {

Answer device(Console& console, const Call& call) {
  if (!console.settings.device) return Problem{"", "there is no sound device here", ""};
  console.reply(call.client, console.settings.device());
  return answered();
}

Answer restart(Console& console, const Call&) {
  if (!console.settings.restart) return Problem{"", "nothing here can be started again", ""};
  console.settings.restart();
  return Done{};
}

constexpr Command kCommands[] = {
    {"/device", "", "", "Answers the state of the sound device, and what to know about it.", device, Right::view},
    {"/restart", "", "", "Fades out and starts the daemon again, with all it had; leaves safe mode.",
     restart, Right::admin},
};

}  // namespace

std::span<const Command> daemon_commands() {
  return kCommands;
}

}  // namespace mixgraph

#include "daemon/control/workspace.h"

namespace mixgraph {
namespace {

Answer device(Workspace& workspace, const Call& call) {
  if (!workspace.settings.device) return Problem{"", "there is no sound device here", ""};
  workspace.reply(call.client, workspace.settings.device());
  return answered();
}

Answer restart(Workspace& workspace, const Call& call) {
  if (!workspace.settings.restart) return Problem{"", "nothing here can be started again", ""};
  const std::string unkept = workspace.settings.unkept ? workspace.settings.unkept() : "";
  if (!unkept.empty() && call.text(0) != "anyway")
    return Problem{"", "the live state isn't kept, and would be lost: " + unkept, "/graph/save name.yaml saves it; /restart anyway"};
  workspace.settings.restart();
  return Done{};
}

constexpr Command kCommands[] = {
    {"/device", "", "", "Answers the state of the sound device, and what to know about it.", device, Right::view},
    {"/restart", "[anyway]", "|s", "Fades out and starts the daemon again, with all it had; leaves safe mode. Refused while the live state isn't kept, unless `anyway`.",
     restart, Right::admin},
};

}  // namespace

std::span<const Command> daemon_commands() {
  return kCommands;
}

}  // namespace mixgraph

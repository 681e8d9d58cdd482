#include <algorithm>

#include "daemon/control/workspace.h"

namespace mixgraph {
namespace {

Answer transport(Workspace& workspace, const Call& call) {
  workspace.reply(call.client, workspace.transport());
  return answered();
}

/// At the frame of its bundle, or as soon as it can be exact.
Answer change(Workspace& workspace, const Call& call, const TransportChange& change) {
  const uint64_t frame = call.frame > 0 ? call.frame : workspace.soonest_frame();
  workspace.engine.change_transport(change, frame);
  workspace.transport_changes = frame;
  return Done{};
}

Answer play(Workspace& workspace, const Call& call) { return change(workspace, call, {.rolling = true}); }
Answer stop(Workspace& workspace, const Call& call) { return change(workspace, call, {.rolling = false}); }

Answer tempo(Workspace& workspace, const Call& call) {
  const double tempo = call.number(0);
  if (!(tempo >= kLeastTempo && tempo <= kMostTempo)) return Problem{"", "this is not a tempo", "10 to 1000 beats per minute"};
  return change(workspace, call, {.tempo = tempo});
}

Answer locate(Workspace& workspace, const Call& call) {
  constexpr double kMostSeconds = 1e7, kMostBeats = 1e8;
  TransportChange to{.seconds = call.number(0)};
  if (!(*to.seconds >= 0 && *to.seconds <= kMostSeconds)) return Problem{"", "this is not a place", "seconds from the start"};
  if (call.count() > 1) to.beat = call.number(1);
  if (to.beat && !(*to.beat >= 0 && *to.beat <= kMostBeats)) return Problem{"", "this is not a beat", "beats from the start"};
  return change(workspace, call, to);
}

constexpr Command kCommands[] = {
    {"/transport", "", "", "Answers whether time rolls, the tempo, the beat, the seconds, and the frame of the engine at which that is so.", transport, Right::view},
    {"/transport/play", "", "", "Time rolls, from where it is.", play, Right::mix},
    {"/transport/stop", "", "", "Time stands still, where it is.", stop, Right::mix},
    {"/transport/tempo", "bpm", "n", "Sets the tempo, in beats per minute.", tempo, Right::mix},
    {"/transport/locate", "seconds [beat]", "n|n", "Goes to a place; its beat is as if the tempo had always been this, unless it is said.", locate, Right::mix},
};

}  // namespace

std::span<const Command> transport_commands() {
  return kCommands;
}

}  // namespace mixgraph

#include "daemon/control/workspace.h"
#include "daemon/control/timed_messages.h"

namespace mixgraph {
namespace {

std::vector<StatusItem> status_of(const Workspace& workspace) {
  const EngineCounters engine = workspace.engine.counters();
  std::vector<StatusItem> items{
      {"session", "The session's name.", workspace.document.session().name},
      {"nodes", "Nodes of the graph.", whole(workspace.document.graph().nodes().size())},
      {"cables", "Cables of the graph.", whole(workspace.document.graph().cables().size())},
      {"rate", "Of the engine. [Hz]", workspace.rate()},
      {"seconds", "How long the engine has run, by the frames that it was asked for. [s]", double(engine.frames) / workspace.rate()},
      {"latency_ms", "From the graph's inputs to its outputs, by the longest way. [ms]", workspace.engine.latency() * 1000 / workspace.rate()},
      {"blocks", "Blocks that were processed.", whole(engine.blocks)},
      {"programs", "Programs that the audio thread has taken over.", whole(engine.programs)},
      {"late_changes", "Changes that came too late for their frame.", whole(engine.late_changes)},
      {"postponed", "Changes that began a tick of 64 frames later, or more, as too many came together.", whole(engine.postponed)},
      {"bad_samples", "Samples at an output that were no numbers, and were silenced.", whole(engine.bad_samples)},
      {"faults", "Nodes that put out what is no number, or ran away.", whole(engine.faults)},
      {"tasks", "Parts in which the helper threads can share a block; 0: they don't.", whole(engine.tasks)},
      {"limited_samples", "Samples at an output that were held at the ceiling.", whole(engine.limited_samples)},
      {"messages", "Messages that were carried out or refused, those in bundles included.", whole(workspace.counters.messages)},
      {"errors", "Messages that were refused.", whole(workspace.counters.errors)},
      {"malformed", "Packets and frames that are no OSC.", whole(workspace.counters.malformed)},
      {"late_bundles", "Bundles whose time had passed when they came.", whole(workspace.counters.late_bundles)},
      {"subscribers", "Clients that subscribed to parameters.", whole(workspace.feedback.clients().size())},
      {"meter_subscribers", "Clients that subscribed to meters.", whole(workspace.meters.clients().size())},
      {"feed_subscribers", "Clients that subscribed to feeds.", whole(workspace.feeds.clients().size())},
  };
  for (const auto& [type, share] : workspace.costs.shares(workspace.rate()))
    items.push_back({"cost/" + std::string(type), "Share of a processor's time that this takes, over the latest 2 to 4 s.", float(share)});
  if (workspace.settings.more_status)
    for (StatusItem& item : workspace.settings.more_status()) items.push_back(std::move(item));
  return items;
}

Answer status(Workspace& workspace, const Call& call) {
  for (StatusItem& item : status_of(workspace))
    workspace.reply(call.client, {"/status/" + item.name, {std::move(item.value)}});
  return Done{};
}

std::string type_of(const osc::Argument& value) {
  if (std::holds_alternative<int64_t>(value)) return "count";
  if (std::holds_alternative<double>(value)) return "amount";
  return std::holds_alternative<float>(value) ? "share" : "text";
}

Answer status_list(Workspace& workspace, const Call& call) {
  std::vector<osc::Message> list;
  for (const StatusItem& item : status_of(workspace)) list.push_back({"/status/list", {item.name, type_of(item.value), std::string(item.doc)}});
  return workspace.answer_list(call, std::move(list));
}

Answer clock(Workspace& workspace, const Call& call) {
  const Now& now = workspace.now;
  const double device = workspace.settings.device_latency ? workspace.settings.device_latency() : 0;
  const double latency_ms = (device + workspace.engine.latency() / workspace.rate()) * 1000;
  const auto time = [&](uint64_t frame) { return osc::TimeTag::at(now.time_of(frame, workspace.rate())); };
  workspace.reply(call.client, {"/clock",
                              {int64_t(now.frame), time(now.frame), float(workspace.rate()), float(now.error_ms),
                               float(latency_ms), now.ties, int32_t(kMaxBlock), time(next_tick(now.frame + 1))}});
  return answered();
}

/// Control has rounded the frame up before; elsewhere in a bundle it comes too late for that.
Answer on_tick(Workspace&, const Call& call) {
  if (call.frame > 0 && call.frame == next_tick(call.frame)) return answered();
  return Problem{"", "it isn't the first message of a bundle", "put it before those that shall begin on a tick"};
}

Answer late_list(Workspace& workspace, const Call& call) {
  std::vector<osc::Message> list;
  if (workspace.settings.late_blocks)
    for (const LateBlockFacts& block : workspace.settings.late_blocks())
      list.push_back({"/late",
                      {osc::TimeTag::at(block.system_ns), float(block.milliseconds), std::string(block.cause),
                       std::string(block.kind)}});
  return workspace.answer_list(call, std::move(list));
}

Answer node_faults(Workspace& workspace, const Call& call) {
  std::vector<osc::Message> list;
  for (const auto& [address, fault] : workspace.node_faults) list.push_back(fault.message(address));
  return workspace.answer_list(call, std::move(list));
}

Answer help(Workspace& workspace, const Call& call) {
  std::vector<osc::Message> list;
  for (const Command& command : commands())
    list.push_back(
        {"/help", {std::string(command.address), std::string(command.arguments), std::string(command.doc)}});
  return workspace.answer_list(call, std::move(list));
}

constexpr Command kCommands[] = {
    {"/status", "", "", "Sends counters and facts as /status/NAME, then /done.", status, Right::view},
    {"/status/list", "", "", "Sends /status/list NAME TYPE MEANING for each of them, then /done; the types are count, amount, share and text.", status_list, Right::view},
    {"/clock", "", "",
     "Answers the engine's frame that is due, the time at which it is, the rate, by how many ms that may be off, "
     "the latency in ms from a frame to its being heard, how often frames were tied to the time anew, the frames of "
     "a tick, and when the next one begins.",
     clock, {}},
    {"/on_tick", "", "", "First in a bundle: its frame is rounded up to the next one on which a tick of 64 begins.",
     on_tick, {}},
    {"/late/list", "", "", "Sends the latest 64 late blocks as /late time ms cause kind, then /done.", late_list, Right::view},
    {"/node/fault", "", "", "Sends the latest /node/fault PATH WHAT THEN of each node that had one, then /done.", node_faults, Right::view},
    {"/help", "", "", "Sends every command with its arguments, then /done.", help, {}},
};

}  // namespace

std::span<const Command> status_commands() {
  return kCommands;
}

}  // namespace mixgraph

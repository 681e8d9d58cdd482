#include "daemon/control/console.h"
#include "daemon/control/timed_messages.h"

namespace mixgraph {
namespace {

std::vector<StatusItem> status_of(const Console& console) {
  const EngineCounters engine = console.engine.counters();
  std::vector<StatusItem> items{
      {"session", console.document.session().name},
      {"nodes", whole(console.document.graph().nodes().size())},
      {"cables", whole(console.document.graph().cables().size())},
      {"rate", console.rate()},
      {"seconds", double(engine.frames) / console.rate()},
      {"latency_ms", console.engine.latency() * 1000 / console.rate()},
      {"blocks", whole(engine.blocks)},
      {"programs", whole(engine.programs)},
      {"late_changes", whole(engine.late_changes)},
      {"postponed", whole(engine.postponed)},
      {"bad_samples", whole(engine.bad_samples)},
      {"faults", whole(engine.faults)},
      {"tasks", whole(engine.tasks)},
      {"limited_samples", whole(engine.limited_samples)},
      {"messages", whole(console.counters.messages)},
      {"errors", whole(console.counters.errors)},
      {"malformed", whole(console.counters.malformed)},
      {"late_bundles", whole(console.counters.late_bundles)},
      {"subscribers", whole(console.feedback.clients().size())},
      {"meter_subscribers", whole(console.meters.clients().size())},
  };
  for (const auto& [type, share] : console.costs.shares(console.rate()))
    items.push_back({"cost/" + std::string(type), float(share)});
  if (console.settings.more_status)
    for (StatusItem& item : console.settings.more_status()) items.push_back(std::move(item));
  return items;
}

Answer status(Console& console, const Call& call) {
  for (StatusItem& item : status_of(console))
    console.reply(call.client, {"/status/" + item.name, {std::move(item.value)}});
  return Done{};
}

Answer clock(Console& console, const Call& call) {
  const Now& now = console.now;
  const double device = console.settings.device_latency ? console.settings.device_latency() : 0;
  const double latency_ms = (device + console.engine.latency() / console.rate()) * 1000;
  const auto time = [&](uint64_t frame) { return osc::TimeTag::at(now.time_of(frame, console.rate())); };
  console.reply(call.client, {"/clock",
                              {int64_t(now.frame), time(now.frame), float(console.rate()), float(now.error_ms),
                               float(latency_ms), now.ties, int32_t(kMaxBlock), time(next_tick(now.frame + 1))}});
  return answered();
}

/// Control has rounded the frame up before; elsewhere in a bundle it comes too late for that.
Answer on_tick(Console&, const Call& call) {
  if (call.frame > 0 && call.frame == next_tick(call.frame)) return answered();
  return Problem{"", "it isn't the first message of a bundle", "put it before those that shall begin on a tick"};
}

Answer late_list(Console& console, const Call& call) {
  std::vector<osc::Message> list;
  if (console.settings.late_blocks)
    for (const LateBlockFacts& block : console.settings.late_blocks())
      list.push_back({"/late",
                      {osc::TimeTag::at(block.system_ns), float(block.milliseconds), std::string(block.cause),
                       std::string(block.kind)}});
  return console.answer_list(call, std::move(list));
}

Answer node_faults(Console& console, const Call& call) {
  std::vector<osc::Message> list;
  for (const auto& [address, message] : console.node_faults) list.push_back(message);
  return console.answer_list(call, std::move(list));
}

Answer help(Console& console, const Call& call) {
  std::vector<osc::Message> list;
  for (const Command& command : commands())
    list.push_back(
        {"/help", {std::string(command.address), std::string(command.arguments), std::string(command.doc)}});
  return console.answer_list(call, std::move(list));
}

constexpr Command kCommands[] = {
    {"/status", "", "", "Sends counters and facts as /status/NAME, then /done.", status, Right::view},
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

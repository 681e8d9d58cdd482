#include "daemon/access.h"
#include "daemon/daemon.h"

/// What the daemon knows of itself besides control: driver, device, late blocks, earlier lives.
namespace mixgraph {

std::vector<LateBlockFacts> Daemon::late_blocks() const {
  const Now now = clock_.now();
  std::vector<LateBlockFacts> facts;
  const LateLog late = host_.late();
  for (const LateEvent& event : late.events())
    facts.push_back({event.monotonic_ns + now.system_ns - now.monotonic_ns, event.milliseconds,
                     name_of(event.cause), event.kind});
  return facts;
}

std::vector<StatusItem> Daemon::status() const {
  const LateLog late = host_.late();
  const HostStatus host = host_.status();
  const DriverStatus& driver = host.driver;
  std::vector<StatusItem> items{{"driver", "What runs the engine: portaudio, clock or offline.", driver.driver},
          {"device", "The sound device.", driver.device},
          {"device_state", "running, or what is waited for.", host.state},
          {"device_note", "Why it isn't as asked for.", host.reason.empty() ? driver.note : host.reason},
          {"device_rate", "As the device says it. [Hz]", driver.rate},
          {"period", "Frames that the device takes at once.", whole(driver.period)},
          {"input_latency_ms", "From the device's input to the engine. [ms]", driver.input_latency_ms},
          {"output_latency_ms", "From the engine to the device's output. [ms]", driver.output_latency_ms},
          {"realtime", "1: the audio thread has real-time priority.", whole(driver.realtime)},
          {"realtime_note", "Why not, or with what else.", driver.realtime_note},
          {"load", "Share of a period that its processing took, smoothed over 0.3 s.", float(driver.load)},
          {"load_max", "The most since the start.", float(driver.load_max)},
          {"load_p50", "Half of the blocks of the latest 5 to 10 s took less.", float(late.recent_load(0.5))},
          {"load_p99", "Of a hundred blocks of the latest 5 to 10 s all but one took less.", float(late.recent_load(0.99))},
          {"late_periods", "Periods that were not in time, whatever the cause.", whole(driver.late)},
          {"late_work", "Late blocks: our processing took too long.", whole(late.count(LateCause::work))},
          {"late_scheduler", "Late blocks: the audio thread, or the whole process, was ready and did not run.", whole(late.count(LateCause::scheduler))},
          {"late_device", "Late blocks: the device or its server did not ask.", whole(late.count(LateCause::device))},
          {"overloads", "How often the device said that it ran out of sound.", whole(driver.overloads)},
          {"lost_frames", "Frames that passed without sound being asked for.", whole(driver.lost_frames)},
          {"max_gap_ms", "The longest time between two periods. [ms]", driver.max_gap_ms},
          {"device_losses", "How often the device went away.", whole(host.losses)},
          {"journal", "kept, or why the live state isn't.", live_state_.status()},
          {"mode", "normal, or safe: without sound.", std::string(safe_mode_.empty() ? "normal" : "safe")},
          {"reason", "Why the daemon was started again last, or is in safe mode.", safe_mode_.empty() ? restart_.past().reason : safe_mode_},
          {"restarts", "How often the daemon was started again.", whole(restart_.past().restarts)}};
  if (server_)
    for (StatusItem& item : access_status(*server_)) items.push_back(std::move(item));
  return items;
}

}  // namespace mixgraph

// What keeps the daemon going: the device that comes and goes, the threads that are watched, and the next
// life.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

#include "daemon/daemon.h"
#include "daemon/life/log.h"

namespace mixgraph {
namespace {

using namespace std::chrono_literals;

constexpr auto kSaveDeadline = 1500ms;
constexpr auto kFinish = 200ms;
constexpr int64_t kLongestFade = 200 * kMillisecond;

}  // namespace

/// After a restart the clock runs at once, so that what plays goes on while the device is looked for.
Problems Daemon::start_sound() {
  const EarlierLife& past = restart_.past();
  if (!safe_mode_.empty()) {
    spdlog::error("safe mode, without sound: {}", safe_mode_);
    return {};
  }
  if (past.reason.empty()) return host_.start();
  spdlog::warn("started again: {}", past.reason);
  return host_.start(0ms);
}

void Daemon::supervise() {
  Supervisor::Watched watched;
  watched.control = [this] { return turns_.load(std::memory_order_relaxed); };
  watched.audio = [this, turns = uint64_t(0)]() mutable {
    const ClockReading clock = host_.clock();
    return clock.monotonic_ns != 0 ? clock.frame : ++turns;
  };
  watched.look_after_device = [this] {
    for (const std::string& event : host_.poll()) spdlog::warn("{}", event);
  };
  watched.stalled = [this](const std::string& reason) { stalled(reason); };
  supervisor_ = std::make_unique<Supervisor>(std::move(watched), notify_);
}

void Daemon::stalled(const std::string& reason) {
  spdlog::critical("{}", reason);
  if (!options_.no_restart) start_again(reason, Restart::Why::failure);
  drain_log();
  std::abort();
}

/// Returns only if that is not possible.
void Daemon::start_again(const std::string& reason, Restart::Why why) {
  spdlog::warn("starting again: {}", reason);
  if (live_state_.journal && !live_state_.journal->flush(kSaveDeadline))
    spdlog::error("the state could not be saved in time: what was saved before holds");
  drain_log();
  restart_.now(reason.c_str(), why);
  spdlog::critical("there is no way to start again");
}

void Daemon::begin_restart() {
  if (stop_at_ns_ > 0) return;
  restart_.forgive();
  sound_.fade_out();
  restart_after_stop_ = true;
  stop_at_ns_ = clock_.now().monotonic_ns + kLongestFade;
}

/// Keeps in mind what clients have asked for, so that they need not ask again after a restart; connections
/// themselves end. What has been read is carried out, and bundles that wait are kept, only before a planned one: another
/// may be their doing.
void Daemon::take_notes(Restart::Why for_restart) {
  if (for_restart == Restart::Why::planned) {
    server_->finish(kFinish);
    control_.finish();
  }
  std::vector<OpenRequest> notes;
  for (const auto& [client, packet] : control_.open_requests()) {
    const auto origin = server_->origin(client);
    const bool is_bundle = std::holds_alternative<osc::Bundle>(packet);
    if (is_bundle ? for_restart == Restart::Why::planned : origin.has_value())
      notes.push_back({origin.value_or(UdpOrigin{}), osc::encode(packet)});
  }
  notes_.write(notes);
}

void Daemon::follow_notes() {
  following_notes_ = true;
  for (const OpenRequest& note : notes_.read()) {
    if (note.from.port != 0)
      server_->take(note.from, note.packet);
    else
      control_.receive({}, note.packet, clock_.now());
  }
  following_notes_ = false;
}

osc::Message Daemon::device_message() const {
  if (!safe_mode_.empty()) return {"/device", {"safe", safe_mode_}};
  const HostStatus status = host_.status();
  if (!status.detached) return {"/device", {status.state, status.driver.device}};
  const std::string device = host_.device_and_input().first;
  return {"/device", {"detached", status.reason.empty() ? device : device + ": " + status.reason}};
}

/// For the case that there is no time to do so.
void Daemon::prepare_restart() {
  auto [device, input_device] = host_.device_and_input();
  if (device.empty()) {  // not started yet, or never in safe mode
    device = restart_.past().device;
    input_device = restart_.past().input_device;
  }
  restart_.prepare(server_->sockets(), device, input_device, notes_.descriptor());
}

/// Tells subscribers what has become of the device, prepares the next life, and begins it where only that
/// helps.
void Daemon::look_at_device() {
  if (osc::Message message = device_message(); message != told_device_) {
    if (!told_device_.address.empty()) control_.tell_all(message);
    told_device_ = std::move(message);
    prepare_restart();
  }
  if (options_.no_restart || restart_failed_) return;
  const std::string reason = host_.wants_restart();
  if (reason.empty()) return;
  take_notes(Restart::Why::planned);
  start_again(reason, Restart::Why::planned);
  restart_failed_ = true;
}

void Daemon::tell_service_manager() {
  if (!safe_mode_.empty()) return notify_.status("safe mode, without sound: " + safe_mode_);
  const HostStatus host = host_.status();
  const std::string note = host.reason.empty() ? "" : " (" + host.reason + ")";
  notify_.status(fmt::format("{} on {}, {}{}; {} late periods", control_.console().session.name,
                             host.driver.device, host.state, note, host.driver.late));
}

/// Ready: sound is asked for, or it is known that none will be.
void Daemon::find_ready() {
  if (is_ready_ || (safe_mode_.empty() && host_.clock().monotonic_ns == 0)) return;
  is_ready_ = true;
  print_start_line();
  tell_service_manager();
  notify_.ready();
}

}  // namespace mixgraph

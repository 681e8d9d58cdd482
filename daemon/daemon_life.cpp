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

std::vector<OpenRequest> Daemon::open_requests_of(const std::vector<Control::Request>& requests) const {
  std::vector<OpenRequest> open;
  for (const auto& [client, packet, due_ns] : requests) {
    const auto origin = server_->origin(client);
    if (origin || due_ns != 0)
      open.push_back({origin.value_or(UdpOrigin{}), client->role->text(), control_.has_confirmed(client), due_ns,
                       osc::encode(packet)});
  }
  return open;
}

/// Keeps in mind who has subscribed, for a restart that nobody expects: the server is not to forget those, and they
/// need not ask again. Connections end with this life, and so do their subscriptions.
void Daemon::follow_subscriptions() {
  const uint64_t edition = control_.subscriptions_edition();
  if (noted_ == edition) return;
  noted_ = edition;
  keep_subscribers();
  open_requests_.write(open_requests_of(control_.subscriptions()));
}

/// Before a planned restart what has been read is carried out, and bundles that wait are kept too; another restart may be
/// their doing.
void Daemon::keep_open_requests() {
  server_->finish(kFinish);
  control_.finish();
  server_->finish(kFinish);  // of those who had to wait for a worker
  control_.finish();
  std::vector<Control::Request> requests = control_.subscriptions();
  for (Control::Request& request : control_.waiting_bundles(clock_.now())) requests.push_back(std::move(request));
  open_requests_.write(open_requests_of(requests));
  noted_.reset();
}

void Daemon::go_on_with_open_requests() {
  for (const OpenRequest& request : open_requests_.read()) follow(request);
  feed_surfaces();
  follow_subscriptions();
}

/// Subscribes for those who can't renew, unless they have chosen what they want in an earlier life.
void Daemon::feed_surfaces() {
  const auto subscribed = control_.workspace().subscribers();
  for (const Client& surface : server_->surfaces())
    if (!subscribed.contains(surface))
      follow({*server_->origin(surface), surface->role->text(), false, 0, osc::encode(osc::Message{"/subscribe", {"//*"}})});
}

void Daemon::follow(const OpenRequest& request) {
  following_ = &request;
  carry_out(request);
  following_ = nullptr;
}

void Daemon::carry_out(const OpenRequest& request) {
  const Now now = clock_.now();
  auto packet = osc::decode(request.packet);
  if (!packet) return;
  if (auto* bundle = std::get_if<osc::Bundle>(&*packet))
    bundle->time = osc::TimeTag::at(now.system_ns + request.due_ns - now.monotonic_ns);
  const auto bytes = osc::encode(*packet);
  if (request.from.port != 0) return server_->take(request.from, bytes);
  const ClientId id{kNoPort, std::hash<std::string>{}(request.role) | 1};  // by their rights
  control_.receive(Client({.id = id, .name = "absent", .gone = true, .role = Role::of_text(request.role)}), bytes, now);
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
  restart_.prepare(server_->sockets(), device, input_device, open_requests_.descriptor());
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
  keep_open_requests();
  start_again(reason, Restart::Why::planned);
  restart_failed_ = true;
}

void Daemon::tell_service_manager() {
  if (!safe_mode_.empty()) return notify_.status("safe mode, without sound: " + safe_mode_);
  const HostStatus host = host_.status();
  const std::string note = host.reason.empty() ? "" : " (" + host.reason + ")";
  notify_.status(fmt::format("{} on {}, {}{}; {} late periods", control_.workspace().document.session().name,
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

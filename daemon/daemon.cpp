#include "daemon/daemon.h"

#include <fmt/format.h>
#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "daemon/access.h"
#include "daemon/life/log.h"
#include "daemon/audio/prefault.h"
#include "daemon/audio/realtime.h"
#include "nodes/list.h"

namespace mixgraph {
namespace {

using namespace std::chrono_literals;

constexpr auto kLastTurn = 2s;  // for the workers: a disk may hang
constexpr int64_t kDeviceInterval = 20 * kMillisecond;
constexpr int64_t kNoticeInterval = 1000 * kMillisecond;

constexpr int kHelperPriority = 65;  // as the audio thread has under JACK

/// What the session says, unless the command line says otherwise.
AudioSettings audio_of(const Session& session, const Options& options) {
  AudioSettings audio = session.audio;
  audio.driver = options.driver.value_or(audio.driver);
  audio.rate = options.rate.value_or(audio.rate);
  audio.block = options.period.value_or(audio.block);
  if (options.device) audio.device = *options.device;
  // Who asks for a device doesn't mean the session's clock.
  if (options.device && !options.driver && audio.driver == "clock") audio.driver = "auto";
  return audio;
}

/// The path itself where the working folder is gone.
std::string absolute_path(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.string();
}

EngineSettings engine_settings(const Session& session, const AudioSettings& audio, const std::string& file) {
  const auto folder = std::filesystem::path(absolute_path(file)).parent_path();
  EngineSettings settings;
  settings.environment = {audio.rate, (folder / session.media).string(),
                          (folder / session.recordings).string(), audio.downmix};
  const DeviceChannels channels = channels_of(audio, session.graph);
  settings.inputs = channels.inputs;
  settings.outputs = channels.outputs;
  settings.ceiling_db = audio.ceiling;
  if (audio.memory > 0) settings.memory = size_t(audio.memory) << 20;
  const int suitable = std::clamp(int(std::thread::hardware_concurrency()) / 4, 1, 4);
  settings.threads = audio.threads > 0 ? audio.threads : suitable;
  settings.on_thread_start = [] {
    prefault_stack();
    raise_priority(pthread_self(), kHelperPriority);
  };
  return settings;
}

/// What the session says; but a device that an earlier life of this process had found is not chosen anew.
DriverSettings driver_settings(const AudioSettings& audio, const EngineSettings& engine, const EarlierLife& past) {
  DriverSettings settings{audio.driver,  audio.device,   audio.input_device, audio.rate,      audio.block,
                          engine.inputs, engine.outputs, audio.input_map,    audio.output_map};
  if (past.device.empty()) return settings;
  settings.driver = "portaudio";
  settings.device = past.device;
  settings.input_device = past.input_device;
  return settings;
}

std::string realtime_text(const DriverStatus& driver) {
  if (driver.realtime) return driver.realtime_note.empty() ? "yes" : driver.realtime_note;
  return driver.realtime_note.empty() ? "no" : "no, " + driver.realtime_note;
}

}  // namespace

Daemon::Daemon(Session session, const Options& options, LiveState live_state, Restart& restart,
               std::string safe_mode)
    : options_(options),
      restart_(restart),
      safe_mode_(std::move(safe_mode)),
      audio_(audio_of(session, options)),
      osc_(osc_settings(session, options)),
      engine_(engine_settings(session, audio_, options.session)),
      sound_(engine_),
      host_(driver_settings(audio_, engine_.settings(), restart.past()), sound_.callback()),
      clock_(audio_.rate),
      live_state_(std::move(live_state)),
      control_(engine_, std::move(session), node_types(),
               [this](const Client& client, const osc::Packet& packet, bool droppable) { router_.send(client, packet, droppable); },
               control_settings()),
      open_requests_(restart.past().open_requests) {
  ask_for_hangup();
}

Daemon::~Daemon() {
  supervisor_.reset();
  host_.stop();
}

Problems Daemon::check(const Session& session, const Options& options) {
  Engine engine(engine_settings(session, audio_of(session, options), options.session));
  Control control(engine, session, node_types(), [](const Client&, const osc::Packet&, bool) {});
  Problems told;
  return control.start(&told);
}

Problems Daemon::build() {
  Problems told;
  if (live_state_.restored) {
    if (!control_.start_restored(live_state_.file_graph, told)) return told;
  } else if (Problems problems = control_.start(&told); !problems.empty()) {
    return problems;
  }
  for (const Problem& problem : told) spdlog::error("{}", problem.text());
  if (!told.empty() && live_state_.restored) spdlog::warn("the live state as it was is kept as {}", copy_of(live_state_));
  return {};
}

Problems Daemon::start() {
  if (Problems problems = open_sockets(); !problems.empty()) return problems;
  workers_.start();
  prepare_restart();
  go_on_with_open_requests();
  if (Problems problems = start_sound(); !problems.empty()) return problems;
  prepare_restart();
  supervise();
  return {};
}

Problems Daemon::open_sockets() {
  if (Problems problems = check_access(osc_); !problems.empty()) return problems;
  OscServerOptions options = server_options(osc_);
  options.sockets = restart_.past().sockets;
  options.role = [this](bool remote) { return roles_.of(remote); };
  OscServerEvents events;
  events.on_packet = [this](const Client& client, std::span<const uint8_t> packet) {
    spdlog::trace("{}: {} bytes", client->name, packet.size());
    if (following_ && following_->confirmed) control_.vouch(client);
    if (faults_.take(packet)) return;
    if (!flush_waits_) burst_now_ = clock_.now();
    const bool waited = following_ && following_->due_ns != 0;
    control_.receive(waited ? client.with(Role::of_text(following_->role)) : client, packet, burst_now_);
    if (client->remote && control_.trusts(client)) server_->trust(client);
    flush_soon();
    tick_soon();
  };
  events.on_bad_frame = [this](const Client& client, const Problem& problem) {
    debug("bad frame", client, osc::escape(problem.text()));
    control_.refused_frame(client, problem, clock_.now());
    tick_soon();
  };
  events.on_connect = [this](const Client& client) { debug("connect", client, "is here"); };
  events.on_disconnect = [this](const Client& client) {
    debug("disconnect", client, "is gone");
    control_.disconnected(client);
  };
  auto server = OscServer::open(io_, options, std::move(events));
  if (!server) return server.problems();
  server_ = std::move(*server);
  connect_ports();
  for (const std::string& line : access_warnings(osc_)) spdlog::warn("{}", line);
  return {};
}

/// Nobody is answered while a request of an earlier life is carried out: who made it has had the answer.
void Daemon::connect_ports() {
  const Send send = [this](const Client& client, const osc::Packet& packet, bool droppable) {
    if (!following_) server_->send(client, osc::encode(packet), droppable ? Delivery::droppable : Delivery::certain);
  };
  const auto hold = [this](const Client& client, bool held) { server_->hold(client, held); };
  for (const uint16_t port : {kUdp, kTcp}) router_.connect(port, {send, hold});
  router_.connect(kNoPort, {[this](const Client& client, const osc::Packet& packet, bool) { hear(client, packet); }});
}

void Daemon::debug(std::string_view cause, const Client& client, std::string_view text) {
  const auto left_out = log_limit_.admits(cause, clock_.now().monotonic_ns);
  if (!left_out) return;
  spdlog::debug("{}: {}{}", client->name, text,
                *left_out > 0 ? fmt::format(" ({} lines like this left out)", *left_out) : "");
}

void Daemon::print_start_line() const {
  const DriverStatus driver = host_.status().driver;
  const std::string note = driver.note.empty() ? "" : " (" + driver.note + ")";
  std::string listening;
  for (const std::string& address : server_->listening())
    listening += (listening.empty() ? "" : ", ") + address;
  const std::string begun = fmt::format("mixgraphd: session \"{}\" ({}); ", control_.workspace().document.session().name, options_.session);
  if (!safe_mode_.empty()) return print_line(begun + "safe mode, without sound; osc udp+tcp " + listening);
  print_line(begun + fmt::format("driver {}, device {}{}; {:.0f} Hz, {} frames, latency {:.1f} ms; real time: {}; osc udp+tcp {}", driver.driver,
                                 driver.device, note, driver.rate, driver.period,
                                 driver.output_latency_ms + engine_.latency() * 1000 / audio_.rate, realtime_text(driver), listening));
}

ControlSettings Daemon::control_settings() {
  ControlSettings settings;
  const SessionFile file = named_at_start(absolute_path(options_.session));
  settings.session_file = file.path;
  settings.session_is_link = file.is_link;
  settings.device_period = [this] { return host_.period() / audio_.rate; };
  settings.device_latency = [this] { return host_.status().driver.output_latency_ms * 1e-3; };
  settings.more_status = [this] { return status(); };
  settings.late_blocks = [this] { return late_blocks(); };
  if (live_state_.journal) settings.journal = live_state_.journal->keeping();
  settings.log = [](const std::string& line, bool well) {
    spdlog::log(well ? spdlog::level::info : spdlog::level::err, "{}", line);
  };
  settings.device = [this] { return device_message(); };
  settings.restart = [this] { begin_restart(); };
  settings.unkept = [this]() -> std::string {
    const std::string status = live_state_.status();
    return status == "kept" || !safe_mode_.empty() ? "" : status;
  };
  settings.in_background = [this](Worker worker, std::function<void()> work) {
    busy_++;
    boost::asio::post(worker == Worker::files ? files_ : makers_, [this, work = std::move(work)] {
      work();
      busy_--;
    });
  };
  settings.wake = [this] {
    boost::asio::post(io_, [this] {
      control_.resume(clock_.now());
      tick_soon();
    });
  };
  settings.hold = [this](const Client& client, bool held) { router_.hold(client, held); };
  settings.patience = 2;
  settings.files = osc_.files;
  settings.confirm = osc_.confirm;
  return settings;
}

int Daemon::run() {
  wait_for_signal();
  tick_soon();
  io_.run();
  supervisor_.reset();
  const bool served = workers_.stop(kLastTurn);
  const bool stopped = host_.stop();
  if (!restart_after_stop_) control_.finish();
  if (restart_after_stop_) {
    keep_open_requests();
    start_again("asked for by /restart", Restart::Why::planned);
    return kExitRuntime;
  }
  for (int i = 0; i < 100 && busy_ > 0; i++) std::this_thread::sleep_for(5ms);
  if (!stopped || !served || busy_ > 0) {
    spdlog::warn("{} hangs; ending without it", stopped ? "a file" : "the audio driver");
    spdlog::default_logger()->flush();
    if (live_state_.journal) live_state_.journal->flush(2s);
    _exit(0);
  }
  return 0;
}

/// Once for all packets that are carried out one upon the other.
void Daemon::flush_soon() {
  if (std::exchange(flush_waits_, true)) return;
  boost::asio::post(io_, [this] {
    flush_waits_ = false;
    control_.flush();
  });
}

/// Unless it ticks before that anyway.
void Daemon::tick_at(int64_t monotonic_ns) {
  if (monotonic_ns >= next_tick_ns_) return;
  next_tick_ns_ = monotonic_ns;
  timer_.expires_at(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(monotonic_ns)));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) turn();
  });
}

void Daemon::turn() {
  next_tick_ns_ = kNever;
  tick();
  const bool stops = stop_at_ns_ > 0;
  if (!stops || (!sound_.is_silent() && ticked_ns_ < stop_at_ns_)) {
    const int64_t due = stops || !is_ready_ ? 0 : std::min(control_.due(), ticked_ns_ + kLongestSleep);
    return tick_at(std::max(due, ticked_ns_ + kTickInterval));
  }
  if (!restart_after_stop_) spdlog::info("stopped");
  io_.stop();
}

void Daemon::tick() {
  turns_.fetch_add(1, std::memory_order_relaxed);
  find_ready();
  clock_.observe(host_.clock(), control_.waits());
  const Now now = clock_.now();
  ticked_ns_ = now.monotonic_ns;
  engine_.advance();
  control_.tick(now);
  if (now.monotonic_ns >= next_device_ns_) {
    next_device_ns_ = now.monotonic_ns + kDeviceInterval;
    look_at_device();
  }
  if (now.monotonic_ns >= next_notice_ns_) {
    next_notice_ns_ = now.monotonic_ns + kNoticeInterval;
    tell_service_manager();
  }
  follow_subscriptions();
}

void Daemon::keep_subscribers() {
  std::set<Client> wanted = control_.workspace().subscribers();
  for (const Client& client : wanted)
    if (!pinned_.contains(client)) server_->pin(client);
  for (const Client& client : pinned_)
    if (!wanted.contains(client)) server_->unpin(client);
  pinned_ = std::move(wanted);
}

/// What was ignored when the program began stays ignored: by nohup, or because of a terminal.
void Daemon::ask_for_hangup() {
  struct sigaction now {};
  if (sigaction(SIGHUP, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) signals_.add(SIGHUP);
}

void Daemon::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int number) {
    if (error) return;
    if (number == SIGHUP)
      reload();
    else
      begin_stop();
    tick_soon();
    wait_for_signal();
  });
}

/// A hang-up says what a client would.
void Daemon::reload() {
  notify_.reloading();
  control_.receive(Client({.name = "hang-up"}), osc::encode(osc::Message{"/graph/load", {}}), clock_.now());
}

/// What is answered to this program itself.
void Daemon::hear(const Client& client, const osc::Packet& packet) {
  const auto* message = std::get_if<osc::Message>(&packet);
  if (!message || following_ || client.id() != ClientId()) return;
  const auto text = [&](size_t i) { return std::get<std::string>(message->arguments.at(i)); };
  if (message->address == "/done") {
    spdlog::info("loaded {} again; /graph/undo takes that back", options_.session);
  } else if (message->address == "/error") {
    spdlog::error("{}", Problem{text(0) == "/graph/load" ? "" : text(0), text(1), text(2)}.text());
    spdlog::error("{} was not loaded: nothing has changed", options_.session);
  }
  notify_.ready();
}

void Daemon::begin_stop() {
  if (stop_at_ns_ > 0 && !restart_after_stop_) return io_.stop();  // a second signal: at once
  spdlog::info("fading out");
  restart_after_stop_ = false;
  notify_.stopping();
  sound_.fade_out();
  stop_at_ns_ = clock_.now().monotonic_ns + kLongestFade;
}

}  // namespace mixgraph

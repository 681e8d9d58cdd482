#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <atomic>
#include <csignal>
#include <memory>
#include <set>

#include "daemon/audio/host.h"
#include "daemon/control/control.h"
#include "daemon/control/roles.h"
#include "daemon/audio/engine_clock.h"
#include "daemon/life/test_faults.h"
#include "daemon/journal/live_state.h"
#include "daemon/net/osc_server.h"
#include "daemon/net/router.h"
#include "daemon/life/log_limit.h"
#include "daemon/life/open_requests.h"
#include "daemon/life/notify.h"
#include "daemon/options.h"
#include "daemon/life/restart.h"
#include "daemon/audio/sound.h"
#include "daemon/life/supervisor.h"
#include "daemon/life/workers.h"

namespace mixgraph {

/// The whole of mixgraphd in one process: the engine, the sound device that drives it, control, its sockets,
/// and the workers. Everything but audio and slow work happens on the thread that calls run().
/// [control]
class Daemon {
 public:
  /// `safe_mode`: why it makes no sound and opens no device, but only lets the session be edited; empty: it
  /// does all.
  Daemon(Session session, const Options& options, LiveState live_state, Restart& restart,
         std::string safe_mode);
  ~Daemon();

  /// What prevents a session from being built, before there is a daemon of it.
  static Problems check(const Session& session, const Options& options);
  /// Builds the graph. The problems are the session's.
  Problems build();
  /// Opens the sockets, and begins to open the device.
  Problems start();
  /// Prints the start line when sound is asked for. Serves until a signal says to stop; fades out. Returns the exit code. Ends the process itself when the
  /// device's driver hangs.
  int run();

 private:
  static constexpr int64_t kTickInterval = 2 * kMillisecond;   ///< at most so often
  static constexpr int64_t kLongestSleep = 20 * kMillisecond;  ///< between ticks
  void tick();
  void tick_at(int64_t monotonic_ns);
  void tick_soon() { tick_at(ticked_ns_ + kTickInterval); }
  void turn();
  void flush_soon();
  void ask_for_hangup();
  void wait_for_signal();
  void reload();
  void hear(const Client& client, const osc::Packet& packet);
  void keep_subscribers();
  void begin_stop();
  void print_start_line() const;
  ControlSettings control_settings();
  std::vector<StatusItem> status() const;
  std::vector<LateBlockFacts> late_blocks() const;
  // What keeps it going, in daemon_life.cpp.
  Problems start_sound();
  void supervise();
  void stalled(const std::string& reason);
  void start_again(const std::string& reason, Restart::Why why);
  void prepare_restart();
  void begin_restart();
  std::vector<OpenRequest> open_requests_of(const std::vector<Control::Request>& requests) const;
  void follow_subscriptions();
  void keep_open_requests();
  void go_on_with_open_requests();
  void follow(const OpenRequest& request);
  void carry_out(const OpenRequest& request);
  void feed_surfaces();
  void look_at_device();
  void tell_service_manager();
  void find_ready();
  osc::Message device_message() const;
  Problems open_sockets();
  void connect_ports();
  void debug(std::string_view cause, const Client& client, std::string_view text);

  const Options options_;
  Restart& restart_;
  const std::string safe_mode_;
  const AudioSettings audio_;
  const OscSettings osc_;
  const Roles roles_ = roles_of(osc_.files);
  Engine engine_;
  Sound sound_;
  TestFaults faults_{sound_};
  static constexpr int64_t kLongestFade = 200 * kMillisecond;  // at the end, also when the device doesn't ask for sound any more
  AudioHost host_;
  EngineClock clock_;
  boost::asio::io_context io_;
  boost::asio::steady_timer timer_{io_};
  boost::asio::signal_set signals_{io_, SIGINT, SIGTERM};
  std::unique_ptr<OscServer> server_;
  LiveState live_state_;
  Router router_;
  Control control_;
  LogLimit log_limit_;
  Workers workers_{[this] { return engine_.service(); }};
  std::atomic<int> busy_{0};  // jobs of these
  boost::asio::thread_pool files_{1}, makers_{32};  // what control must not wait for
  bool flush_waits_ = false;  // packets of one burst have come, and the engine is to get what they set
  Now burst_now_;             // when the first of them came
  std::set<Client> pinned_;  // UDP clients that the server must remember
  int64_t ticked_ns_ = 0, next_tick_ns_ = kNever, next_device_ns_ = 0, next_notice_ns_ = 0, stop_at_ns_ = 0;  // monotonic
  OpenRequests open_requests_;
  std::optional<uint64_t> noted_;           // the edition of the subscriptions that are noted
  const OpenRequest* following_ = nullptr;  // while one of an earlier life is carried out; then nobody is answered
  bool restart_after_stop_ = false, is_ready_ = false, restart_failed_ = false;
  osc::Message told_device_;  // the latest that subscribers know of
  Notify notify_;
  std::atomic<uint64_t> turns_{0};          // of the control thread
  std::unique_ptr<Supervisor> supervisor_;  // last: its thread looks at all of the above
};

}  // namespace mixgraph

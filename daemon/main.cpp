#include <fcntl.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>

#include "daemon/audio/probe.h"
#include "daemon/life/crash.h"
#include "daemon/daemon.h"
#include "daemon/life/log.h"
#include "nodes/list.h"

namespace {

using namespace mixgraph;

int fail(const Problems& problems, int exit_code) {
  for (const Problem& problem : problems) std::fprintf(stderr, "%s\n", problem.text().c_str());
  return exit_code;
}

/// What is opened later never takes the place of a standard stream that was closed: logs would run into it.
void open_standard_streams() {
  int file = 0;
  while (file >= 0 && file <= STDERR_FILENO) file = open("/dev/null", O_RDWR);
  if (file > STDERR_FILENO) close(file);
}

/// In a terminal a hang-up says that it was closed. That is no wish to load the session again, nor to end; and as what is
/// ignored stays so through restarts, it is none either when the terminal has gone.
void ignore_terminal() {
  const int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0) return;
  close(terminal);
  signal(SIGHUP, SIG_IGN);
}

/// A log that nobody reads any more is no reason to end, nor is a file that may not grow; and until the daemon can take
/// it, a request to load again waits.
void hold_signals() {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  ignore_terminal();
  sigset_t hangup;
  sigemptyset(&hangup);
  sigaddset(&hangup, SIGHUP);
  sigprocmask(SIG_BLOCK, &hangup, nullptr);
}

/// Those, and what an earlier life held back.
void release_signals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Why this life should be without sound; empty: it need not.
std::string safe_mode_of(const EarlierLife& past) {
  if (int(past.failures.size()) < Restart::kSafeMode) return "";
  return std::to_string(past.failures.size()) + " failures within " + std::to_string(Restart::kMemory) +
         " s, the last one: " + past.reason + "; /restart ends safe mode";
}

/// Restores what was there before, and says what is to be said about it. A session that can't be read is one of the live
/// state then, if there is one.
LiveState live_state_of(Result<Session>& session, const Options& options, const EarlierLife& past) {
  if (options.check) return LiveState();
  const bool same_run = !past.reason.empty();
  LiveStateOptions wanted{options.session, options.state, options.fresh && !same_run, !same_run, same_run};
  wanted.builds = [&](const Session& changed) { return Daemon::check(changed, options); };
  LiveState state = open_live_state(session, wanted);
  for (const auto& [text, well] : state.remarks)
    spdlog::log(well ? spdlog::level::info : spdlog::level::warn, "{}", text);
  return state;
}

/// A daemon with the session, built; or, in a later life, one without whatever prevents that. Nothing: there
/// are problems.
std::unique_ptr<Daemon> make_daemon(const Options& options, Restart& restart, Problems& problems) {
  const EarlierLife& past = restart.past();
  std::string safe_mode = safe_mode_of(past);
  if (int(past.failures.size()) < Restart::kBareMode) {
    auto session = load_session(options.session, node_types());
    LiveState state = live_state_of(session, options, past);
    if (session) {
      auto daemon =
          std::make_unique<Daemon>(std::move(*session), options, std::move(state), restart, safe_mode);
      problems = daemon->build();
      if (problems.empty()) return daemon;
    } else {
      problems = session.problems();
    }
    if (past.reason.empty()) return nullptr;
    safe_mode += (safe_mode.empty() ? "" : "; ") + problems.front().text();
  }
  auto daemon = std::make_unique<Daemon>(Session{}, options, LiveState(), restart, safe_mode);
  problems = daemon->build();
  return daemon;
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  prctl(PR_SET_NAME, "mixgraphd");  // an exec of /proc/self/exe names it otherwise
  hold_signals();
  static Restart restart(argc, argv);
  int exit_code = 0;
  const auto options = read_options(argc, argv, exit_code);
  if (!options) return exit_code;
  if (!options->probe_device.empty()) return run_device_probe(options->probe_device);
  start_log(options->log_level);
  if (!options->no_restart && !options->check) restart_on_crash(restart);

  Problems problems;
  auto daemon = make_daemon(*options, restart, problems);
  if (!problems.empty()) return fail(problems, kExitSession);
  if (options->check) {
    std::printf("%s: no problems\n", options->session.c_str());
    return 0;
  }
  release_signals();
  if (problems = daemon->start(); !problems.empty()) return fail(problems, kExitRuntime);
  exit_code = daemon->run();
  daemon.reset();
  if (!drain_log()) _exit(exit_code);  // what is left waits for a reader, who may never come
  return exit_code;
}

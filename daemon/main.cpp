#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>

#include "daemon/daemon.h"
#include "nodes/list.h"

namespace {

int fail(const mixgraph::Problems& problems, int exit_code) {
  for (const mixgraph::Problem& problem : problems) std::fprintf(stderr, "%s\n", problem.text().c_str());
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace mixgraph;
  int exit_code = 0;
  const auto options = read_options(argc, argv, exit_code);
  if (!options) return exit_code;
  spdlog::set_default_logger(spdlog::stderr_color_mt("mixgraphd"));
  spdlog::set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  spdlog::set_level(spdlog::level::from_str(options->log_level == "warn" ? "warning" : options->log_level));

  auto session = load_session(options->session, node_types());
  if (!session) return fail(session.problems(), kExitSession);
  LiveState live_state;
  if (!options->check)
    live_state = open_live_state(*session, {options->session, options->state, options->fresh});
  for (const auto& [text, well] : live_state.notes)
    spdlog::log(well ? spdlog::level::info : spdlog::level::warn, "{}", text);
  Daemon daemon(std::move(*session), *options, std::move(live_state));
  if (const Problems problems = daemon.build(); !problems.empty()) return fail(problems, kExitSession);
  if (options->check) {
    std::printf("%s: no problems\n", options->session.c_str());
    return 0;
  }
  if (const Problems problems = daemon.start(); !problems.empty()) return fail(problems, kExitRuntime);
  return daemon.run();
}

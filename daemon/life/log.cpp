#include "daemon/life/log.h"

#include <poll.h>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace mixgraph {
namespace {

using namespace std::chrono_literals;

constexpr size_t kLines = 4096;  // that wait to be written
constexpr auto kPatience = 300ms;
const std::string kLineLogger = "lines";

}  // namespace

void start_log(const std::string& level) {
  spdlog::init_thread_pool(kLines, 1);
  spdlog::set_default_logger(spdlog::create_async_nb<spdlog::sinks::stderr_color_sink_mt>("mixgraphd"));
  spdlog::set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  spdlog::set_level(spdlog::level::from_str(level == "warn" ? "warning" : level));
  const auto lines = spdlog::create_async_nb<spdlog::sinks::stdout_sink_mt>(kLineLogger);
  lines->set_pattern("%v");
  lines->set_level(spdlog::level::info);
  lines->flush_on(spdlog::level::info);
}

bool drain_log() {
  const auto pool = spdlog::thread_pool();
  if (!pool) return true;
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (pool->queue_size() > 0 && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(2ms);  // the last line has left the queue, but may not be written yet
  return pool->queue_size() == 0 && takes_bytes(STDERR_FILENO) && takes_bytes(STDOUT_FILENO);
}

void print_line(const std::string& line) {
  spdlog::get(kLineLogger)->info(line);
}

bool takes_bytes(int fd) noexcept {
  pollfd asked{fd, POLLOUT, 0};
  return poll(&asked, 1, 0) != 0;  // also where it is closed: then writing fails at once
}

}  // namespace mixgraph

#include "tools/bench/bench_child.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace mixgraph {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<std::string> daemon_command(const std::string& session, const std::vector<std::string>& more) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "mixgraphd";
  std::vector<std::string> words{program.string(), session, "--driver", "clock", "--period", "64", "--osc", "0", "--bind", "127.0.0.1"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

Child::Child(const std::vector<std::string>& command) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  pid_ = fork();
  if (pid_ == 0) {
    setpgid(0, 0);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execvp(words[0], words.data());
    _exit(127);
  }
  close(ends[1]);
  output_ = ends[0];
}

Child::~Child() {
  kill(-pid_, SIGTERM);
  kill(pid_, SIGTERM);
  const auto deadline = Clock::now() + std::chrono::seconds(3);
  while (waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (Clock::now() > deadline) kill(-pid_, SIGKILL), kill(pid_, SIGKILL);
    usleep(10'000);
  }
  close(output_);
}

std::string Child::line_with(const std::string& mark, int timeout_ms) {
  const auto deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
  while (true) {
    const size_t end = text_.find('\n');
    if (end != text_.npos) {
      const std::string line = text_.substr(0, end);
      text_.erase(0, end + 1);
      if (line.find(mark) != line.npos) return line;
      continue;
    }
    pollfd ready{output_, POLLIN, 0};
    char bytes[4096];
    const bool any = poll(&ready, 1, 100) > 0;
    const ssize_t count = any ? read(output_, bytes, sizeof bytes) : 0;
    if (count > 0) text_.append(bytes, size_t(count));
    if ((any && count <= 0) || Clock::now() > deadline)
      throw std::runtime_error("a program that the benchmark started printed no line with `" + mark + "`");
  }
}

double Child::resident_mb() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
  return 0;
}

BenchFolder::BenchFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "mixgraph-bench-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("no folder for the session: " + name);
  path_ = name;
}

BenchFolder::~BenchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

BenchDaemon::BenchDaemon(const std::string& session, const std::vector<std::string>& more) : child_(daemon_command(session, more)) {
  const std::string mark = "osc udp+tcp 127.0.0.1:";
  const std::string line = child_.line_with(mark, 10'000);
  port_ = std::atoi(line.c_str() + line.find(mark) + mark.size());
}

}  // namespace mixgraph

#include "tests/support/daemon_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace mixgraph {

using Clock = std::chrono::steady_clock;

namespace {

/// In the child; by way of high numbers, so that none is overwritten before it is copied.
void hand_over(const DaemonProcess::HandedSockets& sockets) {
  if (sockets.empty()) return;
  std::string names;
  std::vector<int> copies;
  for (const auto& [name, socket] : sockets) {
    names += (names.empty() ? "" : ":") + name;
    copies.push_back(fcntl(socket, F_DUPFD, 100));
  }
  for (size_t i = 0; i < copies.size(); i++) dup2(copies[i], 3 + int(i));
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  setenv("LISTEN_FDS", std::to_string(sockets.size()).c_str(), 1);
  setenv("LISTEN_FDNAMES", names.c_str(), 1);
}

}  // namespace

DaemonProcess::DaemonProcess(const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment, OnFailure on_failure,
                             const HandedSockets& sockets) {
  const std::string program = MIXGRAPH_BINARY_DIR "/mixgraphd";
  std::vector<char*> words{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  std::string no_restart = "--no-restart";
  if (on_failure == OnFailure::end) words.push_back(no_restart.data());
  words.push_back(nullptr);
  std::string folder = (std::filesystem::temp_directory_path() / "mixgraph-state-XXXXXX").string();
  if (!mkdtemp(folder.data())) throw std::runtime_error("no folder for the live state");
  state_ = folder;
  const std::string state_variable = "XDG_STATE_HOME=" + folder;
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  child_ = fork();
  if (child_ == 0) {
    setsid();  // as a service, which has no terminal
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    unsetenv("STATE_DIRECTORY");
    putenv(const_cast<char*>(state_variable.c_str()));
    for (const std::string& variable : environment) putenv(const_cast<char*>(variable.c_str()));
    hand_over(sockets);
    execv(words[0], words.data());
    _exit(127);
  }
  close(ends[1]);
  from_child_ = ends[0];
  const std::string mark = "osc udp+tcp 127.0.0.1:";
  if (wait_for(mark) && wait_for("\n")) port_ = std::atoi(output_.c_str() + output_.find(mark) + mark.size());
}

DaemonProcess::~DaemonProcess() {
  signal(SIGTERM);
  if (wait() == -1) {
    signal(SIGKILL);
    wait();
  }
  close(from_child_);
  std::error_code error;
  std::filesystem::remove_all(state_, error);
}

void DaemonProcess::signal(int number) {
  if (exit_code_ == -1) kill(child_, number);
}

bool DaemonProcess::read_some(int timeout_ms) {
  pollfd ready{from_child_, POLLIN, 0};
  if (poll(&ready, 1, timeout_ms) <= 0) return true;
  char bytes[4096];
  const ssize_t count = read(from_child_, bytes, sizeof bytes);
  if (count > 0) output_.append(bytes, size_t(count));
  return count > 0;
}

bool DaemonProcess::wait_for(const std::string& text, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (output_.find(text) == std::string::npos)
    if (!read_some(20) || Clock::now() > deadline) return output_.find(text) != std::string::npos;
  return true;
}

int DaemonProcess::wait(std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (exit_code_ == -1) {
    read_some(10);
    int status = 0;
    if (waitpid(child_, &status, WNOHANG) == child_)
      exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    else if (Clock::now() > deadline)
      return -1;
  }
  while (true) {
    const size_t before = output_.size();
    if (!read_some(0) || output_.size() == before) return exit_code_;
  }
}

void DaemonProcess::fill_stderr() {
  const int pipe = open(("/proc/" + std::to_string(child_) + "/fd/2").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  while (write(pipe, "\n", 1) == 1) {}
  close(pipe);
}

}  // namespace mixgraph

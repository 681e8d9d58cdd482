#include "daemon/audio/probe.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/audio/device.h"

namespace mixgraph {

DeviceProbe::DeviceProbe(const std::string& device)
    : deadline_(std::chrono::steady_clock::now() + kDeadline) {
  while (waitpid(-1, nullptr, WNOHANG) > 0) {  // one of an earlier life of this process
  }
  const char* words[] = {"mixgraphd", "--probe-device", device.c_str(), nullptr};
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  for (const int output : {STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&quiet, output, "/dev/null", O_WRONLY, 0);
  if (posix_spawn(&child_, "/proc/self/exe", &quiet, nullptr, const_cast<char**>(words), environ) != 0)
    child_ = -1;
  posix_spawn_file_actions_destroy(&quiet);
}

DeviceProbe::~DeviceProbe() {
  if (child_ <= 0) return;
  kill(child_, SIGKILL);
  waitpid(child_, nullptr, 0);
}

std::optional<bool> DeviceProbe::poll() {
  if (child_ <= 0) return false;
  int status = 0;
  if (waitpid(child_, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() < deadline_) return {};
    kill(child_, SIGKILL);
    waitpid(child_, &status, 0);
  }
  child_ = -1;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int run_device_probe(const std::string& device) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto devices = list_devices();
  const bool found = devices && find_device(*devices, device, Direction::output);
  _exit(found ? 0 : 1);  // exit handlers may hang in PortAudio
}

}  // namespace mixgraph

#include "daemon/audio/probe.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "daemon/audio/portaudio.h"

namespace mixgraph {
namespace {

using namespace std::chrono_literals;

pid_t start_probe(const std::string& device) {
  while (waitpid(-1, nullptr, WNOHANG) > 0) {  // one of an earlier life of this process
  }
  const char* words[] = {"mixgraphd", "--probe-device", device.c_str(), nullptr};
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  for (const int output : {STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&quiet, output, "/dev/null", O_WRONLY, 0);
  pid_t child = -1;
  if (posix_spawn(&child, "/proc/self/exe", &quiet, nullptr, const_cast<char**>(words), environ) != 0) child = -1;
  posix_spawn_file_actions_destroy(&quiet);
  return child;
}

/// Whether the process ended well, in time.
bool ends_well(pid_t child) {
  const auto deadline = std::chrono::steady_clock::now() + DeviceProbe::kDeadline;
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return false;
    }
    std::this_thread::sleep_for(10ms);
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool is_there(const std::vector<DeviceInfo>& devices, const std::string& device) {
  if (device.empty()) return !default_devices(devices, Direction::output).empty();
  return bool(find_device(devices, device, Direction::output));
}

}  // namespace

DeviceProbe::DeviceProbe(const std::string& device) {
  std::thread([answer = answer_, device] {
    const pid_t child = start_probe(device);
    *answer = child > 0 && ends_well(child) ? Answer::yes : Answer::no;
  }).detach();
}

std::optional<bool> DeviceProbe::poll() const {
  const Answer answer = *answer_;
  if (answer == Answer::none) return {};
  return answer == Answer::yes;
}

int run_device_probe(const std::string& device) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto devices = list_devices();
  if (!devices || !is_there(*devices, device)) _exit(1);
  DriverSettings settings;
  settings.driver = "portaudio";
  settings.device = device;
  settings.inputs = 0;
  (void)open_driver(settings);
  _exit(0);  // exit handlers may hang in PortAudio
}

}  // namespace mixgraph

#include "tests/support/jack_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace mixgraph {

using namespace std::chrono_literals;

bool jack_is_installed() {
  return std::system("command -v jackd >/dev/null && command -v jack_wait >/dev/null") == 0;
}

std::string jack_server_name() {
  const std::string file = (std::filesystem::temp_directory_path() / "mixgraph-jack-test.lock").string();
  static const int lock = open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666);
  flock(lock, LOCK_EX);
  return "mixgraph-test";
}

pid_t spawn(const std::vector<std::string>& arguments, const std::string& server, bool quiet) {
  const pid_t child = fork();
  if (child != 0) return child;
  setenv("JACK_DEFAULT_SERVER", server.c_str(), 1);
  setenv("JACK_NO_START_SERVER", "1", 1);
  setenv("TSAN_OPTIONS", "report_thread_leaks=0", 1);  // a process with a hung call leaves its threads behind
  if (quiet) (void)!freopen("/dev/null", "w", stdout);
  if (quiet) (void)!freopen("/dev/null", "w", stderr);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(127);
}

int finish(pid_t child, std::chrono::seconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > until) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return -1;
    }
    std::this_thread::sleep_for(10ms);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

JackServer::JackServer(const std::string& name, int loopbacks) : name_(name), loopbacks_(loopbacks) {
  start();
}

JackServer::~JackServer() {
  if (pid_ > 0) {
    signal(SIGCONT);
    end(SIGTERM);
  }
  // What a killed server leaves behind.
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", ignored)) {
    if (entry.path().string().find(name_ + "_") != std::string::npos)
      std::filesystem::remove(entry.path(), ignored);
  }
}

void JackServer::start() {
  std::vector<std::string> words = {"jackd", "-n", name_, "-R"};
  if (loopbacks_ > 0) words.insert(words.end(), {"-L", std::to_string(loopbacks_)});
  words.insert(words.end(), {"-d", "dummy", "-r", "48000", "-p", "64"});
  pid_ = spawn(words, name_, true);
}

void JackServer::signal(int number) const {
  kill(pid_, number);
}

void JackServer::end(int number) {
  signal(number);
  finish(pid_, 5s);
  pid_ = -1;
}

bool JackServer::answers() const {
  return finish(spawn({"jack_wait", "-s", name_, "-w", "-t", "10"}, name_, true), 15s) == 0;
}

}  // namespace mixgraph

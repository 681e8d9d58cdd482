#include "daemon/life/restart.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string_view>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

namespace mixgraph {
namespace {

constexpr std::string_view kVariable = "MIXGRAPH_RESTART=";
constexpr int kFirstPassedOn = 3;  // file descriptor, by the convention of LISTEN_FDS

int64_t seconds_now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

template <class Number>
std::vector<Number> numbers(const std::string& text) {
  std::vector<Number> found;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) found.push_back(Number(std::atoll(part.c_str())));
  return found;
}

std::string list(const std::vector<int>& values) {
  std::string text;
  for (const int value : values) text += (text.empty() ? "" : ",") + std::to_string(value);
  return text;
}

/// Nothing but these is open after the exec.
void close_all_but(const std::vector<int>& descriptors) noexcept {
  if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
    for (int descriptor = 3; descriptor < 65536; descriptor++) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  for (const int descriptor : descriptors) fcntl(descriptor, F_SETFD, 0);
}

/// What outlasts an exec: signals that ask to stop or to load again wait until the next life can take them,
/// all others arrive; and no real-time priority of a broken thread.
void leave_defaults() noexcept {
  sigset_t later;
  sigemptyset(&later);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&later, number);
  sigprocmask(SIG_SETMASK, &later, nullptr);
  const sched_param none{};
  sched_setscheduler(0, SCHED_OTHER, &none);
}

}  // namespace

Restart::Restart(int argc, char** argv) : argv_(argv) {
  prepare({}, "", "", -1);
  if (const char* text = getenv("MIXGRAPH_RESTART"); text && argc > 0) read_past(text);
  if (past_.reason.empty()) read_listen_variables();
  unsetenv("MIXGRAPH_RESTART");
  const int64_t now = seconds_now();
  std::erase_if(past_.failures, [now](int64_t at) { return at > now || now - at > kMemory; });
  const size_t count = std::min<size_t>(past_.failures.size(), kLast);
  std::copy_n(past_.failures.end() - std::ptrdiff_t(count), count, failures_);
  failure_count_ = int(count);
  size_t at = 0;
  for (char** variable = environ; *variable && at < kMostVariables; variable++)
    environment_[at++] = strdup(*variable);
  environment_[at++] = variable_;
  environment_[at] = nullptr;
}

void Restart::read_past(const char* text) {
  std::stringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    const size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string key = line.substr(0, equals), value = line.substr(equals + 1);
    if (key == "reason") past_.reason = value;
    if (key == "restarts") past_.restarts = std::atoi(value.c_str());
    if (key == "failures") past_.failures = numbers<int64_t>(value);
    if (key == "udp") past_.sockets.udp = numbers<int>(value);
    if (key == "tcp") past_.sockets.tcp = numbers<int>(value);
    if (key == "device") past_.device = value;
    if (key == "input_device") past_.input_device = value;
    if (key == "open_requests") past_.open_requests = std::atoi(value.c_str());
  }
}

/// Sockets by their names; those with other names are left alone.
void Restart::read_listen_variables() {
  const char* pid = getenv("LISTEN_PID");
  const char* count = getenv("LISTEN_FDS");
  const char* names = getenv("LISTEN_FDNAMES");
  if (!pid || !count || !names || std::atoi(pid) != getpid()) return;
  std::stringstream stream(names);
  int descriptor = kFirstPassedOn;
  for (std::string name; descriptor < kFirstPassedOn + std::atoi(count) && std::getline(stream, name, ':');
       descriptor++) {
    if (name == "osc-udp") past_.sockets.udp.push_back(descriptor);
    if (name == "osc-tcp") past_.sockets.tcp.push_back(descriptor);
  }
}

void Restart::prepare(const OpenSockets& sockets, const std::string& device, const std::string& input_device,
                      int open_requests) {
  auto next = std::make_unique<Prepared>();
  next->descriptors = sockets.udp;
  next->descriptors.insert(next->descriptors.end(), sockets.tcp.begin(), sockets.tcp.end());
  if (open_requests >= 0) next->descriptors.push_back(open_requests);
  next->text = "udp=" + list(sockets.udp) + "\ntcp=" + list(sockets.tcp) + "\ndevice=" + device +
               "\ninput_device=" + input_device + "\nopen_requests=" + std::to_string(open_requests) + "\n";
  prepared_.store(next.get(), std::memory_order_release);
  kept_.push_back(std::move(next));
}

void Restart::now(const char* reason, Why why) noexcept {
  if (under_way_.exchange(true))
    while (true) pause();  // the other thread's exec ends this one
  if (why == Why::planned || note_failure()) {
    const Prepared& prepared = *prepared_.load(std::memory_order_acquire);
    write_variable(reason, prepared);
    close_all_but(prepared.descriptors);
    leave_defaults();
    execve("/proc/self/exe", argv_, environment_);
    execve(argv_[0], argv_, environment_);
  }
  under_way_ = false;
}

/// False: it was one too many.
bool Restart::note_failure() noexcept {
  const int64_t now = seconds_now();
  int count = failure_count_.load();
  const auto* recent =
      std::remove_if(failures_, failures_ + count, [now](int64_t at) { return now - at > kMemory; });
  count = int(recent - failures_);
  if (count + 1 >= kLast) return false;
  failures_[count++] = now;
  failure_count_ = count;
  return true;
}

void Restart::write_variable(const char* reason, const Prepared& prepared) noexcept {
  used_ = 0;
  append(kVariable.data());
  append(prepared.text.c_str());
  append("restarts=");
  append(int64_t(past_.restarts) + 1);
  append("\nfailures=");
  for (int i = 0; i < failure_count_.load(); i++) {
    if (i > 0) append(",");
    append(failures_[i]);
  }
  append("\nreason=");
  append(reason);
}

/// What does not fit is left out.
void Restart::append(const char* text) noexcept {
  const size_t count = std::min(std::strlen(text), kRoom - 1 - used_);
  std::memcpy(variable_ + used_, text, count);
  used_ += count;
  variable_[used_] = '\0';
}

void Restart::append(int64_t number) noexcept {
  char digits[24];
  *std::to_chars(digits, digits + sizeof digits - 1, number).ptr = '\0';
  append(digits);
}

}  // namespace mixgraph

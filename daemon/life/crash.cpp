#include "daemon/life/crash.h"

#include <execinfo.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

#include "daemon/audio/realtime.h"
#include "daemon/life/log.h"

namespace mixgraph {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGXCPU};
constexpr int kMostFrames = 64;

Restart* restart_of_crashes = nullptr;

const char* reason_of(int number) noexcept {
  switch (number) {
    case SIGSEGV:
      return "crash: SIGSEGV";
    case SIGBUS:
      return "crash: SIGBUS";
    case SIGFPE:
      return "crash: SIGFPE";
    case SIGILL:
      return "crash: SIGILL";
    case SIGABRT:
      return "crash: SIGABRT";
    case SIGSYS:
      return "crash: SIGSYS";
    default:
      return "the audio thread used too much processor time";
  }
}

void print(const char* text) noexcept {
  if (!takes_bytes(STDERR_FILENO) || write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
}

void print_backtrace() noexcept {
  void* frames[kMostFrames];
  const int count = backtrace(frames, kMostFrames);
  for (int i = 0; i < count && takes_bytes(STDERR_FILENO); i++) backtrace_symbols_fd(&frames[i], 1, STDERR_FILENO);
}

[[noreturn]] void end_by(int number) noexcept {
  signal(number, SIG_DFL);
  raise(number);
  _exit(128 + number);
}

/// Runs again, inside itself, when printing the backtrace of a broken stack crashes too.
void on_crash(int number) {
  static std::atomic<pid_t> crashed{0};
  static std::atomic<int> depth{0};
  pid_t nobody = 0;
  const pid_t self = gettid();
  if (!crashed.compare_exchange_strong(nobody, self) && nobody != self)
    while (true) pause();
  switch (depth++) {
    case 0:
      print("mixgraphd: ");
      print(reason_of(number));
      print("\n");
      print_backtrace();
      [[fallthrough]];
    case 1:
      restart_of_crashes->now(reason_of(number), Restart::Why::failure);
      print("mixgraphd: too many crashes, or no way to start again: this is the end\n");
      [[fallthrough]];
    default:
      end_by(number);
  }
}

}  // namespace

void restart_on_crash(Restart& restart) {
  restart_of_crashes = &restart;
  void* frame;
  backtrace(&frame, 1);  // loads what it needs, which a handler could not
  static SignalStack stack;
  stack.use();
  struct sigaction action {};
  action.sa_handler = on_crash;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  for (const int number : kSignals) sigaction(number, &action, nullptr);
}

}  // namespace mixgraph

#include "tests/support/syscall_trap.h"

#include <stdexcept>

#if defined(__x86_64__) && defined(__linux__)
#include <signal.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

namespace mixgraph {
namespace {

constexpr unsigned long kOff = 0, kOn = 1;
constexpr char kAllow = 0, kBlock = 1;
thread_local volatile char selector = kAllow;
thread_local volatile uint64_t calls = 0;
thread_local volatile int first_call = -1;

/// Makes the call that was caught, as the thread meant to.
void pass(int, siginfo_t* info, void* context) {
  selector = kAllow;
  calls = calls + 1;
  if (first_call < 0) first_call = info->si_syscall;
  greg_t* r = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  register long r10 asm("r10") = r[REG_R10];
  register long r8 asm("r8") = r[REG_R8];
  register long r9 asm("r9") = r[REG_R9];
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(long(info->si_syscall)), "D"(r[REG_RDI]), "S"(r[REG_RSI]), "d"(r[REG_RDX]), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  r[REG_RAX] = result;
}

bool dispatch(unsigned long mode, const volatile char* state) { return prctl(PR_SET_SYSCALL_USER_DISPATCH, mode, 0, 0, state) == 0; }

}  // namespace

bool SyscallTrap::available() {
  if (!dispatch(kOn, &selector)) return false;
  dispatch(kOff, nullptr);
  return true;
}

SyscallTrap::SyscallTrap() {
  struct sigaction action {};
  action.sa_sigaction = pass;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSYS, &action, nullptr);
  calls = 0;
  first_call = -1;
  if (!dispatch(kOn, &selector)) throw std::runtime_error("no syscall user dispatch");
}
SyscallTrap::~SyscallTrap() {
  selector = kAllow;
  dispatch(kOff, nullptr);
}
void SyscallTrap::shut() { selector = kBlock; }
void SyscallTrap::open() { selector = kAllow; }
uint64_t SyscallTrap::caught() const { return calls; }
int SyscallTrap::first() const { return first_call; }

}  // namespace mixgraph
#else
namespace mixgraph {
bool SyscallTrap::available() { return false; }
SyscallTrap::SyscallTrap() { throw std::runtime_error("no syscall user dispatch"); }
SyscallTrap::~SyscallTrap() = default;
void SyscallTrap::shut() {}
void SyscallTrap::open() {}
uint64_t SyscallTrap::caught() const { return 0; }
int SyscallTrap::first() const { return -1; }
}  // namespace mixgraph
#endif

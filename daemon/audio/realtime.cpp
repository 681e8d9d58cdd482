#include "daemon/audio/realtime.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include <cerrno>
#include <cstring>

#include "daemon/audio/prefault.h"

namespace mixgraph {
namespace {

std::string limit_text(int which, rlim_t unit, const char* unit_name) {
  rlimit limit{};
  getrlimit(which, &limit);
  if (limit.rlim_cur == RLIM_INFINITY) return "unlimited";
  return std::to_string(limit.rlim_cur / unit) + unit_name;
}

Permission lock_memory_now() {
  prefault_program();
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  const bool unlimited = limit.rlim_cur == RLIM_INFINITY;
  const int flags = MCL_CURRENT | MCL_ONFAULT | (unlimited ? MCL_FUTURE : 0);
  if (mlockall(flags) == 0) {
    if (unlimited) return {true, "all memory is locked as it is used"};
    return {true,
            "memory mapped at the start is locked; to lock all of it, raise the limit on locked memory"
            " (now " +
                limit_text(RLIMIT_MEMLOCK, 1024, " KiB") + ") to unlimited"};
  }
  return {false, "memory is not locked (" + std::string(std::strerror(errno)) +
                     "): the limit on locked memory is " + limit_text(RLIMIT_MEMLOCK, 1024, " KiB") +
                     "; LimitMEMLOCK=infinity or `ulimit -l unlimited`"
                     " permits it"};
}

}  // namespace

Permission raise_priority(pthread_t thread, int priority) {
  const sched_param wanted{priority};
  const int error = pthread_setschedparam(thread, SCHED_FIFO, &wanted);
  if (error == 0) return priority_of(thread);
  return {false, "no real-time priority (" + std::string(std::strerror(error)) + "): the limit is " +
                     limit_text(RLIMIT_RTPRIO, 1, "") +
                     "; LimitRTPRIO=80 or `@audio - rtprio 80` in"
                     " /etc/security/limits.d permits it"};
}

Permission priority_of(pthread_t thread) {
  int policy = SCHED_OTHER;
  sched_param param{};
  if (const int error = pthread_getschedparam(thread, &policy, &param)) return {false, std::strerror(error)};
  const std::string priority = std::to_string(param.sched_priority);
  if (policy == SCHED_FIFO) return {true, "real-time priority " + priority + " (SCHED_FIFO)"};
  if (policy == SCHED_RR) return {true, "real-time priority " + priority + " (SCHED_RR)"};
  return {false,
          "no real-time priority: the sound system started the audio thread without it (the limit here is " +
              limit_text(RLIMIT_RTPRIO, 1, "") + ")"};
}

int number_of(pthread_t thread) {
  clockid_t clock{};
  if (pthread_getcpuclockid(thread, &clock) != 0) return 0;
  return ~(clock >> 3);  // how Linux names the clock of a thread
}

const Permission& lock_memory() {
  static const Permission answer = lock_memory_now();
  return answer;
}

void SignalStack::use() noexcept {
#ifndef __SANITIZE_ADDRESS__  // AddressSanitizer has given the thread one, and unmaps whichever it finds in the end
  stack_t stack{};
  stack.ss_sp = bytes_.data();
  stack.ss_size = bytes_.size();
  sigaltstack(&stack, nullptr);
#endif
}

}  // namespace mixgraph

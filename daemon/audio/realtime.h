#pragma once
#include <pthread.h>

#include <string>

namespace mixgraph {

/// Whether something was permitted, and a sentence for people.
struct Permission {
  bool granted = false;
  std::string note;
};

/// Gives a thread SCHED_FIFO at `priority` (1..99). [control]
Permission raise_priority(pthread_t thread, int priority);

/// What a thread has already, for threads that somebody else made. The thread must be running. [control]
Permission priority_of(pthread_t thread);

/// The kernel's number of a thread, for its accounts in /proc. The thread must be running. [control]
int number_of(pthread_t thread);

/// Locks the process's memory so that audio never waits for a page, once; later calls return the first
/// answer. Pages are locked as they are touched, and future mappings only where the limit on locked memory is
/// infinite: under a finite limit that would make thread creation and large allocations fail later. Maps the
/// program's code first (daemon/audio/prefault.h). [control]
const Permission& lock_memory();

}  // namespace mixgraph

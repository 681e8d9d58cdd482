#pragma once
#include <pthread.h>

#include <cstddef>
#include <string>
#include <vector>

namespace mixgraph {

/// Whether something was permitted, and a sentence for people.
struct Permission {
  bool granted = false;
  std::string note;
};

/// Of audio threads, by SCHED_FIFO: below the kernel's own threads for devices (usually 90), above all else that we run.
inline constexpr int kAudioPriority = 70;

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

/// A stack for signal handlers, so that they work on a thread whose own is used up. It must outlive the
/// thread that uses it.
class SignalStack {
 public:
  SignalStack() : bytes_(kSize) {}
  /// For the calling thread, from now on; one system call. [any]
  void use() noexcept;

 private:
  static constexpr size_t kSize = 64 << 10;
  std::vector<std::byte> bytes_;
};

}  // namespace mixgraph

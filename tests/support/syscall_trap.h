#pragma once
#include <cstdint>

namespace mixgraph {

/// Catches system calls of this thread with Linux's syscall user dispatch: while the trap is shut, each raises SIGSYS,
/// whose handler notes it and lets it pass. Opening and shutting cost a store to memory. x86-64, Linux 5.11 or later.
/// The first call after the trap was shut is noted; the handler has to open the trap to return.
class SyscallTrap {
 public:
  /// Whether kernel and machine have it. [any]
  static bool available();

  /// For the thread that makes it; throws std::runtime_error where it isn't available.
  SyscallTrap();
  ~SyscallTrap();
  SyscallTrap(const SyscallTrap&) = delete;
  SyscallTrap& operator=(const SyscallTrap&) = delete;

  void shut();
  void open();
  uint64_t caught() const;  ///< times that the trap was shut and a call was made
  int first() const;        ///< number of the first call that was caught (asm/unistd.h); -1: none
};

}  // namespace mixgraph

#pragma once
#include <cstdint>

namespace mixgraph {

/// Whether this build counts allocations: the sanitizers bring their own malloc. [any]
bool allocations_are_counted();

/// Counts this thread's calls of malloc, free and their kin (and so of new and delete) while it exists. May
/// be nested.
class AllocationCount {
 public:
  AllocationCount();
  ~AllocationCount();
  AllocationCount(const AllocationCount&) = delete;
  AllocationCount& operator=(const AllocationCount&) = delete;
  uint64_t count() const;
  /// Bytes that were taken and not given back.
  int64_t bytes() const;

 private:
  uint64_t start_;
  int64_t start_bytes_;
};

}  // namespace mixgraph

#include "tests/support/allocations.h"

#include <cerrno>
#include <cstddef>

namespace mixgraph {
namespace {

// Trivial thread-locals of the program itself: touching them never allocates.
thread_local int depth = 0;
thread_local uint64_t calls = 0;
thread_local int64_t held = 0;

[[maybe_unused]] void note(int64_t bytes) {
  if (depth > 0) calls++, held += bytes;
}

}  // namespace

AllocationCount::AllocationCount() : start_(calls), start_bytes_(held) {
  depth++;
}
AllocationCount::~AllocationCount() {
  depth--;
}
uint64_t AllocationCount::count() const {
  return calls - start_;
}
int64_t AllocationCount::bytes() const {
  return held - start_bytes_;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
bool allocations_are_counted() {
  return false;
}
}  // namespace mixgraph
#else
bool allocations_are_counted() {
  return true;
}
}  // namespace mixgraph

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
void __libc_free(void*);

size_t malloc_usable_size(void*);

static void* noted(void* p) {
  mixgraph::note(int64_t(malloc_usable_size(p)));
  return p;
}

void* malloc(size_t size) {
  return noted(__libc_malloc(size));
}
void* calloc(size_t count, size_t size) {
  return noted(__libc_calloc(count, size));
}
void* realloc(void* old, size_t size) {
  const auto before = int64_t(malloc_usable_size(old));
  void* p = __libc_realloc(old, size);
  mixgraph::note(int64_t(malloc_usable_size(p)) - before);
  return p;
}
void* memalign(size_t alignment, size_t size) {
  return noted(__libc_memalign(alignment, size));
}
void* aligned_alloc(size_t alignment, size_t size) {
  return memalign(alignment, size);
}
int posix_memalign(void** result, size_t alignment, size_t size) {
  *result = memalign(alignment, size);
  return *result ? 0 : ENOMEM;
}
void free(void* p) {
  mixgraph::note(-int64_t(malloc_usable_size(p)));
  __libc_free(p);
}
}
#endif

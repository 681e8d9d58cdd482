#include "daemon/audio/prefault.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

namespace mixgraph {
namespace {

constexpr size_t kStack = 192 * 1024;

int populate(dl_phdr_info* object, size_t, void*) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& part = object->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W)) continue;
    const uintptr_t start = (object->dlpi_addr + part.p_vaddr) & ~(page - 1);
    const uintptr_t end = (object->dlpi_addr + part.p_vaddr + part.p_memsz + page - 1) & ~(page - 1);
    madvise(reinterpret_cast<void*>(start), end - start, MADV_POPULATE_READ);
  }
  return 0;
}

}  // namespace

void prefault_program() {
  dl_iterate_phdr(populate, nullptr);
}

[[gnu::noinline]] void prefault_stack() noexcept {
  char stack[kStack];
  for (size_t i = 0; i < kStack; i += 1024) static_cast<volatile char*>(stack)[i] = 0;
}

}  // namespace mixgraph

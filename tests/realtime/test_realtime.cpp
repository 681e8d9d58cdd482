// No allocation, lock, system call or page fault on the audio thread, from the first block on: shown by catching system
// calls (tests/support/syscall_trap.h), counting allocations (tests/support/allocations.h), and by the kernel's count of the
// thread's page faults and waits. tests/realtime/rtsan.cpp shows the same in a fourth way.
//
// MIXGRAPH_BLOCKS=1000000: so many blocks, instead of 100 000.
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <thread>

#include "daemon/audio/prefault.h"
#include "tests/support/allocations.h"
#include "tests/support/real_time_load.h"
#include "tests/support/sins.h"
#include "tests/support/syscall_trap.h"

using namespace mixgraph;

namespace {

uint64_t blocks_asked() {
  const char* asked = std::getenv("MIXGRAPH_BLOCKS");
  return asked ? std::strtoull(asked, nullptr, 10) : 100'000;
}

/// What a thread did in blocks, by each of the methods.
struct Deeds {
  uint64_t blocks = 0, calls = 0, allocations = 0, faults = 0, waits = 0;
  int first_call = -1;
  uint64_t first_fault = 0;  ///< block
};

/// Watches one thread from its first block on.
class Watch {
 public:
  Watch() {
    if (SyscallTrap::available()) trap_.emplace();
    usage();  // once before, as any code that runs for the first time
    AllocationCount();
  }
  template <class Block>
  void watch(Block block) {
    rusage before = usage();
    uint64_t allocations;
    {
      AllocationCount counted;
      if (trap_) trap_->shut();
      block();
      if (trap_) trap_->open();
      allocations = counted.count();
    }
    rusage after = usage();
    deeds_.allocations += allocations;
    if (after.ru_minflt + after.ru_majflt > before.ru_minflt + before.ru_majflt && deeds_.faults == 0) deeds_.first_fault = deeds_.blocks;
    deeds_.faults += uint64_t(after.ru_minflt - before.ru_minflt + after.ru_majflt - before.ru_majflt);
    deeds_.waits += uint64_t(after.ru_nvcsw - before.ru_nvcsw);
    deeds_.blocks++;
  }
  Deeds deeds() const {
    Deeds d = deeds_;
    if (trap_) d.calls = trap_->caught(), d.first_call = trap_->first();
    return d;
  }

 private:
  static rusage usage() {
    rusage u{};
    getrusage(RUSAGE_THREAD, &u);
    return u;
  }
  std::optional<SyscallTrap> trap_;
  Deeds deeds_;
};

bool is_instrumented() { return !allocations_are_counted(); }

/// A console with a node that sins once: what each method sees of it.
Deeds deeds_of(size_t sin) {
  EngineRunner r({.inputs = 1, .outputs = 1}, types_with_a_sinner());
  r.add("in/1", "input", {{"channels", "1"}});
  r.add("sinner", "sinner");
  r.add("out", "output");
  r.connect("in/1", "sinner");
  r.connect("sinner", "out");
  r.update();
  float sound[64] = {}, silence[64];
  const float* in[] = {sound};
  float* out[] = {silence};
  Deeds deeds;
  std::thread audio([&] {
    prefault_stack();
    for (int i = 0; i < 10; i++) r.engine.process(in, out, 64);
    prepare_sins();
    std::vector<Move> moves{r.move("sinner", "sin", double(sin + 1))};
    if (sin < sins().size()) r.engine.move(moves);
    Watch watch;
    for (int i = 0; i < 10; i++) watch.watch([&] { r.engine.process(in, out, 64); });
    deeds = watch.deeds();
  });
  audio.join();
  return deeds;
}

}  // namespace

TEST_CASE("the audio thread allocates nothing, calls nothing and touches no new page", "[realtime]") {
  if (is_instrumented()) return;  // sanitizers do all of that
  if (!SyscallTrap::available()) WARN("This kernel has no syscall user dispatch: system calls are not looked for.");
  RealTimeLoad load;
  Deeds deeds;
  load.run([&] {
    Watch watch;
    for (uint64_t i = 0; i < blocks_asked(); i++) watch.watch([&] { load.play_block(); });
    deeds = watch.deeds();
  });
  INFO("first system call " << deeds.first_call << ", first page fault in block " << deeds.first_fault);
  std::cout << deeds.blocks << " blocks, " << load.engine().counters().programs << " programs, " << deeds.faults << " faults\n";
  CHECK(deeds.blocks == blocks_asked());
  CHECK(load.engine().counters().programs > 100);
  CHECK(deeds.allocations == 0);
  CHECK(deeds.calls == 0);
  CHECK(deeds.faults == 0);
  CHECK(deeds.waits == 0);
}

TEST_CASE("each sin of an audio thread is seen by the methods that claim to see it", "[realtime]") {
  if (is_instrumented()) return;
  bool trap = SyscallTrap::available();
  for (size_t i = 0; i <= sins().size(); i++) {
    std::string name = i < sins().size() ? std::string(sins()[i].name) : "none";
    INFO(name);
    Deeds deeds = deeds_of(i);
    bool allocates = name == "malloc" || name == "large malloc" || name == "throw";
    bool calls = name == "large malloc" || name == "lock that is taken" || name == "write" || name == "sleep" || name == "futex";
    bool faults = name == "large malloc" || name == "page fault";
    bool waits = name == "lock that is taken" || name == "sleep";
    CHECK((deeds.allocations > 0) == allocates);
    if (trap && name != "throw") CHECK((deeds.calls > 0) == calls);
    if (faults || name == "none") CHECK((deeds.faults > 0) == faults);
    CHECK((deeds.waits > 0) == waits);
  }
}

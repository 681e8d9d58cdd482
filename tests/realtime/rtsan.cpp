// The engine under LLVM's RealtimeSanitizer, whose runtime ends the program at the first allocation, lock or blocking call
// that a thread makes between enter and exit.
//   mixgraph_rtsan [BLOCKS]   plays blocks with all that an audio thread may meet; 100 000 if not said
//   mixgraph_rtsan SIN        commits a sin in a node (tests/support/sins.h), to show that it is caught
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/support/real_time_load.h"
#include "tests/support/sins.h"

extern "C" {
void __rtsan_init();
void __rtsan_realtime_enter();
void __rtsan_realtime_exit();
}

using namespace mixgraph;

namespace {

void play(uint64_t blocks) {
  RealTimeLoad load;
  load.run([&] {
    for (uint64_t i = 0; i < blocks; i++) {
      __rtsan_realtime_enter();
      load.play_block();
      __rtsan_realtime_exit();
    }
  });
  std::printf("%llu blocks and %llu programs without a violation\n", static_cast<unsigned long long>(blocks),
              static_cast<unsigned long long>(load.engine().counters().programs));
}

void commit(size_t sin) {
  EngineRunner r({.inputs = 1, .outputs = 1}, types_with_a_sinner());
  r.add("in/1", "input", {{"channels", "1"}});
  r.add("sinner", "sinner");
  r.connect("in/1", "sinner");
  r.update();
  r.run(640);
  std::vector<Move> moves{r.move("sinner", "sin", double(sin + 1))};
  r.engine.move(moves);
  float sound[64] = {}, silence[64];
  const float* in[] = {sound};
  float* out[] = {silence};
  prepare_sins();
  __rtsan_realtime_enter();
  r.engine.process(in, out, 64);
  __rtsan_realtime_exit();
  std::puts("not seen");
}

}  // namespace

int main(int count, char** arguments) {
  __rtsan_init();
  std::string asked = count > 1 ? arguments[1] : "100000";
  for (size_t i = 0; i < sins().size(); i++)
    if (asked == sins()[i].name) return commit(i), 0;
  play(std::strtoull(asked.c_str(), nullptr, 10));
}

#include "daemon/life/workers.h"

#include <atomic>
#include <catch2/catch.hpp>

using namespace mixgraph;
using namespace std::chrono_literals;

namespace {

/// Work at which the first so many hang.
struct Work {
  std::atomic<int> to_hang{0}, hanging{0}, turns{0};
  std::atomic<bool> open{false};

  bool turn() {
    if (to_hang.fetch_sub(1) > 0) {
      hanging++;
      while (!open) std::this_thread::sleep_for(1ms);
      hanging--;
    }
    turns++;
    return true;
  }
  void await(const std::atomic<int>& count, int least) const {
    while (count < least) std::this_thread::sleep_for(1ms);
  }
};

}  // namespace

TEST_CASE("Where some workers hang, others take their turns", "[workers]") {
  Work work;
  Workers workers([&] { return work.turn(); });
  workers.start();
  for (int hang : {1, 5, int(Workers::kMost) - 1}) {
    work.open = false;
    work.to_hang = hang;
    work.await(work.hanging, hang);
    work.await(work.turns, work.turns + 20);
    work.open = true;
    while (work.hanging > 0) std::this_thread::sleep_for(1ms);
  }
  CHECK(workers.stop(60s));
}

TEST_CASE("A worker that hangs is told when they stop, and waited for at last", "[workers]") {
  Work work;
  {
    Workers workers([&] { return work.turn(); });
    work.to_hang = 1;
    workers.start();
    work.await(work.hanging, 1);
    CHECK_FALSE(workers.stop(1ms));
    std::this_thread::sleep_for(30ms);  // a turn that had begun
    const int turns = work.turns;
    std::this_thread::sleep_for(30ms);
    CHECK(work.turns == turns);
    work.open = true;
  }
  CHECK(work.hanging == 0);
}

TEST_CASE("Workers that never started stop", "[workers]") {
  CHECK(Workers([] { return false; }).stop(1s));
}

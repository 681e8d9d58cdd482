// When several threads share a program: judged by what blocks took, without any sound.
#include <catch2/catch.hpp>

#include "graph/node.h"
#include "graph/sharing.h"

using namespace mixgraph;
using namespace std::chrono_literals;

namespace {

constexpr double kRate = 48'000, kAboveUs = 8;

/// Half seconds of blocks that take so many microseconds, by one thread and shared; 0: none was measured.
struct Blocks {
  Sharing sharing{kAboveUs, kRate};
  TypeCost alone, shared;
  uint64_t frame = 0;
  Sharing::Time now{};

  void half_second(double alone_us, double shared_us, double speed_up = 2) {
    frame += uint64_t(kRate / 2);
    now += 500ms;
    const auto add = [](TypeCost& cost, double us) {
      constexpr uint64_t kBlocks = 10;
      if (us > 0) cost.ns += us * 1000 * kBlocks, cost.frames += kBlocks * kMaxBlock;
    };
    add(alone, alone_us);
    if (sharing.is_on()) add(shared, shared_us);
    if (sharing.is_due(frame, now)) sharing.judge(frame, now, alone, shared, speed_up);
  }
  void half_seconds(int count, double alone_us, double shared_us) {
    for (int i = 0; i < count; i++) half_second(alone_us, shared_us);
  }
};

}  // namespace

TEST_CASE("A small graph is not shared, a large one is") {
  Blocks b;
  b.half_seconds(4, kAboveUs * 0.9, 5);
  CHECK(!b.sharing.is_on());
  b.half_seconds(1, kAboveUs * 1.1, 5);
  CHECK(b.sharing.is_on());
}

TEST_CASE("It goes on while helpers are seen to help, whatever one or two bad half seconds say") {
  Blocks b;
  b.half_seconds(1, 200, 0);
  for (int i = 0; i < 10; i++) {
    b.half_seconds(2, 200, 260);
    b.half_seconds(1, 200, 110);
    CHECK(b.sharing.is_on());
  }
}

TEST_CASE("Where helpers don't help it ends, and is tried again after a while that doubles") {
  Blocks b;
  b.half_seconds(1, 200, 0);
  b.half_seconds(4, 200, 195);  // two of them before threads publish what they make
  CHECK(b.sharing.is_on());
  b.half_seconds(1, 200, 195);
  CHECK(!b.sharing.is_on());
  int tries = 0, waited[3] = {};
  for (int i = 0; i < 400 && tries < 3; i++) {
    b.half_second(200, 195);
    waited[tries]++;
    if (!b.sharing.is_on()) continue;
    tries++;
    b.half_seconds(3, 200, 195);
    CHECK(!b.sharing.is_on());
  }
  REQUIRE(tries == 3);
  CHECK(waited[0] == 20);
  CHECK(waited[1] == 40);
  CHECK(waited[2] == 80);
}

TEST_CASE("Threads publish what they make where sharing is seen to give less than half of what it could") {
  Blocks b;
  b.half_seconds(1, 200, 0);
  b.half_seconds(4, 200, 120);
  CHECK(!b.sharing.publishes());
  b.half_seconds(1, 200, 150);
  b.half_seconds(1, 200, 120);
  b.half_seconds(1, 200, 150);
  CHECK(!b.sharing.publishes());  // one bad half second is a neighbour's
  b.half_seconds(1, 200, 150);
  CHECK(b.sharing.publishes());
  CHECK(b.sharing.is_on());
  b.half_seconds(4, 200, 150);
  CHECK(b.sharing.is_on());
  b.sharing.forget();
  CHECK(!b.sharing.publishes());
}

TEST_CASE("They do so too where one thread would be late, so that what it takes isn't measured any more") {
  Blocks b;
  b.half_seconds(1, 700, 0);
  b.half_seconds(1, 700, 650);
  CHECK(!b.sharing.may_run_alone());
  b.half_seconds(1, 0, 650);
  CHECK(b.sharing.publishes());
  CHECK(b.sharing.is_on());
}

TEST_CASE("Another graph, or twice the load, is tried at once") {
  Blocks b;
  b.half_seconds(1, 200, 0);
  b.half_seconds(6, 200, 195);
  CHECK(!b.sharing.is_on());
  SECTION("another graph") {
    b.sharing.forget();
    b.half_second(200, 195);
  }
  SECTION("twice the load") {
    b.half_second(410, 195);
  }
  CHECK(b.sharing.is_on());
}

TEST_CASE("It ends where the program doesn't divide, or the load has gone") {
  Blocks b;
  b.half_seconds(1, 200, 0);
  SECTION("doesn't divide") {
    b.half_second(200, 110, 1.1);
  }
  SECTION("has gone") {
    b.half_second(kAboveUs * 0.4, 3);
  }
  CHECK(!b.sharing.is_on());
}

TEST_CASE("A block that one thread would be late with is never run by one") {
  Blocks b;
  b.half_seconds(1, 600, 0);
  CHECK(b.sharing.may_run_alone());
  b.half_second(0, 600);  // which is 1200 by one thread, of 1333
  CHECK(!b.sharing.may_run_alone());
  CHECK(b.sharing.is_on());
}

TEST_CASE("What is due later doesn't say whether sharing pays, but counts where one thread might be late") {
  for (const double later_us : {0., 400.}) {
    Blocks b;
    b.half_seconds(1, 600, 0);
    for (int i = 0; i < 20; i++) {
      b.alone.later_ns += later_us * 1000 * 10;
      b.half_seconds(1, 600, 320);
      CHECK(b.sharing.is_on());
      CHECK(b.sharing.may_run_alone() == (later_us == 0));
    }
    CHECK(!b.sharing.publishes());
  }
}

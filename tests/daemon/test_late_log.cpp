#include <catch2/catch.hpp>
#include <cmath>

#include "daemon/audio/late_log.h"

using namespace mixgraph;

namespace {

constexpr int64_t kMs = 1'000'000;

/// A timer at 48 kHz with periods of 480 frames (10 ms) whose calls a test makes.
struct Calls {
  PeriodTimer timer{48000};
  LateLog log;
  int64_t now = 1000 * kMs;

  void call(int64_t work_ns = kMs) {
    timer.begin(480, now);
    timer.end(now + work_ns);
  }
  void run(int periods, int64_t work_ns = kMs) {
    for (int i = 0; i < periods; i++, now += 10 * kMs) call(work_ns);
  }
  void look(bool on_clock = false) { log.follow(timer, on_clock, now); }
};

}  // namespace

TEST_CASE("late blocks are attributed, and told with their length", "[late]") {
  Calls calls;
  calls.run(20);
  calls.look();
  REQUIRE(calls.log.events().empty());
  SECTION("our work") {
    calls.call(300 * kMs);
    calls.now += 301 * kMs;
    calls.run(5);
    calls.look();
    REQUIRE(calls.log.events().size() == 1);
    CHECK(calls.log.events()[0].cause == LateCause::work);
    CHECK(calls.log.events()[0].milliseconds == Approx(300));
    CHECK(calls.log.events()[0].kind == "stall");
    CHECK(calls.log.count(LateCause::work) == 1);
  }
  SECTION("work that just misses its deadline") {
    calls.run(1, 11 * kMs);
    calls.now += kMs;
    calls.run(5);
    calls.look();
    REQUIRE(calls.log.events().size() == 1);
    CHECK(calls.log.events()[0].cause == LateCause::work);
    CHECK(calls.log.events()[0].kind == "late");
  }
  SECTION("a device that does not call") {
    calls.run(1);
    calls.now += 50 * kMs;
    calls.run(5);
    calls.look();
    REQUIRE(calls.log.events().size() == 1);
    CHECK(calls.log.events()[0].cause == LateCause::device);
    CHECK(calls.log.events()[0].milliseconds == Approx(50));
    CHECK(calls.log.events()[0].kind == "late");
  }
  SECTION("a device that is lost") {
    calls.now += 1500 * kMs;
    calls.run(1);
    calls.look();
    REQUIRE(calls.log.events().size() == 1);
    CHECK(calls.log.events()[0].kind == "lost");
  }
  SECTION("the clock has no device") {
    calls.now += 50 * kMs;
    calls.run(5);
    calls.look(true);
    REQUIRE(calls.log.events().size() == 1);
    CHECK(calls.log.events()[0].cause == LateCause::scheduler);
  }
}

TEST_CASE("of late blocks the latest 64 are kept, and all are counted", "[late]") {
  Calls calls;
  calls.run(20);
  for (int i = 0; i < 100; i++) {
    calls.now += 50 * kMs;
    calls.run(2);
    calls.look();
  }
  CHECK(calls.log.events().size() == LateLog::kKept);
  CHECK(calls.log.count(LateCause::device) == 100);
}

TEST_CASE("the load's percentiles are those of the latest blocks", "[late]") {
  Calls calls;
  for (int second = 0; second < 20; second++) {
    for (int i = 0; i < 98; i++) calls.run(1, kMs);
    calls.run(2, 8 * kMs);
    calls.look();
  }
  CHECK(calls.log.recent_load(0.5) == Approx(0.1).epsilon(0.07));
  CHECK(calls.log.recent_load(0.99) == Approx(0.8).epsilon(0.07));
  for (int second = 0; second < 12; second++) {
    calls.run(100, 2 * kMs);
    calls.look();
  }
  CHECK(calls.log.recent_load(0.99) == Approx(0.2).epsilon(0.07));  // what was before is forgotten
}

TEST_CASE("buckets of loads are narrow from far below to far above a period", "[late]") {
  for (double load = 0.0002; load < 30; load *= 1.01)
    CHECK(LoadCounts::load_of(LoadCounts::bucket(load)) == Approx(load).epsilon(0.07));
  CHECK(LoadCounts::bucket(0) == 0);
  CHECK(LoadCounts::bucket(1e9) == LoadCounts::kPerOctave * LoadCounts::kOctaves - 1);
  CHECK(LoadCounts{}.percentile(0.5) == 0);
}

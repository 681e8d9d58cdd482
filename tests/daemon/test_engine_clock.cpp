#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "daemon/audio/engine_clock.h"

using namespace mixgraph;

namespace {

constexpr int64_t kOffset = 1'700'000'000 * kSecond;  // of the system's clock against the monotonic one
constexpr int kPeriod = 64;

/// A device that calls for periods, with its own idea of time; the clock is asked every 2 ms.
struct Device {
  EngineClock clock{48000};
  double rate = 48000;              // real frames per second
  double start_ns = 5e9, late_ns = 0;  // monotonic; and by how much calls may come late
  uint64_t periods = 0;
  bool waiting = false;
  int64_t offset = kOffset;
  std::mt19937 random{3};

  double due(uint64_t period) const { return start_ns + double(period) * kPeriod * 1e9 / rate; }
  void run(double seconds) {
    const double end = due(periods) + seconds * 1e9;
    ClockReading latest;
    for (double next_look = 0; due(periods) < end; periods++) {
      const double at = std::max(due(periods) + late_ns * double(random() % 1000) / 1000, double(latest.monotonic_ns));
      if (at >= next_look) {
        clock.observe(latest, waiting, offset);
        next_look = at + 2e6;
      }
      latest = {periods * kPeriod, int64_t(at)};
    }
    clock.observe(latest, waiting, offset);
  }
  Now now() const {
    const auto ns = int64_t(due(periods));
    return clock.at(ns, ns + offset);
  }
  /// By how many ms the clock's idea of the present frame is off.
  double error() const { return (double(now().frame) - double(periods * kPeriod)) / 48; }
};

}  // namespace

TEST_CASE("a frame is due when the earliest periods say, however late the others come") {
  Device device;
  device.late_ns = 3e6;
  device.run(3);
  CHECK(std::abs(device.error()) < 0.1);
  const int32_t ties = device.now().ties;
  device.run(60);
  CHECK(device.now().ties == ties);
  CHECK(device.now().error_ms < 0.2);
}

TEST_CASE("bundles keep their distance to the frame while the device's clock drifts") {
  Device device;
  device.rate = 48000 * (1 + 50e-6);
  device.late_ns = 200e3;
  device.waiting = true;
  device.run(2);
  const Now start = device.now();
  const int64_t first = start.time_of(start.frame + 4800, 48000);
  for (int i = 1; i <= 30; i++) {
    device.run(1);
    const int64_t when = start.time_of(start.frame + 4800 + uint64_t(i) * 1601, 48000);
    CHECK(device.now().frame_at(when, 48000) == device.now().frame_at(first, 48000) + uint64_t(i) * 1601);
    CHECK(device.now().ties == start.ties);
  }
  device.waiting = false;
  device.run(600);  // 30 ms of drift: followed
  CHECK(std::abs(device.error()) < 1);
  CHECK(device.now().ties > start.ties + 10);
}

TEST_CASE("a device that runs slow is followed too") {
  Device device;
  device.rate = 48000 * (1 - 100e-6);
  device.run(300);
  CHECK(std::abs(device.error()) < 1);
}

TEST_CASE("time that a stall loses is known within a quarter of a second, at once if it is long") {
  const double lost_ms = GENERATE(20., 90., 400.);
  Device device;
  device.run(2);
  device.start_ns += lost_ms * 1e6;
  device.run(lost_ms > 150 ? 0.01 : 0.3);
  CHECK(std::abs(device.error()) < 0.1);
}

TEST_CASE("calls that come late and are made up for leave the tie alone") {
  Device device;
  device.run(2);
  const int32_t ties = device.now().ties;
  const double start = device.start_ns;
  device.start_ns += 80e6;  // 80 ms late, and then 40 periods in a burst
  for (int i = 0; i < 40; i++) {
    device.run(1e-3);
    device.start_ns -= 2e6;
  }
  device.start_ns = start;
  device.run(1);
  CHECK(device.now().ties == ties);
  CHECK(std::abs(device.error()) < 0.1);
}

TEST_CASE("a step of the system's clock moves the frames with it") {
  const int64_t step = GENERATE(-5 * kSecond, 5 * kSecond);
  Device device;
  device.run(2);
  device.offset += step;
  device.run(0.3);
  CHECK(std::abs(device.error()) < 0.1);
}

TEST_CASE("the frame of a time and the time of a frame are one thing, for days") {
  Now now;
  now.zero_ns = kOffset;
  for (const double rate : {44100., 48000., 192000.})
    for (const uint64_t frame : {1ull, 4799ull, 123456789ull, 48000ull * 86400 * 30})
      CHECK(now.frame_at(now.time_of(frame, rate), rate) == frame);
  CHECK(now.frame_at(kOffset - 1, 48000) == 0);
}

TEST_CASE("a step of the system's clock moves no frame, not even before the next period") {
  const int64_t step = GENERATE(-3600 * kSecond, 3600 * kSecond, -20 * kMillisecond, 20 * kMillisecond);
  Device device;
  device.run(2);
  const Now before = device.now();
  device.offset += step;
  const Now after = device.now();
  CHECK(after.frame == before.frame);
  CHECK(after.frame_at(after.system_ns, 48000) == before.frame_at(before.system_ns, 48000));
  device.run(0.01);
  CHECK(std::abs(device.error()) < 0.1);
}

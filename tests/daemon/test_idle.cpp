// What the daemon costs while nobody wants anything of it.
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "tests/config/folder.h"
#include "tests/support/daemon_client.h"
#include "tests/support/daemon_process.h"
#include "tests/support/desk.h"
#include "tools/bench/bench_session.h"

using namespace mixgraph;
using namespace std::chrono_literals;

namespace {

const char* const kMix =
    "mixgraph: 1\n"
    "mix:\n"
    "  vox: {type: strip, from: in/1}\n"
    "master:\n"
    "  out: {type: output, from: mix/vox, to: [1, 2]}\n";

/// ms until control has something to do.
double rest(const Desk& desk) { return double(desk.control.due() - desk.now.monotonic_ns) / kMillisecond; }

/// Whether control has nothing to do before the meters are read again.
bool sleeps(const Desk& desk) { return rest(desk) >= 0; }

/// How often a thread of a process has gone to sleep.
long sleeps(pid_t process, pid_t thread) {
  std::ifstream status("/proc/" + std::to_string(process) + "/task/" + std::to_string(thread) + "/status");
  for (std::string word; status >> word;)
    if (word == "voluntary_ctxt_switches:") {
      long count = 0;
      status >> count;
      return count;
    }
  throw std::runtime_error("no such thread");
}

}  // namespace

TEST_CASE("Control sleeps while nothing is under way", "[idle]") {
  Desk desk(kMix);
  desk.run(100);
  CHECK(sleeps(desk));
}

TEST_CASE("Control wakes in time for whoever listens", "[idle]") {
  Desk desk(kMix);
  const Client client = desk.client();
  desk.send(client, message("/subscribe", {std::string("/mix/vox/fader"), 10.F}));
  desk.run(100);
  CHECK(sleeps(desk));
  desk.send("/mix/vox/fader", {-6.F});
  CHECK_FALSE(sleeps(desk));
  desk.run(2);
  desk.send("/mix/vox/fader", {-7.F});
  desk.run(2);
  CHECK(rest(desk) <= 8);  // the interval
  desk.run(20);
  desk.send("/mix/vox/fader", {-20.F, 1.F});
  desk.run(100);
  CHECK_FALSE(sleeps(desk));  // a move is under way
  desk.run(1000);
  CHECK(sleeps(desk));
  desk.send(client, message("/meters/subscribe", {20.F}));
  desk.run(2);
  CHECK(rest(desk) <= 20);
}

TEST_CASE("A long move that nobody hears of costs control no sleep", "[idle]") {
  Desk desk(kMix);
  desk.send("/mix/vox/fader", {-20.F, 10.F});
  desk.run(100);
  CHECK(sleeps(desk));
}

TEST_CASE("Control stays awake for bundles and long answers", "[idle]") {
  Desk desk(kMix);
  desk.run(100);
  desk.send(desk.main, osc::Bundle{desk.at(500), {message("/mix/vox/fader", {-6.F})}});
  desk.run(100);
  CHECK_FALSE(sleeps(desk));
  desk.run(500);
  CHECK(sleeps(desk));
  desk.send("/sync");
  CHECK_FALSE(sleeps(desk));
  desk.run(200);
  CHECK(sleeps(desk));
}

TEST_CASE("An idle daemon of many strips wakes seldom, and answers", "[daemon][idle]") {
  const test::Folder folder;
  folder.write("idle.yaml", strips_session(32));
  DaemonProcess daemon({folder.path("idle.yaml"), "--osc", "0", "--driver", "clock"});
  REQUIRE(daemon.port() > 0);
  DaemonClient client(daemon.port());
  CHECK(client.get("/mix/s1/fader") == Approx(-20));
  std::this_thread::sleep_for(1s);
  const long before = sleeps(daemon.pid(), daemon.pid());
  std::this_thread::sleep_for(2s);
  CHECK(sleeps(daemon.pid(), daemon.pid()) - before < 160);  // 80 a second
  client.send("/mix/s1/fader", {-6.F});
  CHECK(client.get("/mix/s1/fader") == Approx(-6));
}

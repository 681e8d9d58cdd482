// A whole daemon on a JACK server that goes away and comes back.
#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>

#include "tests/support/daemon_client.h"
#include "tests/support/daemon_process.h"
#include "tests/support/jack_server.h"
#include "tests/support/sound_files.h"

using namespace mixgraph;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

/// A session that asks for JACK's device.
struct SessionFile {
  SessionFile() {
    std::ofstream(file) << "mixgraph: 1\n"
                           "name: Song\n"
                           "audio: {device: 'JACK: system'}\n"
                           "mix:\n"
                           "  vox: {type: strip, from: in/1, fader: -3}\n"
                           "master:\n"
                           "  out: {type: output, from: mix/vox, to: [1, 2]}\n";
  }
  const TemporaryFolder folder;
  const std::string file = folder.path("song.yaml");
};

/// A daemon on JACK's device, and a client that subscribed.
struct Stage {
  Stage()
      : name(jack_server_name()),
        server(name),
        answered(server.answers()),
        daemon({session.file, "--osc", "0"},
               {"JACK_DEFAULT_SERVER=" + name, "MIXGRAPH_TEST_FAULTS=1"}, DaemonProcess::OnFailure::restart),
        client(daemon.port()),
        listener(daemon.port()) {
    REQUIRE(answered);
    REQUIRE(client.wait_for_text("device", "JACK: system", 30s));  // on a busy machine the first attempt may fail
    listener.send("/subscribe", {"/mix/*"});
    REQUIRE(listener.wait_for("/done"));
  }

  /// The clock takes over, subscribers are told, and the graph goes on.
  void expect_detached() {
    const auto message = listener.wait_for("/device");
    REQUIRE(message);
    CHECK(message->arguments.at(0) == osc::Argument("detached"));
    CHECK(std::get<std::string>(message->arguments.at(1)).find("JACK: system") == 0);
    CHECK(client.text("driver") == "clock");
    CHECK(client.text("device_state") == "detached: JACK: system");
    const double blocks = client.number("blocks");
    CHECK(client.wait_for_number("blocks", blocks + 10));
  }
  /// The same device asks for sound again.
  void expect_return() {
    const auto begun = Clock::now();
    REQUIRE(client.wait_for_text("device_state", "running", 60s));
    const std::chrono::duration<double, std::milli> took = Clock::now() - begun;
    std::fprintf(stderr, "  running %.0f ms after the server was started\n", took.count());
    CHECK(client.text("driver") == "portaudio");
    CHECK(client.text("device") == "JACK: system");
    const double blocks = client.number("blocks");
    CHECK(client.wait_for_number("blocks", blocks + 10));
  }

  std::string name;
  JackServer server;
  bool answered;
  const SessionFile session;
  DaemonProcess daemon;
  DaemonClient client, listener;
};

bool skipped() {
  if (!jack_is_installed()) WARN("skipped: jackd (Debian package jackd2) is not installed");
  return !jack_is_installed();
}

}  // namespace

TEST_CASE("A JACK server that ends and comes back gets the sound back", "[jack][restart]") {
  if (skipped()) return;
  Stage stage;
  const int number = GENERATE(SIGKILL, SIGTERM);
  stage.server.end(number);
  stage.expect_detached();
  CHECK(stage.client.number("restarts") == 0);
  stage.server.start();
  stage.expect_return();
  // PortAudio may meet an assertion of its own while it closes what is left of the dead server's device; that is a crash,
  // and leads to the same restart.
  const std::string reason = stage.client.text("reason");
  CHECK((reason == "the sound server of `JACK: system` was started again" || reason == "crash: SIGABRT"));
}

TEST_CASE("A JACK server that is started after the daemon gets the sound", "[jack][restart]") {
  if (skipped()) return;
  const std::string name = jack_server_name();
  const SessionFile session;
  DaemonProcess daemon({session.file, "--osc", "0"}, {"JACK_DEFAULT_SERVER=" + name});
  REQUIRE(daemon.port() > 0);
  DaemonClient client(daemon.port());
  REQUIRE(client.wait_for_text("device_state", "detached: JACK: system"));
  CHECK(client.text("driver") == "clock");
  const JackServer server(name);
  REQUIRE(server.answers());
  CHECK(client.wait_for_text("device_state", "running", 20s));
  CHECK(client.text("device") == "JACK: system");
  CHECK(client.number("restarts") == 0);
}

TEST_CASE("A JACK server that hangs at the start is waited for, and control answers meanwhile", "[jack][restart]") {
  if (skipped()) return;
  const std::string name = jack_server_name();
  const JackServer server(name);
  REQUIRE(server.answers());
  server.signal(SIGSTOP);
  const SessionFile session;
  DaemonProcess daemon({session.file, "--osc", "0"},
                       {"JACK_DEFAULT_SERVER=" + name}, DaemonProcess::OnFailure::restart);
  INFO(daemon.output());
  REQUIRE(daemon.port() > 0);
  DaemonClient client(daemon.port());
  REQUIRE(client.wait_for_text("device_state", "detached: JACK: system"));
  for (const auto until = Clock::now() + 12s; Clock::now() < until; std::this_thread::sleep_for(50ms)) {
    const auto asked = Clock::now();
    REQUIRE(client.get("/mix/vox/fader") == -3);
    REQUIRE(Clock::now() - asked < 300ms);
  }
  CHECK(client.number("restarts") == 0);
  server.signal(SIGCONT);
  CHECK(client.wait_for_text("device_state", "running", 30s));
}

TEST_CASE("The clock takes over while the control thread stands still", "[jack][restart]") {
  if (skipped()) return;
  Stage stage;
  const double lost = stage.client.number("lost_frames");
  stage.client.send("/test/stall_control", {1700});
  std::this_thread::sleep_for(100ms);
  stage.server.end(SIGKILL);
  stage.expect_detached();
  CHECK(stage.client.number("restarts") == 0);
  CHECK(stage.client.number("lost_frames") - lost < 48000);  // not the whole time
}

TEST_CASE("A JACK server that is away for long is waited for, through restarts too", "[jack][restart]") {
  if (skipped()) return;
  Stage stage;
  stage.server.end(SIGKILL);
  stage.expect_detached();
  std::this_thread::sleep_for(2s);  // by now closing the device hangs
  CHECK(stage.client.number("restarts") == 0);
  stage.client.send("/restart");
  REQUIRE(stage.client.wait_for_number("restarts", 1));
  CHECK(stage.client.text("device_state") == "detached: JACK: system");
  CHECK(stage.client.text("driver") == "clock");
  stage.server.start();
  stage.expect_return();
}

TEST_CASE("A JACK server that stands still and goes on gets the sound back", "[jack][restart]") {
  if (skipped()) return;
  Stage stage;
  stage.server.signal(SIGSTOP);
  stage.expect_detached();
  std::this_thread::sleep_for(1500ms);
  stage.server.signal(SIGCONT);
  stage.expect_return();
}

TEST_CASE("A JACK server that changes its period keeps the sound", "[jack][restart]") {
  if (skipped()) return;
  Stage stage;
  for (const char* period : {"512", "64"}) {
    REQUIRE(finish(spawn({"jack_bufsize", period}, stage.name, true), 10s) == 0);
    const double blocks = stage.client.number("blocks");
    CHECK(stage.client.wait_for_number("blocks", blocks + 100));
    CHECK(stage.client.wait_for_text("device_state", "running"));
  }
}

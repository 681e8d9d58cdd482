// Killed at random among edits, scenes, undo, saves and loads, a daemon comes back to a state that was, and to its sound.
// The states that were are those of a twin, which is asked for its text after each message and never killed. By hand:
//   MIXGRAPH_KILLS=1000 MIXGRAPH_KILL_SEED=7 mixgraph_tests "Killed among*"
#include <signal.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "tests/support/daemon_client.h"
#include "tests/support/daemon_process.h"
#include "tests/support/environment.h"
#include "tests/support/session_text.h"
#include "tests/tools/program.h"

using namespace mixgraph;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr size_t kMessages = 150;  // of a round

const char* const kSession =
    "mixgraph: 1\n"
    "audio: {restore_max: 24}\n"
    "mix:\n"
    "  tone: {type: player, file: tone.wav, loop: on}\n"
    "  a0: {type: fader, from: tone}\n"
    "  a1: {type: fader, from: a0}\n"
    "  a2: {type: trim, from: a1}\n"
    "  level: {type: meter, from: a2}\n"
    "master:\n"
    "  out: {type: output, from: mix/level, to: [1, 2]}\n";

/// Messages of all kinds that change the document, always the same of one seed.
class Messages {
 public:
  explicit Messages(unsigned seed) : random_(seed) {}
  osc::Message next() {
    const size_t dice = below(40);
    if (dice < 16) return set();
    if (dice < 24) return edit();
    if (dice < 32) return scene();
    switch (dice) {
      case 32: case 33: case 34: return {"/graph/undo", {}};
      case 35: case 36: return {"/graph/redo", {}};
      case 37: return {"/graph/save", {file()}};
      case 38: return {"/graph/load", {file()}};
      default: return below(2) ? osc::Message{"/graph/revert", {}} : osc::Message{"/graph/save", {}};
    }
  }

 private:
  size_t below(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random_); }
  std::string file() { return std::string(below(2) ? "one" : "two") + ".yaml"; }
  std::string extra() { return "mix/n" + std::to_string(below(6)); }
  osc::Message set() {
    const char* const rows[] = {"/mix/a0", "/mix/a1", "/mix/a2/gain", "/mix/a0/bypass", "/mix/a*", "/mix/n1", "/mix/*/bypass"};
    osc::Message set{rows[below(7)], {-float(below(1200)) / 100}};
    if (set.address.ends_with("bypass")) set.arguments = {int32_t(below(2))};
    return set;
  }
  osc::Message edit() {
    switch (below(4)) {
      case 0: return {"/graph/remove", {extra()}};
      case 1: return {"/graph/connect", {std::string("mix/tone"), extra()}};
      case 2: return {"/graph/disconnect", {std::string("mix/tone"), extra()}};
      default: return {"/graph/add", {extra(), std::string(below(2) ? "fader" : "strip"), std::string("from"), std::string("mix/a0")}};
    }
  }
  osc::Message scene() {
    const std::string name(1, char('p' + below(3)));
    switch (below(5)) {
      case 0: case 1: return {"/scene/store", {name}};
      case 2: return {"/scene/remove", {name}};
      case 3: return {"/scene/undo", {}};
      default: return {"/scene/recall", {name}};
    }
  }
  std::mt19937 random_;
};

bool same(const Session& a, const Session& b) { return a.graph == b.graph && a.scenes == b.scenes; }

/// A daemon in a folder of its own, which outlasts it.
struct House {
  const program::Folder folder;
  std::unique_ptr<DaemonProcess> daemon;
  void start(const std::string& text = "") {
    if (!text.empty()) folder.write("song.yaml", text);
    write_sound(folder / "tone.wav", {program::sine(480, 0.5, 1)});
    daemon.reset();
    daemon = std::make_unique<DaemonProcess>(
        std::vector<std::string>{folder / "song.yaml", "--osc", "0", "--driver", "clock", "--bind", "127.0.0.1", "--state", folder / "state"},
        std::vector<std::string>{"MIXGRAPH_TEST_COMPACT_BYTES=20000"});
    INFO(daemon->output());
    REQUIRE(daemon->port() > 0);
  }
  void kill() {
    daemon->signal(SIGKILL);
    REQUIRE(daemon->wait() == 128 + SIGKILL);
  }
};

/// What the meter at the end reads, once levels and fades have settled. [dB]
double loudness(DaemonClient& client) {
  std::this_thread::sleep_for(900ms);
  return client.get("/mix/level/rms_l");
}

/// States by number of messages: the twin's.
std::vector<Session> states_of(House& twin, const std::vector<osc::Message>& messages) {
  DaemonClient client(twin.daemon->port(), OscTransport::tcp);
  std::vector<Session> states{session_of(client.session())};
  for (const osc::Message& message : messages) {
    client.send(message);
    states.push_back(session_of(client.session()));
  }
  return states;
}

/// Sends them as fast as it can for so long; when so many of them were acknowledged.
std::vector<std::pair<Clock::time_point, size_t>> storm(int port, const std::vector<osc::Message>& messages, std::chrono::milliseconds time) {
  DaemonClient client(port, OscTransport::tcp);
  std::vector<std::pair<Clock::time_point, size_t>> acknowledged;
  const auto end = Clock::now() + time;
  for (size_t i = 0; i < messages.size() && Clock::now() < end; i++) {
    client.send(messages[i]);
    if (i % 3 != 2) continue;
    client.send("/clock");
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (client.wait_for("/clock", std::max(left, 0ms))) acknowledged.emplace_back(Clock::now(), i + 1);
  }
  std::this_thread::sleep_until(end);
  return acknowledged;
}

}  // namespace

TEST_CASE("Killed among edits, scenes, undo, saves and loads, a daemon comes back to a state that was, and its sound", "[journal]") {
  const long kills = from_environment("MIXGRAPH_KILLS", 5);
  const unsigned first = unsigned(from_environment("MIXGRAPH_KILL_SEED", long(std::random_device{}() % 1'000'000)));
  size_t known = 0, lost = 0;
  double longest_ms = 0;
  for (long round = 0; round < kills; round++) {
    const unsigned seed = first + unsigned(round);
    INFO("MIXGRAPH_KILL_SEED=" << seed << " MIXGRAPH_KILLS=1");
    std::mt19937 random(seed);
    Messages source(seed);
    std::vector<osc::Message> messages;
    for (size_t i = 0; i < kMessages; i++) messages.push_back(source.next());
    House victim, twin;
    twin.start(kSession);
    const std::vector<Session> states = states_of(twin, messages);
    twin.kill();
    victim.start(kSession);
    const auto acknowledged = storm(victim.daemon->port(), messages, std::chrono::milliseconds(20 + random() % 600));
    const auto killed = Clock::now();
    victim.kill();

    victim.start();
    DaemonClient reader(victim.daemon->port(), OscTransport::tcp);
    const std::string text = reader.session();
    const Session back = session_of(text);
    size_t count = states.size();
    while (count > 0 && !same(states[count - 1], back)) count--;
    INFO(text);
    REQUIRE(count > 0);  // it is a state that was
    count--;             // messages that it has
    size_t wanted = 0, all = 0;
    for (const auto& [time, number] : acknowledged) {
      if (time < killed - 250ms) wanted = number;
      if (number > count) longest_ms = std::max(longest_ms, std::chrono::duration<double, std::milli>(killed - time).count());
      all = number;
    }
    CHECK(count >= wanted);
    known += all;
    lost = std::max(lost, all - std::min(all, count));
    if (round % 5 == 0) {  // a fresh one with its text sounds the same
      House fresh;
      fresh.start(text);
      DaemonClient other(fresh.daemon->port(), OscTransport::tcp);
      const double sound = loudness(reader);
      CHECK(sound == Approx(loudness(other)).margin(0.3));
    }
  }
  if (std::getenv("MIXGRAPH_KILLS"))
    WARN(kills << " kills, seeds from " << first << ", " << known << " messages acknowledged; at most " << lost
               << " of them lost, acknowledged at most " << longest_ms << " ms before the kill");
}

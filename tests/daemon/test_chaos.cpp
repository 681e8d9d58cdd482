// A disk that delays, fails and hangs at random, a reader of stderr that never reads, and clients that send anything, together:
// control answers another client, no block is late by our work, and what was said to be kept or saved is there. By hand:
//   MIXGRAPH_CHAOS_SECONDS=600 MIXGRAPH_CHAOS_SEED=7 mixgraph_tests "[chaos]"
//   MIXGRAPH_CHAOS_READ=1                                     reads stderr nevertheless, to see why a daemon ended
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <thread>

#include "nodes/list.h"
#include "tests/support/daemon_client.h"
#include "tests/support/daemon_process.h"
#include "tests/support/environment.h"
#include "tests/support/random_client.h"
#include "tests/support/session_text.h"
#include "tests/support/sound_files.h"
#include "tests/support/steady_work.h"
#include "tests/support/visitor.h"
#include "tests/tools/program.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // their runtimes must be loaded before the disk's

using namespace mixgraph;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

const char* const kSession =
    "mixgraph: 1\n"
    "audio: {restore_max: 24}\n"
    "media: media\n"
    "recordings: takes\n"
    "mix:\n"
    "  vox: {type: strip, from: in/1}\n"
    "  drums: {type: strip, from: [in/2, song]}\n"
    "  song: {type: player, file: a.wav, loop: on}\n"
    "  tape: {type: recorder, from: song}\n"
    "  s1: {type: strip, from: in/1}\n"
    "  s2: {type: strip, from: in/2}\n"
    "  s3: {type: strip, from: song}\n"
    "  s4: {type: strip, from: song, key: s1}\n"
    "  s5: {type: strip, from: in/1+2}\n"
    "  s6: {type: strip, from: in/1}\n"
    "  hall: {type: reverb, from: [vox, s5]}\n"
    "  sum: {type: bus, from: [vox, drums, hall, s1, s2, s3, s4, s5, s6]}\n"
    "master: {type: master, from: mix/sum}\n"
    "master/out: {type: output, from: master, to: [1, 2]}\n";

unsigned chosen_seed() { return unsigned(from_environment("MIXGRAPH_CHAOS_SEED", long(std::random_device{}() % 1'000'000))); }

/// A folder with a session, its sounds, takes and state, all on a disk that the test makes ill; daemons are started in it.
class Hospital {
 public:
  Hospital() {
    for (const char* name : {"disk", "disk/media", "disk/takes", "disk/state"}) std::filesystem::create_directory(folder_ / name);
    for (const char* name : {"disk/media/a.wav", "disk/media/b.wav"}) write_sound(folder_ / name, {std::vector<float>(240'000, 0.1f)});
    folder_.write("disk/media/notes.txt", "no sound");
    folder_.write("disk/song.yaml", kSession);
  }
  void start() {
    daemon_.reset();
    daemon_.emplace(std::vector<std::string>{file("song.yaml"), "--osc", "0", "--driver", "clock", "--period", "256", "--bind", "127.0.0.1", "--state", file("state")},
                    std::vector<std::string>{"LD_PRELOAD=" MIXGRAPH_BINARY_DIR "/tests/libslow_disk.so", "MIXGRAPH_DISK=" + file(""), "MIXGRAPH_DISK_SWITCH=" + (folder_ / "switch"),
                                              "MIXGRAPH_DISK_WITNESS=" + (folder_ / "witness")});
    INFO(daemon_->output());
    REQUIRE(daemon_->port() > 0);
  }
  /// As the switch of slow_disk.cpp says; empty: well.
  void disk(const std::string& state) {
    if (state.empty()) return void(std::filesystem::remove(folder_ / "switch"));
    folder_.write("switch.new", state);
    std::filesystem::rename(folder_ / "switch.new", folder_ / "switch");
  }
  /// The calls about files that the control thread has made since the last call.
  std::string touched() {
    std::ifstream stream(folder_ / "witness");
    const std::string calls{std::istreambuf_iterator<char>(stream), {}};
    std::filesystem::remove(folder_ / "witness");
    return calls;
  }
  std::string file(const std::string& name) const { return folder_ / ("disk/" + name); }
  DaemonProcess& daemon() { return *daemon_; }
  void kill() {
    daemon_->signal(SIGKILL);
    REQUIRE(daemon_->wait() == 128 + SIGKILL);
  }

 private:
  const program::Folder folder_;
  std::optional<DaemonProcess> daemon_;
};

/// What was printed behind what fills the pipe.
std::string last_lines(const std::string& output) { return output.substr(output.size() - std::min<size_t>(output.size(), 3000)); }

/// Clients that send anything, on a thread of their own, until they are ended.
class Crowd {
 public:
  Crowd(int port, unsigned seed) {
    std::vector<std::string> types{"strip", "bus", "strip", "nothing"};
    for (const NodeType* type : node_types()) types.emplace_back(type->id);
    const std::vector<std::string> files{"a.wav", "b.wav", "gone.wav", "notes.txt", "", "take"};
    for (const OscTransport transport : {OscTransport::tcp, OscTransport::udp, OscTransport::tcp_slip})
      clients_.push_back(std::make_unique<RandomClient>(port, transport, seed++, types, files));
    thread_ = std::thread([this] {
      for (; !ends_; std::this_thread::sleep_for(2ms))
        for (const auto& client : clients_) lost_ = !client->step() || lost_;
    });
  }
  ~Crowd() { end(); }
  void end() {
    ends_ = true;
    if (thread_.joinable()) thread_.join();
  }
  bool lost() const { return lost_; }
  std::set<std::string> saved() const {
    std::set<std::string> all;
    for (const auto& client : clients_) all.insert(client->saved().begin(), client->saved().end());
    return all;
  }
  template <class F>
  size_t sum(F of) const {
    size_t all = 0;
    for (const auto& client : clients_) all += ((*client).*of)();
    return all;
  }
  size_t most_nodes() const {
    size_t most = 0;
    for (const auto& client : clients_) most = std::max(most, client->most_nodes());
    return most;
  }

 private:
  std::vector<std::unique_ptr<RandomClient>> clients_;
  std::atomic<bool> ends_{false}, lost_{false};
  std::thread thread_;
};

/// How late this machine wakes a thread that sleeps, at worst: what answers can't be expected to better. [ms]
class Pulse {
 public:
  Pulse()
      : thread_([this] {
          while (!ends_) {
            const auto begun = Clock::now();
            std::this_thread::sleep_for(2ms);
            latest_ms = std::chrono::duration<double, std::milli>(Clock::now() - begun).count() - 2;
            if (latest_ms > worst_ms) worst_ms = latest_ms.load();
          }
        }) {}
  ~Pulse() {
    ends_ = true;
    thread_.join();
  }
  std::atomic<double> latest_ms{0}, worst_ms{0};

 private:
  std::atomic<bool> ends_{false};
  std::thread thread_;
};

/// The session as /graph/get tells it.
Session live(int port) { return session_of(DaemonClient(port, OscTransport::tcp).session()); }

/// The same, once nothing changes any more of itself.
Session settled(int port) {
  Session now = live(port);
  for (int i = 0; i < 30; i++) {
    std::this_thread::sleep_for(500ms);
    Session next = live(port);
    if (next.graph == now.graph && next.scenes == now.scenes) break;
    now = std::move(next);
  }
  return now;
}

}  // namespace

TEST_CASE("A bad disk, a reader that never reads and clients that send anything keep nobody waiting, and lose nothing", "[chaos]") {
  const long seconds = from_environment("MIXGRAPH_CHAOS_SECONDS", 20);
  const unsigned seed = chosen_seed();
  std::printf("chaos: %ld s, MIXGRAPH_CHAOS_SEED=%u\n", seconds, seed);
  std::fflush(stdout);
  CAPTURE(seed);
  Hospital hospital;
  hospital.start();
  const int port = hospital.daemon().port();
  const bool reads = std::getenv("MIXGRAPH_CHAOS_READ");
  if (!reads) hospital.daemon().fill_stderr();
  Visitor visitor(port);
  const Pulse pulse;
  const SteadyWork steady(0.2);
  DaemonClient observer(port, OscTransport::tcp);
  std::mt19937 random(seed);
  double load = 0;
  int kept = 0, looked = 0;
  CHECK_FALSE(hospital.touched().empty());  // as it is at the start
  Crowd crowd(port, seed);
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  for (int phase = 0; Clock::now() < end; phase++) {
    const char* const ills[] = {"random ", "random ", "random ", "hang ", "fail ", "1", ""};
    const std::string ill = ills[random() % 7];
    hospital.disk(ill.empty() ? ill : ill + std::to_string(phase));
    for (const auto until = Clock::now() + std::chrono::milliseconds(200 + random() % 2000); Clock::now() < until; std::this_thread::sleep_for(5ms)) visitor.ask();
    load = std::max(load, observer.number("load_p50"));
    kept += observer.text("journal") == "kept";
    looked++;
    if (reads) hospital.daemon().wait(0ms);
  }
  hospital.disk("");
  crowd.end();
  if (const int code = hospital.daemon().wait(0ms); code != -1) FAIL("it ended with " << code << ": " << last_lines(hospital.daemon().output()));
  CHECK_FALSE(crowd.lost());
  std::this_thread::sleep_for(2500ms);  // bundles that wait
  CHECK(observer.wait_for_text("journal", "kept", 60s));
  std::printf(
      "  %zu packets of %zu commands and all parameters: %zu done, %zu refused; at most %zu nodes, load at most %.2f\n"
      "  %zu questions, %zu not answered; p50 %.1f ms, p99 %.1f, max %.1f; a thread that sleeps woke at most %.1f ms late\n"
      "  late by our work %.0f, by the scheduler %.0f; steady work of a fifth of a period was late %d times, at most %.1f ms; restarts %.0f; kept in %d of %d looks\n",
      crowd.sum(&RandomClient::sent), crowd.sum(&RandomClient::commands) / 3, crowd.sum(&RandomClient::done), crowd.sum(&RandomClient::refused), crowd.most_nodes(), load,
      visitor.asked(), visitor.unanswered, visitor.percentile(0.5), visitor.percentile(0.99), visitor.percentile(1), pulse.worst_ms.load(), observer.number("late_work"),
      observer.number("late_scheduler"), steady.interrupted(), steady.worst_ms(), observer.number("restarts"), kept, looked);
  std::fflush(stdout);
  CHECK(crowd.sum(&RandomClient::done) > size_t(seconds));
  CHECK(crowd.most_nodes() <= 200);
  CHECK(load < 0.5);
  CHECK(hospital.touched() == "");
  CHECK(visitor.unanswered == 0);
  CHECK(visitor.percentile(0.99) < 50);
  CHECK(visitor.percentile(1) < 300);
  // A virtual machine that is stopped for a while within our work doesn't know it, and it counts as ours; as it does for work that
  // is always the same.
  CHECK(observer.number("late_work") <= 3 * steady.interrupted() + (seconds > 60 ? 0 : 3));
  CHECK(observer.number("restarts") == 0);

  const Session before = settled(port);
  REQUIRE(observer.wait_for_text("journal", "kept"));
  std::this_thread::sleep_for(250ms);
  REQUIRE(observer.text("journal") == "kept");
  hospital.kill();
  for (const std::string& name : crowd.saved()) {
    const auto outcome = program::run_mixgraph({"validate", hospital.file(name)});
    INFO(name << ": " << outcome.out << outcome.err);
    CHECK(outcome.code == 0);
  }
  hospital.start();
  const Session after = live(hospital.daemon().port());
  CHECK(write_session(after) == write_session(before));
  CHECK(after.graph == before.graph);
  CHECK(after.scenes == before.scenes);
}

TEST_CASE("Killed while the disk does as chance has it, a daemon still has what it had when it said that this is kept", "[chaos]") {
  const unsigned seed = chosen_seed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  Hospital hospital;
  int kept_ever = 0;
  for (int round = 0; round < 6; round++) {
    hospital.disk("");
    hospital.start();
    DaemonClient client(hospital.daemon().port(), OscTransport::tcp);
    REQUIRE(client.wait_for_text("journal", "kept"));
    std::vector<std::pair<Clock::time_point, int>> acknowledged;
    int kept = 0;
    const auto end = Clock::now() + std::chrono::milliseconds(1000 + random() % 2000);
    for (int value = 1; Clock::now() < end; value++) {
      if (value % 50 == 1) hospital.disk((random() % 4 == 0 ? "hang " : "random ") + std::to_string(value));
      client.send("/mix/vox/fader", {float(-value) / 1024});
      REQUIRE(client.get("/mix/vox/fader") < 0);
      acknowledged.emplace_back(Clock::now(), value);
      const auto asked = Clock::now();
      if (client.text("journal") == "kept")
        for (const auto& [time, number] : acknowledged)
          if (time < asked - 250ms) kept = number;
    }
    hospital.kill();
    hospital.disk("");
    hospital.start();
    DaemonClient reader(hospital.daemon().port());
    CHECK(std::lround(-1024 * reader.get("/mix/vox/fader")) >= kept);
    kept_ever += kept > 0;
    reader.send("/mix/vox/fader", {0.f});
    REQUIRE(reader.get("/mix/vox/fader") == 0);
    std::this_thread::sleep_for(300ms);
    hospital.kill();
  }
  CHECK(kept_ever > 0);
}

#endif

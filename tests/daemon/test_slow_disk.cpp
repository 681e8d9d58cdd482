// A daemon whose disk is slow, fails or hangs: control answers others, nothing starts again, the state is kept.
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "tests/support/daemon_client.h"
#include "tests/support/daemon_process.h"
#include "tests/support/sound_files.h"
#include "tests/tools/program.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // their runtimes must be loaded before the disk's

using namespace mixgraph;
using namespace std::chrono_literals;

namespace {

const char* const kSession =
    "mixgraph: 1\n"
    "mix:\n"
    "  vox: {type: strip, from: in/1}\n"
    "master:\n"
    "  out: {type: output, from: mix/vox, to: [1, 2]}\n";

/// A daemon whose session and state are on a disk that the test makes ill.
class Ward {
 public:
  Ward()
      : session_(folder_.write("song.yaml", kSession)),
        daemon_({session_, "--osc", "0", "--driver", "clock", "--period", "64", "--bind", "127.0.0.1", "--state", folder_ / "state"},
                {"LD_PRELOAD=" MIXGRAPH_BINARY_DIR "/tests/libslow_disk.so", "MIXGRAPH_DISK=" + (folder_ / ""), "MIXGRAPH_DISK_SWITCH=" + (outside_ / "switch")}) {}

  /// "300": each call takes so many ms; "fail"; "hang"; "": it is well.
  void disk(const std::string& state) {
    if (state.empty())
      std::filesystem::remove(outside_ / "switch");
    else
      outside_.write("switch", state);
  }
  int port() const { return daemon_.port(); }
  std::string saved() const { return program::bytes_of(session_); }
  bool runs() { return daemon_.wait(0ms) == -1; }

 private:
  const program::Folder folder_, outside_;
  const std::string session_;
  DaemonProcess daemon_;
};

/// The longest that a get took, of some in a row. [ms]
double longest_answer(DaemonClient& client, std::chrono::milliseconds time) {
  using Clock = std::chrono::steady_clock;
  double longest = 0;
  for (const auto end = Clock::now() + time; Clock::now() < end;) {
    const auto sent = Clock::now();
    REQUIRE(client.get("/mix/vox/fader") <= 10);
    longest = std::max(longest, std::chrono::duration<double, std::milli>(Clock::now() - sent).count());
    std::this_thread::sleep_for(5ms);
  }
  return longest;
}

}  // namespace

TEST_CASE("A disk that takes a second for each step of a save keeps nobody else waiting", "[slow_disk]") {
  Ward ward;
  REQUIRE(ward.port() > 0);
  DaemonClient saver(ward.port(), OscTransport::tcp), other(ward.port());
  ward.disk("1000");
  for (const char* command : {"/graph/save", "/graph/diff", "/graph/revert", "/graph/load"}) saver.send(command);
  saver.send("/mix/vox/fader", {-9.f});
  CHECK(longest_answer(other, 3s) < 1000);
  CHECK(ward.runs());
  ward.disk("");
  CHECK(saver.wait_for("/done", 20s));
  CHECK(other.text("mode") == "normal");
  CHECK(other.number("restarts") == 0);
}

TEST_CASE("A disk that hangs stops a save, and nothing else, until it is well again", "[slow_disk]") {
  Ward ward;
  REQUIRE(ward.port() > 0);
  DaemonClient saver(ward.port()), other(ward.port());
  ward.disk("hang");
  saver.send("/graph/save");
  other.send("/mix/vox/fader", {-5.f});
  CHECK(longest_answer(other, 3s) < 1000);
  CHECK(ward.runs());
  ward.disk("");
  CHECK(saver.wait_for("/done", 20s));
  CHECK(other.wait_for_text("journal", "kept"));
  CHECK(other.number("restarts") == 0);
}

TEST_CASE("While the disk hangs the state isn't said to be kept", "[slow_disk]") {
  Ward ward;
  REQUIRE(ward.port() > 0);
  DaemonClient client(ward.port()), listener(ward.port(), OscTransport::tcp);
  REQUIRE(client.wait_for_text("journal", "kept"));
  listener.send("/subscribe");
  REQUIRE(listener.wait_for("/done"));
  ward.disk("hang");
  client.send("/mix/vox/fader", {-5.f});
  REQUIRE(client.get("/mix/vox/fader") == -5);
  std::this_thread::sleep_for(600ms);
  CHECK(client.text("journal") != "kept");
  const auto told = listener.wait_for("/error");
  REQUIRE(told);
  CHECK(std::get<std::string>(told->arguments.at(0)) == "#journal");
  ward.disk("");
  CHECK(client.wait_for_text("journal", "kept"));
}

TEST_CASE("A disk that fails is told to who saves, and the file stays as it was", "[slow_disk]") {
  Ward ward;
  REQUIRE(ward.port() > 0);
  DaemonClient saver(ward.port());
  saver.send("/mix/vox/fader", {-5.f});
  ward.disk("fail");
  saver.send("/graph/save");
  CHECK(saver.wait_for("/error", 10s));
  CHECK(ward.saved() == kSession);
  ward.disk("");
  saver.send("/graph/save");
  CHECK(saver.wait_for("/done", 10s));
  CHECK_THAT(ward.saved(), Catch::Contains("-5"));
}

namespace {

/// A daemon with two players, of which one has its file on a disk that the test makes ill.
class Studio {
 public:
  Studio() {
    for (const char* disk : {"ill", "well"}) {
      std::filesystem::create_directory(folder_ / disk);
      write_sound(folder_ / (std::string(disk) + "/sound.wav"), {std::vector<float>(480'000, 0.1f)});
    }
    daemon_.emplace(std::vector<std::string>{folder_.write("song.yaml", kPlayers), "--osc", "0", "--driver", "clock", "--bind", "127.0.0.1"},
                    std::vector<std::string>{"LD_PRELOAD=" MIXGRAPH_BINARY_DIR "/tests/libslow_disk.so", "MIXGRAPH_DISK=" + (folder_ / "ill/"),
                                             "MIXGRAPH_DISK_SWITCH=" + (folder_ / "switch")});
  }
  void hang(bool on) {
    if (on)
      folder_.write("switch", "hang");
    else
      std::filesystem::remove(folder_ / "switch");
  }
  DaemonProcess& daemon() { return *daemon_; }

 private:
  static constexpr const char* kPlayers =
      "mixgraph: 1\n"
      "mix:\n"
      "  ill: {type: player, file: ill/sound.wav, play: on, loop: on}\n"
      "  well: {type: player, file: well/sound.wav, play: on, loop: on}\n"
      "  sum: {type: sum, from: [mix/ill, mix/well]}\n"
      "master:\n"
      "  out: {type: output, from: mix/sum, to: [1, 2]}\n";
  const program::Folder folder_;
  std::optional<DaemonProcess> daemon_;
};

/// Waits until a meter reads at least so much.
bool reaches(DaemonClient& client, const std::string& meter, double least) {
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (std::chrono::steady_clock::now() < end) {
    if (client.get(meter) >= least) return true;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

}  // namespace

TEST_CASE("A disk that hangs under one player is told, and stops no other player", "[slow_disk]") {
  Studio studio;
  REQUIRE(studio.daemon().port() > 0);
  DaemonClient client(studio.daemon().port());
  studio.hang(true);
  REQUIRE(reaches(client, "/mix/ill/underruns", 1));
  std::this_thread::sleep_for(2s);  // the other one's read-ahead would be over by now
  CHECK(client.get("/mix/well/underruns") == 0);
  client.send("/node/fault");
  const auto told = client.wait_for("/node/fault");
  REQUIRE(told);
  CHECK(std::get<std::string>(told->arguments.at(0)) == "/mix/ill");
  studio.hang(false);
  std::this_thread::sleep_for(1s);
  CHECK(client.get("/mix/ill/underruns") == 1);
  CHECK(client.text("mode") == "normal");
}

TEST_CASE("A disk that hangs under a player doesn't keep the daemon from its end", "[slow_disk]") {
  Studio studio;
  REQUIRE(studio.daemon().port() > 0);
  DaemonClient client(studio.daemon().port());
  studio.hang(true);
  REQUIRE(reaches(client, "/mix/ill/underruns", 1));
  studio.daemon().signal(SIGTERM);
  CHECK(studio.daemon().wait(30s) == 0);
}

TEST_CASE("A file whose disk hangs at the start keeps only its own player waiting", "[slow_disk]") {
  const program::Folder outside, media;
  for (const char* name : {"well.wav", "ill.wav"}) write_sound(media / name, {std::vector<float>(480'000, 0.5f)});
  const std::string session = outside.write("song.yaml",
                                            "mixgraph: 1\n"
                                            "media: " + (media / "") + "\n"
                                            "mix:\n"
                                            "  ill: {type: player, file: ill.wav, play: on, loop: on}\n"
                                            "  well: {type: player, file: well.wav, play: on, loop: on}\n"
                                            "  a: {type: meter, from: ill}\n"
                                            "  b: {type: meter, from: well}\n"
                                            "master:\n"
                                            "  out: {type: output, from: [mix/a, mix/b], to: [1, 2]}\n");
  outside.write("switch", "hang");
  DaemonProcess daemon({session, "--osc", "0", "--driver", "clock", "--bind", "127.0.0.1", "--state", outside / "state"},
                       {"LD_PRELOAD=" MIXGRAPH_BINARY_DIR "/tests/libslow_disk.so", "MIXGRAPH_DISK=" + (media / "ill.wav"), "MIXGRAPH_DISK_SWITCH=" + (outside / "switch")});
  INFO(daemon.output());
  REQUIRE(daemon.port() > 0);
  DaemonClient client(daemon.port(), OscTransport::tcp);
  const auto loudness = [&](const std::string& meter) { return client.get("/mix/" + meter + "/rms_l"); };
  const auto becomes_loud = [&](const std::string& meter) {
    for (int i = 0; i < 100 && !(loudness(meter) > -20); i++) std::this_thread::sleep_for(50ms);
    return loudness(meter) > -20;
  };
  CHECK(becomes_loud("b"));
  CHECK(loudness("a") < -60);
  client.send("/node/fault");
  const auto fault = client.wait_for("/node/fault");
  REQUIRE(fault);
  CHECK(fault->arguments.at(0) == osc::Argument("/mix/ill"));
  std::filesystem::remove(outside / "switch");
  CHECK(becomes_loud("a"));
  CHECK(client.number("restarts") == 0);
}

#endif

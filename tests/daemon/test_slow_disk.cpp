// A daemon whose disk is slow, fails or hangs: control answers others, nothing starts again, the state is kept.
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/daemon_client.h"
#include "tests/support/daemon_process.h"
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

#endif

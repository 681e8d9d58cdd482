#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/support/daemon_process.h"
#include "tests/support/transcript.h"

using namespace mixgraph;
namespace fs = std::filesystem;

namespace {

const fs::path kTranscripts = MIXGRAPH_SOURCE_DIR "/tests/transcripts";

/// A folder of its own with a copy of a session, gone at the end.
struct SessionCopy {
  explicit SessionCopy(const fs::path& original) {
    std::string name = (fs::temp_directory_path() / "mixgraph-XXXXXX").string();
    folder = mkdtemp(name.data());
    file = folder / original.filename();
    fs::copy_file(original, file);
  }
  ~SessionCopy() { fs::remove_all(folder); }
  fs::path folder, file;
};

/// The session that a transcript names in a line `session NAME`.
fs::path session_of(const fs::path& transcript) {
  std::ifstream in(transcript);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("session ")) return kTranscripts / line.substr(8);
  return kTranscripts / "session.yaml";
}

std::vector<std::string> on_the_clock(const fs::path& session) {
  return {session.string(), "--osc", "0", "--driver", "clock", "--period", "64", "--bind", "127.0.0.1"};
}

void play(const std::string& name) {
  const fs::path file = kTranscripts / (name + ".txt");
  const SessionCopy session(session_of(file));
  DaemonProcess daemon(on_the_clock(session.file));
  INFO(daemon.output());
  REQUIRE(daemon.port() > 0);
  const std::string problem = Transcript(daemon.port()).play(file.string());
  CHECK(problem == "");
  daemon.signal(SIGTERM);
  CHECK(daemon.wait() == 0);
}

}  // namespace

// One case each, so that they are listed and can run at the same time.
TEST_CASE("Transcript: get and set", "[transcript]") { play("get_and_set"); }
TEST_CASE("Transcript: norm", "[transcript]") { play("norm"); }
TEST_CASE("Transcript: patterns", "[transcript]") { play("patterns"); }
TEST_CASE("Transcript: moves", "[transcript]") { play("moves"); }
TEST_CASE("Transcript: bundles", "[transcript]") { play("bundles"); }
TEST_CASE("Transcript: errors", "[transcript]") { play("errors"); }
TEST_CASE("Transcript: malformed packets", "[transcript]") { play("malformed"); }
TEST_CASE("Transcript: framing", "[transcript]") { play("framing"); }
TEST_CASE("Transcript: graph", "[transcript]") { play("graph"); }
TEST_CASE("Transcript: files", "[transcript]") { play("files"); }
TEST_CASE("Transcript: differences from the file", "[transcript]") { play("file_diff"); }
TEST_CASE("Transcript: scenes", "[transcript]") { play("scenes"); }
TEST_CASE("Transcript: subscriptions", "[transcript]") { play("subscriptions"); }
TEST_CASE("Transcript: lease", "[transcript]") { play("lease"); }
TEST_CASE("Transcript: meters", "[transcript]") { play("meters"); }
TEST_CASE("Transcript: automation and musical time", "[transcript]") { play("automation"); }
TEST_CASE("Transcript: sync, status, clock and help", "[transcript]") { play("sync"); }

TEST_CASE("Every transcript has a test case", "[transcript]") {
  std::ifstream in(fs::path(MIXGRAPH_SOURCE_DIR) / "tests/daemon/test_transcripts.cpp");
  const std::string source{std::istreambuf_iterator<char>(in), {}};
  for (const auto& entry : fs::directory_iterator(kTranscripts)) {
    if (entry.path().extension() != ".txt") continue;
    INFO(entry.path());
    CHECK(source.find("play(\"" + entry.path().stem().string() + "\")") != std::string::npos);
  }
}

TEST_CASE("A transcript that expects the wrong answer fails", "[transcript]") {
  const SessionCopy session(kTranscripts / "session.yaml");
  std::ofstream(session.folder / "wrong.txt") << "> /mix/vox/fader\n< /mix/vox/fader ,f -4\n";
  DaemonProcess daemon(on_the_clock(session.file));
  REQUIRE(daemon.port() > 0);
  const std::string problem = Transcript(daemon.port()).play((session.folder / "wrong.txt").string());
  CHECK(problem.find("wrong.txt:2:") != std::string::npos);
}

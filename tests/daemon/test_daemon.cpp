#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/daemon_client.h"
#include "tests/support/daemon_process.h"
#include "tests/support/sound_files.h"
#include "tests/support/transcript.h"

using namespace mixgraph;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

/// A session file that the test may rewrite, gone at the end.
struct SessionFile {
  void write(const std::string& text) const { std::ofstream(file) << text; }
  const TemporaryFolder made;
  const fs::path folder = made.path();
  const std::string file = made.path("song.yaml");
};

const std::string kSong =
    "mixgraph: 1\n"
    "name: Song\n"
    "mix:\n"
    "  vox: {type: strip, from: in/1, fader: -3}\n"
    "master:\n"
    "  out: {type: output, from: mix/vox, to: [1, 2]}\n";

std::string with_fader(const std::string& level) {
  std::string text = kSong;
  return text.replace(text.find("-3"), 2, level);
}

/// A daemon as a person starts it, in a terminal.
struct TerminalProcess {
  explicit TerminalProcess(const std::vector<std::string>& arguments) {
    const std::string program = MIXGRAPH_BINARY_DIR "/mixgraphd";
    std::vector<char*> words{const_cast<char*>(program.c_str())};
    for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    child = forkpty(&terminal, nullptr, nullptr, nullptr);
    if (child == 0) {
      execv(words[0], words.data());
      _exit(127);
    }
    const std::string mark = "osc udp+tcp 127.0.0.1:";
    std::string output;
    char bytes[512];
    for (ssize_t count; output.find('\n', output.find(mark)) == std::string::npos && (count = read(terminal, bytes, sizeof bytes)) > 0;)
      output.append(bytes, size_t(count));
    if (output.find(mark) != std::string::npos) port = std::atoi(output.c_str() + output.find(mark) + mark.size());
  }
  ~TerminalProcess() {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  int terminal = -1, port = 0;
  pid_t child = -1;
};

std::string play(const SessionFile& session, const DaemonProcess& daemon, const std::string& lines) {
  const std::string file = (session.folder / "transcript.txt").string();
  std::ofstream(file) << lines;
  return Transcript(daemon.port()).play(file);
}

}  // namespace

TEST_CASE("The start line says what runs where", "[daemon]") {
  const SessionFile session;
  session.write(kSong);
  DaemonProcess daemon({session.file, "--osc", "0", "--driver", "clock", "--period", "128"});
  INFO(daemon.output());
  REQUIRE(daemon.port() > 0);
  for (const char* part :
       {"\"Song\"", session.file.c_str(), "driver clock", "48000 Hz", "128 frames", "latency", "real time: "})
    CHECK(daemon.output().find(part) != std::string::npos);
}

TEST_CASE("INT and TERM end the daemon with code 0", "[daemon]") {
  const SessionFile session;
  session.write(kSong);
  for (int number : {SIGINT, SIGTERM}) {
    DaemonProcess daemon({session.file, "--osc", "0", "--driver", "clock"});
    REQUIRE(daemon.port() > 0);
    daemon.signal(number);
    CHECK(daemon.wait() == 0);
    CHECK(daemon.output().find("fading out") != std::string::npos);
  }
}

TEST_CASE("HUP loads the session again, a file with problems changes nothing", "[daemon]") {
  const SessionFile session;
  session.write(kSong);
  DaemonProcess daemon({session.file, "--osc", "0", "--driver", "clock"});
  REQUIRE(daemon.port() > 0);
  CHECK(play(session, daemon, "> /subscribe\n< /done ,ss * *\n> /mix/vox/fader\n< /mix/vox/fader ,f -3\n") ==
        "");

  session.write(with_fader("-9"));
  daemon.signal(SIGHUP);
  REQUIRE(daemon.wait_for("again"));
  CHECK(play(session, daemon, "> /mix/vox/fader\n< /mix/vox/fader ,f -9\n") == "");

  session.write(with_fader("-9, treshold: 4"));
  daemon.signal(SIGHUP);
  REQUIRE(daemon.wait_for("nothing has changed"));
  CHECK(daemon.output().find("song.yaml:4:") != std::string::npos);
  CHECK(play(session, daemon, "> /mix/vox/fader\n< /mix/vox/fader ,f -9\n") == "");
}

TEST_CASE("A hang-up that was ignored stays ignored", "[daemon]") {
  const SessionFile session;
  session.write(kSong);
  signal(SIGHUP, SIG_IGN);  // as nohup does
  DaemonProcess daemon({session.file, "--osc", "0", "--driver", "clock"});
  signal(SIGHUP, SIG_DFL);
  REQUIRE(daemon.port() > 0);
  CHECK(play(session, daemon, "> /mix/vox/fader -20\n> /restart\n") == "");
  REQUIRE(daemon.wait_for("started again"));
  daemon.signal(SIGHUP);
  CHECK_FALSE(daemon.wait_for("again; ", std::chrono::milliseconds(500)));
  CHECK(play(session, daemon, "> /mix/vox/fader\n< /mix/vox/fader ,f -20\n") == "");
}

TEST_CASE("A terminal that is closed neither ends the daemon nor loads the session again", "[daemon]") {
  const SessionFile session;
  session.write(kSong);
  const std::string state = (session.folder / "state").string();
  const TerminalProcess daemon({session.file, "--osc", "0", "--driver", "clock", "--state", state});
  REQUIRE(daemon.port > 0);
  Transcript transcript(daemon.port);
  const std::string file = (session.folder / "transcript.txt").string();
  std::ofstream(file) << "> /mix/vox/fader -20\n> /mix/vox/fader\n< /mix/vox/fader ,f -20\n";
  CHECK(transcript.play(file) == "");
  close(daemon.terminal);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  std::ofstream(file) << "> /mix/vox/fader\n< /mix/vox/fader ,f -20\n";
  CHECK(transcript.play(file) == "");
  kill(daemon.child, SIGHUP);  // as a shell does that ends
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(transcript.play(file) == "");
}

TEST_CASE("A session that is loaded again takes no live scenes away for good", "[daemon]") {
  const SessionFile session;
  session.write(kSong);
  DaemonProcess daemon({session.file, "--osc", "0", "--driver", "clock"});
  REQUIRE(daemon.port() > 0);
  CHECK(play(session, daemon, "> /mix/vox/fader -20\n> /scene/store tonight\n< /done ,ss /scene/store tonight\n") == "");
  daemon.signal(SIGHUP);
  REQUIRE(daemon.wait_for("again; "));
  CHECK(play(session, daemon,
             "> /scene/list\n< /done ,s /scene/list\n"
             "> /graph/undo\n< /done ,s /graph/undo\n"
             "> /scene/list\n< /scene/list ,s tonight\n< /done ,s /scene/list\n"
             "> /mix/vox/fader\n< /mix/vox/fader ,f -20\n") == "");
}

TEST_CASE("Exit codes tell wrong usage, a session with problems, and what prevents it from running",
          "[daemon]") {
  const SessionFile session;
  session.write(kSong);
  const auto code = [](const std::vector<std::string>& arguments) { return DaemonProcess(arguments).wait(); };
  CHECK(code({"--help"}) == 0);
  CHECK(code({"--version"}) == 0);
  CHECK(code({session.file, "--check"}) == 0);
  CHECK(code({}) == 2);
  CHECK(code({session.file, "--driver", "drums"}) == 2);
  CHECK(code({session.file, "--osc", "70000"}) == 2);
  CHECK(code({"/nowhere/song.yaml"}) == 3);
  CHECK(code({session.file, "--bind", "nowhere", "--driver", "clock", "--osc", "0"}) == 1);

  session.write(with_fader("loud"));
  DaemonProcess broken({session.file, "--check"});
  CHECK(broken.wait() == 3);
  CHECK(broken.output().find("song.yaml:4:") != std::string::npos);

  session.write("mixgraph: 1\nmix:\n  a: {type: sum, from: b}\n  b: {type: sum, from: a}\n");
  CHECK(code({session.file, "--check"}) == 3);
}

TEST_CASE("A port that is taken is said", "[daemon]") {
  const SessionFile session;
  session.write(kSong);
  DaemonProcess first({session.file, "--osc", "0", "--driver", "clock"});
  REQUIRE(first.port() > 0);
  DaemonProcess second({session.file, "--osc", std::to_string(first.port()), "--driver", "clock"});
  CHECK(second.wait() == 1);
  CHECK(second.output().find(std::to_string(first.port())) != std::string::npos);
}

TEST_CASE("A device that isn't there at the start is waited for, and no other is chosen", "[daemon]") {
  const SessionFile session;
  const std::string named = "audio: {driver: auto, device: 'No such card'}\n", clock = "audio: {driver: clock}\n";
  const std::string asked = GENERATE("", "--device");
  session.write(kSong + (asked.empty() ? named : clock));
  std::vector<std::string> arguments{session.file, "--osc", "0"};
  if (!asked.empty()) arguments.insert(arguments.end(), {asked, "No such card"});
  DaemonProcess daemon(arguments);
  INFO(daemon.output());
  REQUIRE(daemon.port() > 0);
  CHECK(daemon.wait_for("no output device `No such card`"));
  CHECK(daemon.output().find("running on the clock until `No such card` is there") != std::string::npos);
  CHECK(play(session, daemon,
             "> /status\n<~ /status/driver ,s clock\n<~ /status/device_state ,s \"detached: No such card\"\n"
             "> /device\n<~ /device ,ss detached \"No such card: no output device `No such card`\"\n") == "");
  daemon.signal(SIGTERM);
  CHECK(daemon.wait() == 0);
}

TEST_CASE("Faults on purpose: only for tests that ask for them", "[daemon]") {
  const SessionFile session;
  session.write(kSong);
  const std::vector<std::string> arguments{session.file, "--osc", "0", "--driver", "clock"};
  const std::string stall = "> /test/stall_audio 300\n";
  DaemonProcess usual(arguments);
  CHECK(play(session, usual, stall + "< /error ,sss /test/stall_audio * *\n") == "");
  DaemonProcess faulty(arguments, {"MIXGRAPH_TEST_FAULTS=1"});
  REQUIRE(faulty.port() > 0);
  CHECK(play(session, faulty,
             "> /test/stall_audio 50\nwait 200\n> /status\n<~ /status/max_gap_ms ,d 45..1000\n") == "");
}

TEST_CASE("A pipe that nobody reads keeps neither a restart nor the end waiting", "[restart]") {
  const SessionFile session;
  session.write(kSong);
  DaemonProcess daemon({session.file, "--osc", "0", "--driver", "clock"}, {}, DaemonProcess::OnFailure::restart);
  REQUIRE(daemon.port() > 0);
  daemon.fill_stderr();
  DaemonClient client(daemon.port());
  client.send("/restart");
  REQUIRE(client.wait_for_text("reason", "asked for by /restart", 10s));
  CHECK(client.text("mode") == "normal");
  std::this_thread::sleep_for(3s);  // as long as it may stand still before it is started again
  CHECK(client.number("restarts") == 1);
  daemon.signal(SIGTERM);
  siginfo_t ended{};
  for (int i = 0; i < 100 && ended.si_pid == 0; i++) {
    std::this_thread::sleep_for(50ms);
    waitid(P_PID, id_t(daemon.pid()), &ended, WEXITED | WNOHANG | WNOWAIT);
  }
  CHECK(ended.si_pid == daemon.pid());
  CHECK(ended.si_status == 0);
}

// Session files that are empty, missing or half written, and what else lies where a daemon's files should be.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "daemon/journal/live_state.h"
#include "nodes/list.h"
#include "tests/config/folder.h"
#include "tests/support/daemon_client.h"
#include "tests/support/daemon_process.h"

using namespace mixgraph;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

const std::string kSong =
    "mixgraph: 1\n"
    "name: Song\n"
    "osc: {rate: 1234}\n"
    "media: sounds\n"
    "mix:\n"
    "  vox: {type: strip, from: in/3, fader: -3}\n"
    "master:\n"
    "  out: {type: output, from: mix/vox, to: [1, 2]}\n";

struct Show {
  test::Folder folder;
  std::string file = folder.path("song.yaml"), state = folder.path("state");
  Show() { folder.write("song.yaml", kSong); }
  std::vector<std::string> arguments() const { return {file, "--osc", "0", "--driver", "clock", "--state", state}; }
  std::string journal() const {
    for (const auto& entry : fs::directory_iterator(state))
      if (entry.path().extension() == ".journal") return entry.path().string();
    return "";
  }
  /// A run that moves the fader and ends.
  void play() const {
    DaemonProcess daemon(arguments());
    DaemonClient client(daemon.port());
    client.send("/mix/vox/fader", {-9.f});
    REQUIRE(client.get("/mix/vox/fader") == -9);
  }
};

bool is_refused(DaemonClient& client, const std::string& address) {
  client.send(address);
  return client.wait_for("/error").has_value();
}

}  // namespace

TEST_CASE("A file that can't be used never keeps a whole journal from sounding", "[restart]") {
  const Show show;
  show.play();
  const std::vector<std::string> texts{"", "mixgraph: 1\nname: Song\nmix:\n  vox: {type: str", "mixgraph: 1\nmix:\n  a: {type: sum, from: b}\n  b: {type: sum, from: a}\n", "gone"};
  for (const std::string& text : texts) {
    INFO(text);
    show.folder.write("song.yaml", text);
    if (text == "gone") fs::remove(show.file);
    DaemonProcess daemon(show.arguments());
    INFO(daemon.output());
    REQUIRE(daemon.port() > 0);
    CHECK(daemon.output().find("\"Song\"") != std::string::npos);
    CHECK(daemon.output().find("can't be used") != std::string::npos);
    DaemonClient client(daemon.port());
    CHECK(client.get("/mix/vox/fader") == -9);
    CHECK(client.text("device_state") == "running");
    CHECK(client.text("journal") == "kept");
    if (text == "gone") continue;
    CHECK(is_refused(client, "/graph/save"));
    CHECK(show.folder.read("song.yaml") == text);
  }
  DaemonProcess daemon(show.arguments());
  DaemonClient client(daemon.port());
  client.send("/graph/save");
  REQUIRE(client.wait_for("/done"));
  const std::string saved = show.folder.read("song.yaml");
  for (const char* part : {"rate: 1234", "media: sounds", "type: strip", "fader: -9"})
    CHECK(saved.find(part) != std::string::npos);
}

TEST_CASE("Such a file and no journal end it, as does --fresh, and a file that is good again counts", "[restart]") {
  const Show show;
  show.folder.write("song.yaml", "");
  CHECK(DaemonProcess(show.arguments()).wait() == 3);
  show.folder.write("song.yaml", kSong);
  show.play();
  show.folder.write("song.yaml", "");
  auto fresh = show.arguments();
  fresh.push_back("--fresh");
  CHECK(DaemonProcess(fresh).wait() == 3);
  CHECK(DaemonClient(DaemonProcess(show.arguments()).port()).get("/mix/vox/fader") == -9);
  show.folder.write("song.yaml", kSong + "# mended\n");
  DaemonProcess daemon(show.arguments());
  CHECK(DaemonClient(daemon.port()).get("/mix/vox/fader") == -3);
}

TEST_CASE("/restart without the file sounds on", "[restart]") {
  const Show show;
  DaemonProcess daemon(show.arguments(), {}, DaemonProcess::OnFailure::restart);
  DaemonClient client(daemon.port());
  client.send("/mix/vox/fader", {-9.f});
  REQUIRE(client.get("/mix/vox/fader") == -9);
  fs::remove(show.file);
  client.send("/restart");
  REQUIRE(daemon.wait_for("can't be used"));
  CHECK(client.wait_for_text("device_state", "running"));
  CHECK(client.get("/mix/vox/fader") == -9);
}

TEST_CASE("Without a session and a journal, no empty session is saved", "[restart]") {
  const Show show;
  auto arguments = show.arguments();
  arguments.back() = "/dev/null/nowhere";
  DaemonProcess daemon(arguments, {}, DaemonProcess::OnFailure::restart);
  DaemonClient client(daemon.port());
  REQUIRE(client.get("/mix/vox/fader") == -3);
  fs::remove(show.file);
  client.send("/restart", {"anyway"});
  REQUIRE(daemon.wait_for("safe mode, without sound; "));
  CHECK(is_refused(client, "/graph/save"));
  CHECK_FALSE(fs::exists(show.file));
  show.folder.write("song.yaml", kSong);
  CHECK(is_refused(client, "/graph/save"));
  CHECK(show.folder.read("song.yaml") == kSong);
}

TEST_CASE("A journal that somebody removes is made anew, and until then nobody is told that the state is kept", "[restart]") {
  const Show show;
  const bool folder_too = GENERATE(false, true);
  {
    DaemonProcess daemon(show.arguments());
    DaemonClient client(daemon.port());
    client.send("/mix/vox/fader", {-9.f});
    REQUIRE(client.wait_for_text("journal", "kept"));
    folder_too ? void(fs::remove_all(show.state)) : void(fs::remove(show.journal()));
    const auto until = std::chrono::steady_clock::now() + 10s;
    while ((!fs::exists(show.state) || show.journal().empty()) && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(20ms);
    client.send("/mix/vox/mute", {1});
    REQUIRE(client.wait_for_text("journal", "kept"));
    std::this_thread::sleep_for(300ms);
    daemon.signal(SIGKILL);
    daemon.wait();
  }
  DaemonProcess daemon(show.arguments());
  DaemonClient client(daemon.port());
  CHECK(client.get("/mix/vox/fader") == -9);
  CHECK(client.get("/mix/vox/mute") == 1);
}

TEST_CASE("A restart that would lose the live state is refused, unless it is wanted all the same", "[restart]") {
  const Show show;
  DaemonProcess first(show.arguments());
  REQUIRE(first.port() > 0);
  DaemonProcess second(show.arguments(), {}, DaemonProcess::OnFailure::restart);
  DaemonClient client(second.port());
  client.send("/mix/vox/fader", {-44.f});
  CHECK(is_refused(client, "/restart"));
  CHECK(client.get("/mix/vox/fader") == -44);
  client.send("/restart", {"anyway"});
  CHECK(client.wait_for_number("restarts", 1));
}

TEST_CASE("The default folder of live states that an older program left open to all becomes its owner's", "[restart]") {
  const Show show;
  const std::string home = show.folder.path("home"), state = home + "/mixgraph";
  fs::create_directories(state);
  fs::permissions(state, fs::perms(0755));
  setenv("XDG_STATE_HOME", home.c_str(), 1);
  auto session = load_session(show.file, node_types());
  const LiveState opened = open_live_state(session, {.session_file = show.file});
  unsetenv("XDG_STATE_HOME");
  CHECK(opened.file.starts_with(state));
  CHECK((fs::status(state).permissions() & fs::perms::all) == fs::perms::owner_all);
}

TEST_CASE("The state's folder is its owner's, and what is no file in it keeps nobody waiting", "[restart]") {
  const Show show;
  show.play();
  CHECK((fs::status(show.state).permissions() & fs::perms::all) == fs::perms::owner_all);
  const std::string journal = show.journal();
  for (const char* kind : {"pipe", "folder", "pipe to be", "folder to be"}) {
    INFO(kind);
    const std::string name = journal + (std::string(kind).ends_with("to be") ? ".new" : "");
    fs::remove_all(name);
    if (std::string(kind).starts_with("pipe"))
      REQUIRE(mkfifo(name.c_str(), 0600) == 0);
    else
      REQUIRE(mkdir(name.c_str(), 0700) == 0);
    DaemonProcess daemon(show.arguments());
    INFO(daemon.output());
    REQUIRE(daemon.port() > 0);
    CHECK(DaemonClient(daemon.port()).text("journal") == "kept");
  }
}

TEST_CASE("Closed standard streams: no file of the daemon's takes their place", "[restart]") {
  const Show show;
  const std::string command = MIXGRAPH_BINARY_DIR "/mixgraphd " + show.file + " --osc 0 --driver clock --state " +
                              show.state + " --log-level trace <&- >&- 2>&- & sleep 2; kill -TERM $!; wait $!";
  CHECK(std::system(command.c_str()) == 0);
  const std::string lock = show.journal() + ".lock";
  REQUIRE(fs::exists(lock));
  CHECK(fs::file_size(lock) == 0);
  CHECK(show.folder.read(fs::path(show.journal()).lexically_relative(show.folder.path())).starts_with("mixgraph journal"));
}

TEST_CASE("A file that may not grow is a problem of the journal, not the end", "[restart]") {
  const Show show;
  const std::string command = "ulimit -f 64; exec " MIXGRAPH_BINARY_DIR "/mixgraphd " + show.file +
                              " --osc 0 --driver clock --no-restart --state " + show.state + " 2>&1 & echo $!; wait $!";
  FILE* shell = popen(command.c_str(), "r");
  REQUIRE(shell);
  char line[512];
  REQUIRE(fgets(line, sizeof line, shell));
  const pid_t daemon = atoi(line);
  int port = 0;
  while (port == 0 && fgets(line, sizeof line, shell))
    if (const char* found = strstr(line, "osc udp+tcp 127.0.0.1:")) port = atoi(found + strlen("osc udp+tcp 127.0.0.1:"));
  REQUIRE(port > 0);
  DaemonClient client(port);
  for (int i = 0; i < 100; i++) {
    client.send("/mix/vox/fader", {float(-i % 50)});
    client.send("/graph/add", {"mix/x" + std::to_string(i), std::string("strip")});
    if (i % 10 == 0) client.get("/mix/vox/fader");
  }
  CHECK(client.wait_for_text("journal", "can't be written: File too large"));
  CHECK(client.text("device_state") == "running");
  kill(daemon, SIGTERM);
  CHECK(pclose(shell) == 0);
}

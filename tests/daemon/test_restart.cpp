// Crashes, stalls and restarts of a whole daemon, on the clock; the service manager is a socket of the test.
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/daemon_client.h"
#include "tests/support/daemon_process.h"
#include "tests/support/sound_files.h"

using namespace mixgraph;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

struct SessionFile {
  SessionFile() {
    write(
        "mixgraph: 1\n"
        "name: Song\n"
        "mix:\n"
        "  vox: {type: strip, from: in/1, fader: -3}\n"
        "master:\n"
        "  out: {type: output, from: mix/vox, to: [1, 2]}\n");
  }
  void write(const std::string& text) const { std::ofstream(file) << text; }
  std::string text() const {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  std::vector<std::string> arguments() const { return {file, "--osc", "0", "--driver", "clock"}; }
  const TemporaryFolder made;
  const fs::path folder = made.path();
  const std::string file = made.path("song.yaml");
};

const std::vector<std::string> kFaults = {"MIXGRAPH_TEST_FAULTS=1", "MIXGRAPH_CONTROL_LIMIT_MS=700",
                                          "MIXGRAPH_AUDIO_LIMIT_MS=600"};
constexpr auto kRestart = DaemonProcess::OnFailure::restart;

/// What systemd would be told.
class FakeServiceManager {
 public:
  FakeServiceManager() : socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    static int number = 0;
    name_ = "@mixgraph-test-" + std::to_string(getpid()) + "-" + std::to_string(++number);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name_.copy(address.sun_path + 1, name_.size() - 1, 1);
    const auto size = socklen_t(offsetof(sockaddr_un, sun_path) + name_.size());
    REQUIRE(bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  }
  ~FakeServiceManager() { close(socket_); }

  std::string variable() const { return "NOTIFY_SOCKET=" + name_; }
  /// All that came, one message per line; waits for one that begins with `text`.
  bool wait_for(const std::string& text, std::chrono::milliseconds patience = 10s) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline) {
      char bytes[4096];
      const ssize_t size = recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT);
      if (size < 0) std::this_thread::sleep_for(5ms);
      if (size < 0) continue;
      received.emplace_back(bytes, size_t(size));
      if (received.back().starts_with(text)) return true;
    }
    return false;
  }
  std::vector<std::string> received;

 private:
  int socket_;
  std::string name_;
};

}  // namespace

TEST_CASE("/restart: the same process, sockets and port, and what is sent meanwhile arrives", "[restart]") {
  const SessionFile session;
  DaemonProcess daemon(session.arguments(), {}, kRestart);
  REQUIRE(daemon.port() > 0);
  DaemonClient client(daemon.port());
  // Numbered positions of a fader, at most 1 ms apart, while the daemon restarts five times.
  std::atomic<bool> sending{true};
  std::atomic<int> refused{0};
  float latest = 0;
  std::thread storm([&] {
    DaemonClient sender(daemon.port());
    for (int i = 0; sending; i++) {
      latest = float(i % 60) - 60;
      if (!sender.send("/mix/vox/fader", {latest})) refused++;
      std::this_thread::sleep_for(1ms);
    }
  });
  for (int life = 1; life <= 5; life++) {
    CHECK(client.send("/restart"));
    CHECK(client.wait_for_number("restarts", life));
    DaemonClient tcp(daemon.port(), OscTransport::tcp);  // a new connection, at any moment
    CHECK(tcp.number("restarts") >= life);
  }
  sending = false;
  storm.join();
  CHECK(refused == 0);
  CHECK(client.get("/mix/vox/fader") == latest);
  CHECK(client.text("mode") == "normal");
  CHECK(client.text("reason") == "asked for by /restart");
  CHECK(kill(daemon.pid(), 0) == 0);
  daemon.signal(SIGTERM);
  CHECK(daemon.wait() == 0);
}

TEST_CASE("What was carried out before a restart is there after it, to the last message", "[restart]") {
  const SessionFile session;
  DaemonProcess daemon(session.arguments(), {}, kRestart);
  REQUIRE(daemon.port() > 0);
  DaemonClient client(daemon.port());
  for (int life = 1; life <= 5; life++) {
    float acknowledged = 0;
    std::string scene;
    {
      DaemonClient tcp(daemon.port(), OscTransport::tcp);
      REQUIRE(tcp.number("restarts") == life - 1);
      client.send("/restart");
      for (int i = 0;; i++) {
        const float level = -1.f - float(i % 50);
        const std::string name = "s" + std::to_string(i);
        if (!tcp.send("/mix/vox/fader", {level}) || !tcp.send("/scene/store", {name})) break;
        if (!tcp.wait_for("/done", 500ms)) break;
        acknowledged = level;
        scene = name;
      }
    }
    REQUIRE(client.wait_for_number("restarts", life));
    if (scene.empty()) continue;
    // What came after it may have been carried out unheard.
    const double found = client.get("/mix/vox/fader");
    CHECK((found == acknowledged || found == -1 - std::fmod(-acknowledged, 50)));
    client.send("/scene/diff", {scene});
    CHECK(client.wait_for("/done"));
  }
}

TEST_CASE("A connection that is made while the daemon restarts is served by the next life", "[restart]") {
  const SessionFile session;
  DaemonProcess daemon(session.arguments(), {"MIXGRAPH_TEST_FAULTS=1", "MIXGRAPH_CONTROL_LIMIT_MS=500"}, kRestart);
  REQUIRE(daemon.port() > 0);
  DaemonClient client(daemon.port());
  REQUIRE(client.text("mode") == "normal");
  client.send("/test/stall_control", {60000});
  std::this_thread::sleep_for(100ms);
  DaemonClient waiting(daemon.port(), OscTransport::tcp);  // nobody accepts it in this life
  CHECK(waiting.wait_for_number("restarts", 1));
}

TEST_CASE("UDP subscriptions and bundles that wait outlast a restart", "[restart]") {
  const SessionFile session;
  DaemonProcess daemon(session.arguments(), {}, kRestart);
  REQUIRE(daemon.port() > 0);
  DaemonClient surface(daemon.port()), client(daemon.port());
  surface.send("/subscribe", {"/norm/mix/vox/fader", 20});
  REQUIRE(surface.wait_for("/done"));
  const auto time = std::chrono::system_clock::now() + 2s;
  client.send(osc::Bundle{
      osc::TimeTag::at(std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count()),
      {osc::Message{"/mix/vox/fader", {-20}}}});
  client.send("/restart");
  REQUIRE(client.wait_for_number("restarts", 1));
  const bool arrived = client.get("/mix/vox/fader") == -20;
  CHECK((!arrived || std::chrono::system_clock::now() > time - 100ms));
  const auto told = surface.wait_for("/norm/mix/vox/fader");  // without asking again, and nothing else came
  CHECK(told);
  std::this_thread::sleep_for(200ms);  // it is told a little ahead
  CHECK(client.get("/mix/vox/fader") == -20);
}

TEST_CASE("What waits over a restart keeps the rights that it was sent with", "[restart]") {
  const SessionFile session;
  const auto text = session.text();
  session.write(text + "osc: {files: none}\n");
  DaemonProcess daemon(session.arguments(), {}, kRestart);
  REQUIRE(daemon.port() > 0);
  const auto time = osc::TimeTag::at(std::chrono::duration_cast<std::chrono::nanoseconds>((std::chrono::system_clock::now() + 2s).time_since_epoch()).count());
  for (const OscTransport transport : {OscTransport::udp, OscTransport::tcp}) {
    DaemonClient client(daemon.port(), transport);
    const std::string name = transport == OscTransport::udp ? "udp.yaml" : "tcp.yaml";
    client.send(osc::Bundle{time, {osc::Message{"/graph/save", {name}}, osc::Message{"/mix/vox/fader", {-20}}}});
    REQUIRE(client.get("/mix/vox/fader") == -3);
  }
  session.write(text + "osc: {files: all}\n");
  DaemonClient client(daemon.port());
  client.send("/restart");
  REQUIRE(client.wait_for_number("restarts", 1));
  std::this_thread::sleep_for(2500ms);
  CHECK(client.get("/mix/vox/fader") == -20);
  CHECK_FALSE(fs::exists(session.folder / "udp.yaml"));
  CHECK_FALSE(fs::exists(session.folder / "tcp.yaml"));
  client.send("/graph/save", {"now.yaml"});
  CHECK(client.wait_for("/done"));
}

TEST_CASE("Sockets of a service manager are used, also after a restart", "[restart]") {
  const SessionFile session;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto bound = [&](int type) {
    const int made = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof address;
    if (bind(made, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
        getsockname(made, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
      return made;
    }
    close(made);
    return -1;
  };
  int udp = -1, tcp = -1;
  for (int attempt = 0; attempt < 20 && tcp < 0; ++attempt) {  // a port free for UDP may be taken for TCP
    address.sin_port = 0;
    close(udp);
    udp = bound(SOCK_DGRAM);
    tcp = bound(SOCK_STREAM);
  }
  REQUIRE(udp >= 0);
  REQUIRE(tcp >= 0);
  REQUIRE(listen(tcp, 16) == 0);
  const std::vector<std::string> arguments{session.file, "--osc", "9", "--driver", "clock"};
  {
    DaemonProcess daemon(arguments, {}, kRestart, {{"osc-tcp", tcp}, {"osc-udp", udp}});
    REQUIRE(daemon.port() == ntohs(address.sin_port));
    DaemonClient client(daemon.port());
    client.send("/restart");
    REQUIRE(client.wait_for_number("restarts", 1));
    CHECK(DaemonClient(daemon.port(), OscTransport::tcp).number("restarts") == 1);
  }
  DaemonProcess confused(arguments, {}, kRestart, {{"osc-tcp", udp}});
  CHECK(confused.wait() == 1);
  CHECK(confused.output().find("a listening stream socket") != std::string::npos);
  close(udp);
  close(tcp);
}

TEST_CASE("A crash on any thread is told and starts the daemon again", "[restart]") {
  const SessionFile session;
  const auto [thread, number, name] = GENERATE(table<std::string, int, std::string>(
      {{"control", SIGSEGV, "SIGSEGV"}, {"audio", SIGFPE, "SIGFPE"}, {"control", SIGABRT, "SIGABRT"}}));
  DaemonProcess daemon(session.arguments(), kFaults, kRestart);
  REQUIRE(daemon.port() > 0);
  DaemonClient client(daemon.port());
  client.send("/mix/vox/fader", {-7});
  std::this_thread::sleep_for(300ms);  // it is kept within 250 ms
  session.write(session.text() + "\n# changed, but not loaded\n");
  client.send("/test/crash", {thread, number});
  REQUIRE(client.wait_for_number("restarts", 1));
  CHECK(client.get("/mix/vox/fader") == -7);
  CHECK(client.text("reason") == "crash: " + name);
  CHECK(client.text("mode") == "normal");
  CHECK(client.wait_for_number("blocks", 10));
  REQUIRE(daemon.wait_for("started again"));
  CHECK(daemon.output().find("mixgraphd: crash: " + name) != std::string::npos);
}

TEST_CASE("Without restarts a crash ends the daemon", "[restart]") {
  const SessionFile session;
  DaemonProcess daemon(session.arguments(), kFaults);
  REQUIRE(daemon.port() > 0);
  DaemonClient(daemon.port()).send("/test/crash", {"control", SIGSEGV});
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // which end it in their own way
  CHECK(daemon.wait() != 0);
#else
  CHECK(daemon.wait() == 128 + SIGSEGV);
#endif
}

TEST_CASE("A stalled thread starts the daemon again", "[restart]") {
  const SessionFile session;
  const std::string thread = GENERATE("control", "audio");
  DaemonProcess daemon(session.arguments(), kFaults, kRestart);
  REQUIRE(daemon.port() > 0);
  DaemonClient client(daemon.port());
  client.send("/test/stall_" + thread, {200});  // too short to be one
  std::this_thread::sleep_for(400ms);
  CHECK(client.number("restarts") == 0);
  client.send("/test/stall_" + thread, {60'000});
  REQUIRE(client.wait_for_number("restarts", 1, 20s));
  CHECK(client.text("reason").find("the " + thread + " thread stood still") == 0);
  CHECK(client.wait_for_number("blocks", 10));
}

TEST_CASE("A process that stood still as a whole is not to blame", "[restart]") {
  const SessionFile session;
  DaemonProcess daemon(session.arguments(), kFaults, kRestart);
  REQUIRE(daemon.port() > 0);
  daemon.signal(SIGSTOP);
  std::this_thread::sleep_for(1500ms);
  daemon.signal(SIGCONT);
  std::this_thread::sleep_for(300ms);
  CHECK(DaemonClient(daemon.port()).number("restarts") == 0);
}

TEST_CASE("Three crashes within a minute lead to safe mode, five to the end", "[restart]") {
  const SessionFile session;
  DaemonProcess daemon(session.arguments(), kFaults, kRestart);
  REQUIRE(daemon.port() > 0);
  DaemonClient client(daemon.port());
  const auto crash = [&](int life) {
    client.send("/test/crash", {"control", SIGSEGV});
    return client.wait_for_number("restarts", life);
  };
  REQUIRE(crash(1));
  REQUIRE(crash(2));
  CHECK(client.text("mode") == "normal");
  REQUIRE(crash(3));
  CHECK(client.text("mode") == "safe");
  CHECK(client.text("reason").find("3 failures within 60 s, the last one: crash: SIGSEGV") == 0);
  client.send("/device");
  const auto device = client.wait_for("/device");
  REQUIRE(device);
  CHECK(device->arguments.at(0) == osc::Argument("safe"));

  SECTION("the session can be edited, and /restart leads back") {
    CHECK(client.number("blocks") == 0);
    client.send("/mix/vox/fader", {-7});
    CHECK(client.get("/mix/vox/fader") == -7);
    client.send("/graph/add", {"mix/extra", "trim"});
    REQUIRE(client.wait_for("/done"));
    CHECK(std::isfinite(client.get("/mix/extra/gain")));
    client.send("/restart");
    REQUIRE(client.wait_for_number("restarts", 4));
    CHECK(client.text("mode") == "normal");
    CHECK(client.wait_for_number("blocks", 10));
  }
  SECTION("a crash in safe mode leads to safe mode without the session, then to the end") {
    REQUIRE(crash(4));
    CHECK(client.text("mode") == "safe");
    CHECK(client.number("nodes") == 0);
    client.send("/test/crash", {"control", SIGSEGV});
    CHECK(daemon.wait() == 128 + SIGSEGV);
  }
}

TEST_CASE("After a crash a session file that became faulty keeps neither the daemon away nor what sounded", "[restart]") {
  const SessionFile session;
  DaemonProcess daemon(session.arguments(), kFaults, kRestart);
  REQUIRE(daemon.port() > 0);
  session.write("mixgraph: 1\nmix: {vox: {type: stripe}}\n");
  DaemonClient client(daemon.port());
  client.send("/test/crash", {"control", SIGSEGV});
  CHECK(client.wait_for_number("restarts", 1));
  CHECK(daemon.wait_for("stripe"));
  CHECK(client.text("mode") == "normal");
  CHECK(client.number("nodes") > 0);
  CHECK(client.wait_for_number("blocks", 10));
}

TEST_CASE("The service manager is told of readiness, reloads and the end", "[restart]") {
  const SessionFile session;
  FakeServiceManager manager;
  DaemonProcess daemon(session.arguments(), {manager.variable()});
  REQUIRE(manager.wait_for("STATUS=Song on system clock, running"));
  REQUIRE(manager.wait_for("READY=1"));
  daemon.signal(SIGHUP);
  REQUIRE(manager.wait_for("RELOADING=1\nMONOTONIC_USEC="));
  REQUIRE(manager.wait_for("READY=1"));
  daemon.signal(SIGTERM);
  CHECK(manager.wait_for("STOPPING=1"));
  CHECK(daemon.wait() == 0);
}

TEST_CASE("A daemon that cannot start is never ready", "[restart]") {
  const SessionFile session;
  FakeServiceManager manager;
  DaemonProcess daemon({session.file, "--osc", "0", "--bind", "nowhere"}, {manager.variable()});
  CHECK(daemon.wait(20s) == 1);
  CHECK_FALSE(manager.wait_for("READY=1", 50ms));
}

TEST_CASE("The watchdog is fed only while all threads are well", "[restart]") {
  const SessionFile session;
  const std::string thread = GENERATE("control", "audio");
  FakeServiceManager manager;
  // Limits so high that the daemon does not help itself.
  DaemonProcess daemon(session.arguments(),
                       {manager.variable(), "WATCHDOG_USEC=200000", "MIXGRAPH_TEST_FAULTS=1",
                        "MIXGRAPH_CONTROL_LIMIT_MS=6000", "MIXGRAPH_AUDIO_LIMIT_MS=6000"});
  for (int i = 0; i < 5; i++) REQUIRE(manager.wait_for("WATCHDOG=1", 1s));
  DaemonClient(daemon.port()).send("/test/stall_" + thread, {4000});
  while (manager.wait_for("WATCHDOG=1", 900ms) && manager.received.size() < 1000) {
  }
  CHECK(manager.received.size() < 1000);
  CHECK(manager.wait_for("WATCHDOG=1"));  // and again when it goes on
}

TEST_CASE("The watchdog of another process is not fed", "[restart]") {
  const SessionFile session;
  FakeServiceManager manager;
  DaemonProcess daemon(session.arguments(), {manager.variable(), "WATCHDOG_USEC=100000", "WATCHDOG_PID=1"});
  REQUIRE(manager.wait_for("READY=1"));
  CHECK_FALSE(manager.wait_for("WATCHDOG=1", 500ms));
}

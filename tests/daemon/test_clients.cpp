// OSC clients that are not ours, against a running daemon. tools/test installs them.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <unistd.h>

#include "daemon/osc/osc.h"
#include "daemon/net/osc_client.h"
#include "tests/support/daemon_process.h"

using namespace mixgraph;

namespace {

const std::string kModules = MIXGRAPH_SOURCE_DIR "/build/clients/node_modules";

std::string session_file() {
  std::string name = (std::filesystem::temp_directory_path() / ("mixgraph-clients-" + std::to_string(getpid()) + ".yaml")).string();
  std::ofstream(name) << "mixgraph: 1\nmix:\n  a: {type: strip, from: in/1}\nmaster:\n  out: {type: output, from: mix/a}\n";
  return name;
}
std::string run(const std::string& command) {
  std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe);
  std::string text;
  for (char line[256]; std::fgets(line, sizeof line, pipe);) text += line;
  text += "exit " + std::to_string(WEXITSTATUS(pclose(pipe)));
  return text;
}
std::string node(const std::string& arguments) { return run("NODE_PATH=" + kModules + " node " MIXGRAPH_SOURCE_DIR "/tests/clients/" + arguments); }

}  // namespace

TEST_CASE("npm's osc and node-osc set, get and subscribe") {
  if (!std::filesystem::exists(kModules + "/node-osc")) {
    WARN("skipped: tools/test installs these clients");
    return;
  }
  std::string file = session_file();
  DaemonProcess daemon({file, "--driver", "clock", "--osc", "0"});
  std::string port = std::to_string(daemon.port());
  CHECK(node("osc.js udp " + port) == "set, got and subscribed over udp\nexit 0");
  CHECK(node("osc.js tcp " + port) == "set, got and subscribed over tcp\nexit 0");
  CHECK(node("node_osc.js " + port) == "set, got and subscribed\nexit 0");
  std::filesystem::remove(file);
}

TEST_CASE("oscsend sets over UDP and TCP") {
  std::string file = session_file();
  DaemonProcess daemon({file, "--driver", "clock", "--osc", "0"});
  std::string port = std::to_string(daemon.port());
  auto client = OscClient::open("127.0.0.1", daemon.port(), OscTransport::udp);
  REQUIRE(client);
  auto get = [&](const std::string& address) {
    (*client)->send(osc::encode(osc::Message{address, {}}));
    auto answer = (*client)->receive(std::chrono::seconds(5));
    REQUIRE(answer);
    return osc::describe(std::get<osc::Message>(*osc::decode(*answer)));
  };
  CHECK(run("oscsend osc.udp://127.0.0.1:" + port + " /mix/a/fader f -20") == "exit 0");
  CHECK(get("/mix/a/fader") == "/mix/a/fader ,f -20");
  CHECK(run("oscsend osc.tcp://127.0.0.1:" + port + " /mix/a/pan i 1") == "exit 0");
  // Another connection: give it time to arrive.
  std::string pan = get("/mix/a/pan");
  for (int i = 0; i < 500 && pan != "/mix/a/pan ,f 1"; i++) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    pan = get("/mix/a/pan");
  }
  CHECK(pan == "/mix/a/pan ,f 1");
  std::filesystem::remove(file);
}

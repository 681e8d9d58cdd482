// Sessions as large as they may be: whatever one client has done with all of it, others are answered. By hand:
//   MIXGRAPH_NODES=19900 MIXGRAPH_SCENES=1000 mixgraph_tests "A large session*"
#include <fmt/format.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdio>
#include <thread>

#include "tests/config/folder.h"
#include "tests/support/daemon_process.h"
#include "tests/support/environment.h"
#include "tests/support/visitor.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

using namespace mixgraph;
using namespace std::chrono_literals;

namespace {

std::string session_of(long nodes, long scenes) {
  std::string text = "mixgraph: 1\nmix:\n";
  for (long i = 0; i < nodes; i++) text += fmt::format("  t{}: {{type: trim, from: in/1}}\n", i);
  text += "master:\n  out: {type: output, from: mix/t0, to: [1, 2]}\nscenes:\n";
  for (long s = 0; s < scenes; s++) {
    text += fmt::format("  s{}: {{", s);
    for (long i = 0; i < 10; i++) text += fmt::format("{}mix/t{}: {}", i ? ", " : "", (s * 7 + i) % nodes, -(i % 20) - 1);
    text += "}\n";
  }
  return text;
}

/// Somebody who asks while others work.
class Patron {
 public:
  explicit Patron(int port)
      : visitor_(port), thread_([this] {
          for (; !ends_; std::this_thread::sleep_for(3ms)) visitor_.ask();
        }) {}
  Visitor& leave() {
    ends_ = true;
    thread_.join();
    return visitor_;
  }

 private:
  Visitor visitor_;
  std::atomic<bool> ends_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE("A large session keeps nobody waiting, whatever is done with all of it", "[chaos]") {
  const long nodes = from_environment("MIXGRAPH_NODES", 4000), scenes = from_environment("MIXGRAPH_SCENES", 100);
  const test::Folder folder;
  folder.write("song.yaml", session_of(nodes, scenes));
  folder.write("small.yaml", session_of(1, 0) + "  none: {mix/t0: 0}\n");
  DaemonProcess daemon({folder.path("song.yaml"), "--osc", "0", "--driver", "clock", "--state", folder.path("state")});
  REQUIRE(daemon.port() > 0);
  DaemonClient client(daemon.port(), OscTransport::tcp);
  Patron patron(daemon.port());
  const auto done = [&](const std::string& address, std::vector<osc::Argument> arguments = {}) {
    INFO(address);
    client.send(address, std::move(arguments));
    CHECK(client.wait_for("/done", 60s));
  };
  done("/graph/save");
  done("/graph/save", {"other.yaml"});
  done("/graph/add", {"mix/x", "trim"});
  done("/graph/undo");
  done("/scene/store", {"all"});
  client.send("/mix/t*", {-9.f});
  done("/scene/recall", {"all"});
  done("/graph/load", {"small.yaml"});
  done("/graph/undo");
  done("/graph/redo");
  done("/graph/revert");
  for (const char* heavy : {"/graph/diff", "/graph/get", "/scene/list"}) {
    osc::Bundle many{osc::TimeTag(), {}};
    for (int i = 0; i < 250; i++) many.elements.push_back(osc::Message{heavy});
    for (int i = 0; i < 8; i++) client.send(many);
  }
  done("/graph/diff");
  std::this_thread::sleep_for(1s);
  Visitor& visitor = patron.leave();
  std::printf("large: %ld nodes, %ld scenes: %zu questions, p50 %.1f ms, p99 %.1f, max %.1f\n", nodes, scenes, visitor.asked(), visitor.percentile(0.5),
              visitor.percentile(0.99), visitor.percentile(1));
  std::fflush(stdout);
  CHECK(visitor.unanswered == 0);
  CHECK(visitor.percentile(0.99) < (nodes <= 4000 ? 50 : 300));
  CHECK(visitor.percentile(1) < 300);
  DaemonClient observer(daemon.port(), OscTransport::tcp);
  CHECK(observer.number("restarts") == 0);
}

#endif

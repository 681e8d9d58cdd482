// Killed in a storm of messages, a daemon comes back to the state after one of them: none that was
// acknowledged longer ago than 250 ms is missing. MIXGRAPH_KILLS=1000 for the long form.
#include <signal.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <random>
#include <thread>

#include "daemon/osc/osc.h"
#include "daemon/net/osc_client.h"
#include "tests/config/folder.h"
#include "tests/support/daemon_process.h"
#include "tests/support/sound_files.h"

using namespace mixgraph;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

namespace {

/// The k-th message of the storm sets one of some faders to a level that tells k, as a set or a move; every
/// tenth adds a node that is named after k, or removes the one before.
class Storm {
 public:
  static constexpr uint64_t kFaders = 12;

  static std::string session() {
    std::string text = "mixgraph: 1\nname: Storm\nmix:\n";
    for (uint64_t i = 0; i < kFaders; i++)
      text += "  a" + std::to_string(i) + ": {type: fader, from: in/1}\n";
    return text + "master:\n  out: {type: output, from: mix/a0, to: [1, 2]}\n";
  }
  static osc::Message message(uint64_t k) {
    if (k % 20 == 9) return {"/graph/add", {"mix/n" + std::to_string(k), std::string("delay")}};
    if (k % 20 == 19) return {"/graph/remove", {"mix/n" + std::to_string(k - 10)}};
    osc::Message set{"/mix/a" + std::to_string(fader(k)), {level(k)}};
    if (k % 7 == 3) set.arguments.push_back(0.3F);
    return set;
  }
  /// What a state after the first `count` messages must be.
  static std::string state(uint64_t count) {
    std::string text;
    for (uint64_t i = 0; i < kFaders; i++) {
      uint64_t k = count;
      while (k > 0 && (is_edit(k - 1) || fader(k - 1) != i)) k--;
      text += (k == 0 ? "0" : number(level(k - 1))) + " ";
    }
    const uint64_t turn = count % 20;
    return text + (turn > 9 ? "mix/n" + std::to_string(count - turn + 9) : "none");
  }
  static std::string number(float value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", double(value));
    return text;
  }

 private:
  static bool is_edit(uint64_t k) { return k % 10 == 9; }
  static uint64_t fader(uint64_t k) { return (k - k / 10) % kFaders; }
  static float level(uint64_t k) { return float(-1 - double(k % 20'000) / 256); }
};

/// A client that sends the storm and keeps book of what was acknowledged when.
class Surface {
 public:
  explicit Surface(int port) : socket_(open(port)) {}

  /// Sends messages from `first` on for so long.
  void storm(uint64_t first, std::chrono::milliseconds length) {
    sent = acknowledged = first;
    const auto end = Clock::now() + length;
    uint64_t waiting = 0;
    while (Clock::now() < end) {
      if (waiting < 4) {
        for (int i = 0; i < 20; i++) send(Storm::message(sent++));
        send({"/clock", {}});
        asked_.push_back(sent);
        waiting++;
      }
      while (const auto packet = socket_->receive(waiting < 4 ? 0ms : 2ms))
        if (is_clock(*packet)) {
          acknowledged = asked_[answered_++];
          acknowledgements.push_back({Clock::now(), acknowledged});
          waiting--;
        }
    }
  }
  /// All faders' levels and the node that is there, as in Storm::state().
  std::string state() {
    std::string text;
    for (uint64_t i = 0; i < Storm::kFaders; i++) {
      const std::string address = "/mix/a" + std::to_string(i);
      send({address, {}});
      const auto answer = expect(address);
      text += Storm::number(float(osc::number(answer.arguments.at(0)).value())) + " ";
    }
    send({"/graph/list", {std::string("mix")}});
    std::string node = "none";
    while (true) {
      const osc::Message message = next();
      if (message.address == "/done") return text + node;
      const std::string path = std::get<std::string>(message.arguments.at(0));
      if (message.address == "/graph/node" && path.starts_with("mix/n")) node = path;
    }
  }
  /// The latest that was acknowledged so long ago.
  uint64_t acknowledged_before(Clock::time_point when, uint64_t otherwise) const {
    uint64_t found = otherwise;
    for (const auto& [time, count] : acknowledgements)
      if (time <= when) found = count;
    return found;
  }

  uint64_t sent = 0, acknowledged = 0;
  std::vector<std::pair<Clock::time_point, uint64_t>> acknowledgements;

 private:
  static std::unique_ptr<OscClient> open(int port) {
    auto socket = OscClient::open("127.0.0.1", uint16_t(port), OscTransport::tcp);
    if (!socket) throw std::runtime_error(socket.problems()[0].text());
    return std::move(*socket);
  }
  static bool is_clock(const std::vector<uint8_t>& packet) {
    return packet.size() > 8 && std::memcmp(packet.data(), "/clock\0", 8) == 0;
  }
  void send(const osc::Message& message) { socket_->send(osc::encode(message)); }
  osc::Message next() {
    while (messages_.empty()) {
      const auto packet = socket_->receive(5s);
      if (!packet) throw std::runtime_error("no answer");
      flatten(*osc::decode(*packet));
    }
    const osc::Message message = messages_.front();
    messages_.pop_front();
    return message;
  }
  void flatten(const osc::Packet& packet) {
    if (const auto* message = std::get_if<osc::Message>(&packet)) return messages_.push_back(*message);
    for (const auto& element : std::get<osc::Bundle>(packet).elements) flatten(element);
  }
  osc::Message expect(const std::string& address) {
    osc::Message message = next();
    if (message.address != address)
      throw std::runtime_error(osc::describe(message) + " instead of " + address);
    return message;
  }

  std::unique_ptr<OscClient> socket_;
  std::deque<osc::Message> messages_;
  std::vector<uint64_t> asked_;
  size_t answered_ = 0;
};

int kills() {
  const char* number = std::getenv("MIXGRAPH_KILLS");
  return number ? std::atoi(number) : 12;
}

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace

TEST_CASE("Killed at random in a storm, a daemon comes back to a prefix of it", "[journal]") {
  const test::Folder folder;
  const std::string session = folder.path("storm.yaml");
  folder.write("storm.yaml", Storm::session());
  std::mt19937 random(std::random_device{}());
  uint64_t count = 0, largest_loss = 0, sent = 0;
  double longest_loss_ms = 0, slowest_start_ms = 0, all_starts_ms = 0;
  const int rounds = kills();
  for (int round = 0; round <= rounds; round++) {
    const auto began = Clock::now();
    // In every other round the journal is replaced many times a second.
    DaemonProcess daemon({session, "--osc", "0", "--driver", "clock", "--state", folder.path("state")},
                         {round % 2 == 0 ? "MIXGRAPH_TEST_COMPACT_BYTES=20000" : "NOTHING=1"});
    INFO("round " << round << ": " << daemon.output());
    REQUIRE(daemon.port() > 0);
    const double start_ms = milliseconds(Clock::now() - began);
    slowest_start_ms = std::max(slowest_start_ms, start_ms);
    all_starts_ms += start_ms;
    Surface surface(daemon.port());
    REQUIRE(surface.state() == Storm::state(count));
    REQUIRE(daemon.output().find("damaged") == std::string::npos);
    if (round == rounds) break;

    const uint64_t first = count;
    surface.storm(first, std::chrono::milliseconds(20 + random() % 500));
    const auto killed = Clock::now();
    daemon.signal(SIGKILL);
    REQUIRE(daemon.wait() == 128 + SIGKILL);
    sent += surface.sent - first;

    DaemonProcess next({session, "--osc", "0", "--driver", "clock", "--state", folder.path("state")});
    INFO("then: " << next.output());
    REQUIRE(next.port() > 0);
    Surface reader(next.port());
    const std::string state = reader.state();
    // The newest prefix that it is.
    for (count = surface.sent; count > first && Storm::state(count) != state;) count--;
    REQUIRE(Storm::state(count) == state);
    INFO("sent " << surface.sent - first << ", acknowledged " << surface.acknowledged - first << ", kept "
                 << count - first);
    CHECK(count >= surface.acknowledged_before(killed - 250ms, first));
    for (const auto& [time, acknowledged] : surface.acknowledgements)
      if (acknowledged > count) {
        largest_loss = std::max(largest_loss, surface.acknowledged - count);
        longest_loss_ms = std::max(longest_loss_ms, milliseconds(killed - time));
        break;
      }
    next.signal(SIGKILL);
    REQUIRE(next.wait() == 128 + SIGKILL);
  }
  for (const auto& entry : fs::directory_iterator(folder.path("state")))
    CHECK(entry.path().string().find(".bad-") == std::string::npos);
  if (std::getenv("MIXGRAPH_KILLS"))
    WARN(rounds << " kills in a storm of " << sent << " messages, and as many while idle; at most "
                << largest_loss << " acknowledged messages lost, acknowledged at most " << longest_loss_ms
                << " ms before the kill; start to start line: at most " << slowest_start_ms << " ms, mean "
                << all_starts_ms / (rounds + 1) << " ms");
}

TEST_CASE("A player goes on from where it was when the daemon was killed", "[journal]") {
  const test::Folder folder;
  write_sound(folder.path("long.wav"), {std::vector<float>(48000 * 20)});
  folder.write("song.yaml",
               "mixgraph: 1\nmix:\n  take: {type: player, file: long.wav}\n"
               "master:\n  out: {type: output, from: mix/take, to: [1, 2]}\n");
  const std::vector<std::string> arguments{
      folder.path("song.yaml"), "--osc", "0", "--driver", "clock", "--state", folder.path("state")};
  const auto position = [](const DaemonProcess& daemon) {
    auto socket = OscClient::open("127.0.0.1", uint16_t(daemon.port()), OscTransport::tcp);
    REQUIRE(socket);
    for (int i = 0; i < 200; i++) {
      (*socket)->send(osc::encode(osc::Message{"/meters", {std::string("/mix/take")}}));
      const auto packet = (*socket)->receive(2s);
      REQUIRE(packet);
      const auto message = std::get<osc::Message>(*osc::decode(*packet));
      if (message.address == "/meters/mix/take")
        if (const double seconds = osc::number(message.arguments.at(0)).value(); seconds > 0) return seconds;
      std::this_thread::sleep_for(5ms);
    }
    return 0.0;
  };
  double before = 0;
  {
    DaemonProcess daemon(arguments);
    REQUIRE(daemon.port() > 0);
    while (before < 1.2) before = position(daemon);
    daemon.signal(SIGKILL);
    daemon.wait();
  }
  DaemonProcess daemon(arguments);
  REQUIRE(daemon.port() > 0);
  const double after = position(daemon);
  CHECK(after > before - 0.6);
  CHECK(after < before + 3);  // it plays already
  CHECK(daemon.output().find("restored") != std::string::npos);
}

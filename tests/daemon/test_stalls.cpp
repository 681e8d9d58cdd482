#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "daemon/osc/osc.h"
#include "daemon/net/osc_client.h"
#include "tests/support/daemon_process.h"
#include "tests/tools/program.h"

using namespace mixgraph;
using namespace std::chrono_literals;

namespace {

struct Late {
  double ms;
  std::string cause, kind;
};

/// A daemon on the clock with periods of 1.3 ms that takes faults on purpose, and a client.
class Patient {
 public:
  Patient()
      : session_(folder_.write("song.yaml", "mixgraph: 1\nname: S\nmaster:\n  out: {type: output, from: in/1, to: [1]}\n")),
        daemon_(start(session_)),
        client_(std::move(*OscClient::open("127.0.0.1", uint16_t(daemon_->port()), OscTransport::udp))) {
    std::this_thread::sleep_for(300ms);
  }

  void send(const osc::Message& message) { client_->send(osc::encode(message)); }
  std::vector<Late> late() {
    std::vector<Late> list;
    for (const osc::Message& m : ask("/late/list"))
      list.push_back({*osc::number(m.arguments[1]), std::get<std::string>(m.arguments[2]), std::get<std::string>(m.arguments[3])});
    return list;
  }
  double status(const std::string& name) {
    for (const osc::Message& m : ask("/status"))
      if (m.address == "/status/" + name) return osc::number(m.arguments[0]).value_or(-1);
    return -1;
  }
  void signal(int number) { daemon_->signal(number); }

 private:
  static std::unique_ptr<DaemonProcess> start(const std::string& session) {
    setenv("MIXGRAPH_TEST_FAULTS", "1", 1);
    auto daemon = std::make_unique<DaemonProcess>(
        std::vector<std::string>{session, "--osc", "0", "--driver", "clock", "--period", "64", "--bind", "127.0.0.1"});
    unsetenv("MIXGRAPH_TEST_FAULTS");
    return daemon;
  }
  std::vector<osc::Message> ask(const std::string& command) {
    send({command, {}});
    std::vector<osc::Message> list;
    while (auto packet = client_->receive(5s)) {
      const auto decoded = osc::decode(*packet);
      if (!decoded || add(*decoded, list)) break;
    }
    return list;
  }
  static bool add(const osc::Packet& packet, std::vector<osc::Message>& list) {
    if (const auto* message = std::get_if<osc::Message>(&packet)) {
      if (message->address == "/done") return true;
      list.push_back(*message);
      return false;
    }
    for (const osc::Packet& element : std::get<osc::Bundle>(packet).elements)
      if (add(element, list)) return true;
    return false;
  }

  const program::Folder folder_;
  const std::string session_;
  std::unique_ptr<DaemonProcess> daemon_;
  std::unique_ptr<OscClient> client_;
};

/// Of all late blocks (others come on a busy machine) the one that is nearest to what was done.
Late nearest(const std::vector<Late>& list, const std::string& cause, double ms) {
  Late best{-1e9, "none", "none"};
  for (const Late& late : list)
    if (late.cause == cause && std::abs(late.ms - ms) < std::abs(best.ms - ms)) best = late;
  return best;
}

}  // namespace

TEST_CASE("Stalls of our own work are told as ours, with their length", "[daemon][stall]") {
  Patient patient;
  for (const int ms : {3, 50, 300, 900}) {
    INFO(ms << " ms");
    Late late{};
    const auto told = [&] { return late.cause == "work" && late.ms == Approx(ms).margin(1 + 0.1 * ms); };
    // On a busy machine the scheduler may take the processor away in the middle of a stall: that one is not ours.
    for (int attempt = 0; attempt < 5 && !told(); attempt++) {
      patient.send({"/test/stall_audio", {ms}});
      std::this_thread::sleep_for(std::chrono::milliseconds(ms + 250));
      late = nearest(patient.late(), "work", ms);
    }
    CHECK(late.cause == "work");
    CHECK(late.ms == Approx(ms).margin(1 + 0.1 * ms));
    CHECK(late.kind == (ms > 100 ? "stall" : "late"));
  }
  CHECK(patient.status("late_work") >= 4);
  CHECK(patient.status("load_max") > 200);  // of periods
}

TEST_CASE("A process that was stopped is told as the scheduler's fault, with the time", "[daemon][stall]") {
  Patient patient;
  for (const int ms : {50, 300, 900}) {
    INFO(ms << " ms");
    patient.signal(SIGSTOP);
    const auto stopped = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    patient.signal(SIGCONT);
    const double really = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - stopped).count();
    std::this_thread::sleep_for(250ms);
    const Late late = nearest(patient.late(), "scheduler", really);
    CHECK(late.cause == "scheduler");
    CHECK(late.ms == Approx(really).margin(5 + 0.1 * ms));
  }
  CHECK(patient.status("late_scheduler") >= 3);
  CHECK(patient.status("lost_frames") > 0.9 * 48 * 1100);  // the clock makes up for 100 ms at most
}

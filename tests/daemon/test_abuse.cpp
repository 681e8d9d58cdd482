// A daemon under attack on all ports at once: whoever behaves well is answered, memory stays, audio goes on.
//   MIXGRAPH_ABUSE_SECONDS=600 mixgraph_tests "[abuse]"
#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "daemon/osc/osc.h"
#include "daemon/net/osc_client.h"
#include "tests/support/attack.h"
#include "tests/support/daemon_process.h"

using namespace mixgraph;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto kPatience = 10s;    // for one answer: the machine may be busy with other things
constexpr int64_t kClockError = 2'000'000;  // ns
constexpr auto kAskAgain = 100ms;  // over UDP, which may lose a question

std::string session_file() {
  const auto file =
      std::filesystem::temp_directory_path() / ("mixgraph-abuse-" + std::to_string(getpid()) + ".yaml");
  std::ofstream text(file);
  text << "mixgraph: 1\nmix:\n";
  for (int i = 0; i < 16; i++)
    text << "  s" << i << ": {type: strip, from: in/" << i % 2 + 1 << ", eq: {1: {gain: 1}}}\n";
  text << "  sum: {type: bus, from: [s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15]}\n"
          "master: {type: master, from: mix/sum}\nmaster/out: {type: output, from: master, to: [1, 2]}\n";
  return file.string();
}

/// Asks for the clock, and measures how long the answer takes.
class Visitor {
 public:
  Visitor(int port, OscTransport transport) : is_udp_(transport == OscTransport::udp) {
    auto opened = OscClient::open("127.0.0.1", uint16_t(port), transport);
    REQUIRE(opened);
    client_ = std::move(*opened);
  }
  void ask() {
    const auto begun = Clock::now();
    const int64_t asked_ns = system_ns();
    bool answered = false;
    for (int attempt = 0; !answered && Clock::now() < begun + kPatience; attempt++) {
      const auto sent = Clock::now();
      if (attempt > 0) repeated_++;
      client_->send(osc::encode(osc::Message{"/clock", {}}));
      const auto end = is_udp_ ? sent + kAskAgain : begun + kPatience;
      while (const auto answer = wait_for("/clock", end)) {
        // Every repeated question is answered: those that come now may be the last one's.
        const auto* told = std::get_if<osc::TimeTag>(&answer->arguments.at(1));
        if (told && told->system_ns() > asked_ns - kClockError) {
          answered = true;
          break;
        }
      }
    }
    if (!answered) unanswered_++;
    times_.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
  }
  std::map<std::string, double> status() {
    std::map<std::string, double> values;
    client_->send(osc::encode(osc::Message{"/status", {}}));
    for (const auto end = Clock::now() + 5s; Clock::now() < end;) {
      const auto message = next(end);
      if (!message || message->address == "/done") break;
      if (message->address.starts_with("/status/") && !message->arguments.empty())
        if (const auto number = osc::number(message->arguments[0]))
          values[message->address.substr(8)] = *number;
    }
    return values;
  }
  size_t unanswered() const { return unanswered_; }
  size_t asked() const { return times_.size(); }
  size_t repeated() const { return repeated_; }
  double percentile(double part) const {
    if (times_.empty()) return 0;
    auto sorted = times_;
    std::sort(sorted.begin(), sorted.end());
    return sorted[size_t(part * double(sorted.size() - 1))];
  }

 private:
  std::optional<osc::Message> next(Clock::time_point end) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    const auto packet = client_->receive(std::max(left, 0ms));
    if (!packet) return {};
    auto decoded = osc::decode(*packet);
    if (!decoded || !std::holds_alternative<osc::Message>(*decoded)) return osc::Message{};
    return std::get<osc::Message>(*decoded);
  }
  static int64_t system_ns() {
    return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  std::optional<osc::Message> wait_for(const std::string& address, Clock::time_point end) {
    while (auto message = next(end))
      if (message->address == address) return message;
    return {};
  }

  std::unique_ptr<OscClient> client_;
  std::vector<double> times_;  // ms
  const bool is_udp_;
  size_t unanswered_ = 0, repeated_ = 0;
};

double resident_megabytes(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6) / 1024;
  return 0;
}

void visit(Visitor& udp, Visitor& tcp, std::chrono::duration<double> time) {
  for (const auto end = Clock::now() + time; Clock::now() < end; std::this_thread::sleep_for(10ms)) {
    udp.ask();
    tcp.ask();
  }
}

}  // namespace

TEST_CASE("Under attack on all ports a client is answered, memory stays, audio goes on", "[abuse]") {
  const char* asked = std::getenv("MIXGRAPH_ABUSE_SECONDS");
  const double seconds = asked ? std::atof(asked) : 6;
  const std::string file = session_file();
  DaemonProcess daemon({file, "--osc", "0", "--driver", "clock", "--period", "256", "--bind", "127.0.0.1"});
  REQUIRE(daemon.port() > 0);

  Visitor udp(daemon.port(), OscTransport::udp), tcp(daemon.port(), OscTransport::tcp);
  visit(udp, tcp, 2s);
  const auto calm = tcp.status();
  visit(udp, tcp, std::chrono::duration<double>(std::clamp(seconds, 2.0, 30.0)));
  const auto before = tcp.status();
  const double calm_p50 = udp.percentile(0.5), calm_max = std::max(udp.percentile(1), tcp.percentile(1));
  CHECK(udp.unanswered() + tcp.unanswered() == 0);

  Visitor udp_under(daemon.port(), OscTransport::udp), tcp_under(daemon.port(), OscTransport::tcp);
  tcp_under.ask();  // who has said nothing makes room for others
  double warm = 0;
  std::string tally;
  {
    Attack attack(daemon.port(), 1);
    visit(udp_under, tcp_under, std::chrono::duration<double>(std::clamp(seconds / 4, 2.0, 20.0)));
    warm = resident_megabytes(daemon.pid());
    visit(udp_under, tcp_under, std::chrono::duration<double>(seconds));
    tally = attack.tally();
  }
  const double after = resident_megabytes(daemon.pid());
  const auto status = tcp.status();
  const auto grew = [&](const char* name, const auto& from, const auto& to) {
    return to.at(name) - from.at(name);
  };
  std::printf(
      "abuse: %.0f s; sent %s\n"
      "  UDP: %zu questions, %zu repeated after 100 ms, %zu not answered; p50 %.1f ms, p99 %.1f, max %.1f "
      "(calm: p50 %.1f, max %.1f)\n"
      "  TCP: %zu questions; p50 %.1f ms, p99 %.1f, max %.1f; %zu not answered\n"
      "  memory %.1f -> %.1f MB; late periods %.0f, %.0f of them by our work (calm, in a like time: %.0f), lost frames %.0f (calm: "
      "%.0f)\n"
      "  dropped: kernel %.0f, flood %.0f, answers %.0f; refused connections %.0f; malformed %.0f, errors "
      "%.0f\n",
      seconds, tally.c_str(), udp_under.asked(), udp_under.repeated(), udp_under.unanswered(),
      udp_under.percentile(0.5), udp_under.percentile(0.99), udp_under.percentile(1), calm_p50, calm_max,
      tcp_under.asked(), tcp_under.percentile(0.5), tcp_under.percentile(0.99), tcp_under.percentile(1),
      tcp_under.unanswered(), warm, after, grew("late_periods", before, status),
      grew("late_work", before, status), grew("late_periods", calm, before), grew("lost_frames", before, status),
      grew("lost_frames", calm, before), grew("kernel_drops", before, status),
      grew("flood_drops", before, status), grew("dropped_packets", before, status),
      grew("refused_clients", before, status), grew("malformed", before, status),
      grew("errors", before, status));
  std::fflush(stdout);

  CHECK(tcp_under.unanswered() + udp_under.unanswered() == 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which keep what was freed
  // In a short run not all that is kept for clients has been reached when the attack has warmed up.
  CHECK(after < warm * 1.05 + (asked ? 0 : 10));
#endif
  CHECK(grew("seconds", before, status) > seconds * 0.9 - 1);
  daemon.signal(SIGTERM);
  CHECK(daemon.wait() == 0);
  std::filesystem::remove(file);
}

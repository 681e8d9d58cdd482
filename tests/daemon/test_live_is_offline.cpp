#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <fstream>
#include <random>
#include <span>
#include <thread>

#include "daemon/osc/osc.h"
#include "daemon/net/osc_client.h"
#include "tests/support/daemon_process.h"
#include "tests/tools/program.h"

using namespace mixgraph;
using namespace mixgraph::program;
using namespace std::chrono_literals;

namespace {

constexpr int kRate = 48000;
constexpr char kSession[] = R"(mixgraph: 1
name: Both ways
audio: {rate: 48000}
mix:
  noise: {type: player, file: noise.wav, play: on, loop: on}
  ones: {type: player, file: ones.wav, play: on, loop: on}
  vox: {type: strip, from: noise, eq: {2: {gain: 3, freq: 2500}}, sends: {hall: -12}}
  hall: {type: reverb, time: 1}
  sum: {type: sum, from: [vox, hall]}
  probe: {type: trim, from: ones}
  probes: {type: recorder, from: probe, file: probe, record: on}
master:
  eq: {type: eq, from: mix/sum}
  limiter: {type: limiter, from: eq, ceiling: -12}
  take: {type: recorder, from: limiter, file: master, record: on}
  out: {type: output, from: limiter, to: [1, 2]}
scenes:
  soft: {mix/vox/fader: -20, mix/vox/pan: -0.5, mix/hall/time: 1.8, master/eq/1/gain: -3}
)";

/// The session in which nothing plays yet, and nothing that moves by itself.
std::string waiting() {
  std::string text = kSession;
  const auto replace = [&](const std::string& what, const std::string& by) {
    for (size_t at; (at = text.find(what)) != std::string::npos;) text.replace(at, what.size(), by);
  };
  replace("play: on", "play: off");
  replace("record: on", "record: off");
  replace("{type: reverb, time: 1}", "{type: delay, time: 20}");
  replace("mix/hall/time: 1.8, ", "");  // a delay's tap moves in a rhythm of its own
  return text;
}

/// The session with its sound files, in a folder in which it also records.
struct Place {
  explicit Place(const std::string& text = kSession) {
    std::mt19937 random{11};
    std::vector<float> noise(48'000);
    for (float& x : noise) x = float(int32_t(random())) * 0x1p-31f * 0.5f;
    write_sound(folder / "noise.wav", {noise, noise});
    write_sound(folder / "ones.wav", {std::vector<float>(9600, 0.5f)});
    session = folder.write("song.yaml", text);
  }
  Sound recorded(const std::string& name) const { return read_sound(folder / (name + "-001.wav")); }
  Folder folder;
  std::string session;
};

struct TimedMove {
  uint64_t after;  ///< frames after the first one
  std::string address;
  std::vector<osc::Argument> arguments;
  std::string text;  ///< the arguments in a file of moves
};
const std::vector<TimedMove> kMoves = {
    {0, "/mix/probe/invert", {1}, "on"},
    {1, "/mix/vox/fader", {-12.f, 0.05f}, "-12 0.05"},
    {777, "/mix/vox/pan", {0.5f}, "0.5"},
    {4801, "/mix/probe/invert", {0}, "off"},
    {6000, "/master/eq/1/gain", {6.f, 0.1f, std::string("linear")}, "6 0.1 linear"},
    {7003, "/mix/vox/mute", {1}, "on"},
    {9011, "/mix/vox/mute", {0}, "off"},
    {9012, "/mix/hall/time", {2.5f}, "2.5"},
    {9400, "/mix/*/mute", {std::string("on")}, "on"},
    {9700, "/mix/*/mute", {std::string("off")}, "off"},
    {9800, "/norm/mix/vox/pan", {0.2f}, "0.2"},
    {10'007, "/scene/recall", {std::string("soft"), 0.03f}, "soft 0.03"},
    {12'001, "/scene/undo", {}, ""},
};
/// Of a session that waits for them.
const std::vector<TimedMove> kStart = {
    {0, "/mix/*/play", {1}, "on"},
    {0, "//record", {1}, "on"},
    {0, "/mix/vox/fader", {-30.f}, "-30"},
    {100, "/mix/vox/fader", {0.f, 0.1f}, "0 0.1"},
    {3000, "/scene/recall", {std::string("soft"), 0.05f}, "soft 0.05"},
};
constexpr uint64_t kLength = 14'000;  // frames from the first move on that are compared

/// A client that knows a daemon by its port and by what it answers alone.
class Script {
 public:
  explicit Script(int port) : client_(std::move(*OscClient::open("127.0.0.1", uint16_t(port), OscTransport::udp))) {}

  void send(const osc::Packet& packet) { client_->send(osc::encode(packet)); }
  osc::Message ask(const std::string& address) {
    send(osc::Message{address, {}});
    while (auto packet = client_->receive(5s)) {
      auto decoded = osc::decode(*packet);
      if (const auto* message = decoded ? std::get_if<osc::Message>(&*decoded) : nullptr)
        if (message->address == address) return *message;
    }
    throw std::runtime_error("no answer to " + address);
  }
  struct Clock {
    uint64_t frame;
    int64_t ns;
    double rate;
    int tick;
    int64_t next_ns;

    int64_t time_of(uint64_t at_frame) const { return ns + std::llround(double(int64_t(at_frame - frame)) * 1e9 / rate); }
  };
  Clock clock() {
    const auto a = ask("/clock").arguments;
    return {uint64_t(std::get<int64_t>(a[0])), std::get<osc::TimeTag>(a[1]).system_ns(), *osc::number(a[2]), std::get<int32_t>(a[6]),
            std::get<osc::TimeTag>(a[7]).system_ns()};
  }

 private:
  std::unique_ptr<OscClient> client_;
};

/// The moves of one frame, as a bundle.
osc::Bundle bundle_of(std::span<const TimedMove> moves, int64_t ns, bool on_tick) {
  osc::Bundle bundle{osc::TimeTag::at(ns), {}};
  if (on_tick) bundle.elements.push_back(osc::Message{"/on_tick", {}});
  for (const TimedMove& move : moves) bundle.elements.push_back(osc::Message{move.address, move.arguments});
  return bundle;
}

/// Plays the session live, with the moves as bundles that are aimed by /clock alone; returns the frame of the
/// first. `ask_tick`: the first bundle is aimed a little before a tick, and asks for it.
uint64_t play_live(const Place& place, int period, const std::vector<TimedMove>& moves, bool ask_tick = false) {
  DaemonProcess daemon({place.session, "--osc", "0", "--driver", "clock", "--period", std::to_string(period), "--bind", "127.0.0.1"});
  REQUIRE(daemon.port() > 0);
  Script script(daemon.port());
  std::this_thread::sleep_for(1200ms);  // the clock's idea of the device has settled
  const Script::Clock clock = script.clock();
  CHECK(clock.rate == kRate);
  const uint64_t tick = uint64_t(clock.tick), next = (clock.frame / tick + 1) * tick;
  CHECK(std::abs(clock.next_ns - clock.time_of(next)) <= 1);
  const uint64_t first = ask_tick ? next + 150 * tick : clock.frame + 9600;
  for (size_t i = 0, count; i < moves.size(); i += count) {
    for (count = 1; i + count < moves.size() && moves[i + count].after == moves[i].after;) count++;
    const bool asks = ask_tick && i == 0;
    const int64_t ns = clock.time_of(first + moves[i].after - (asks ? 13 : 0));
    script.send(bundle_of(std::span(moves).subspan(i, count), ns, asks));
  }
  while (script.clock().frame < first + kLength + 4800) std::this_thread::sleep_for(20ms);
  script.send(osc::Message{"//record", {0}});
  std::this_thread::sleep_for(300ms);
  daemon.signal(SIGTERM);
  CHECK(daemon.wait() == 0);
  return first;
}

/// Renders it offline with the same moves at the same frames.
void play_offline(const Place& place, uint64_t first, const std::vector<TimedMove>& list) {
  std::ofstream moves(place.folder / "moves.txt");
  for (const TimedMove& move : list) moves << first + move.after << "f " << move.address << " " << move.text << "\n";
  moves << first + kLength + 4800 << "f //record off\n";
  moves.close();
  const double seconds = double(first + kLength + 9600) / kRate;
  const Outcome outcome = run_mixgraph({"render", place.session, "-o", place.folder / "out.wav", "--moves",
                                        place.folder / "moves.txt", "--length", std::to_string(seconds)});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
}

bool same(const Sound& a, const Sound& b, uint64_t frames) {
  if (a.frames() < frames || b.frames() < frames || a.channels.size() != b.channels.size()) return false;
  for (size_t c = 0; c < a.channels.size(); c++)
    if (!std::equal(a.channels[c].begin(), a.channels[c].begin() + std::ptrdiff_t(frames), b.channels[c].begin())) return false;
  return true;
}

/// The first frames at which a signal that rested has changed.
std::vector<uint64_t> departures(const std::vector<float>& signal, uint64_t from, uint64_t until) {
  std::vector<uint64_t> found;
  uint64_t rested = 0;
  for (uint64_t i = from; i < until; i++) {
    const bool rests = signal[i] == signal[i - 1];
    if (!rests && rested > 64) found.push_back(i);
    rested = rests ? rested + 1 : 0;
  }
  return found;
}

}  // namespace

TEST_CASE("Live is offline: bundles aimed by /clock land on their samples, and all bytes are those of a render",
          "[daemon][live]") {
  const int period = GENERATE(17, 64, 100, 1024);
  INFO("period " << period);
  const Place live, offline;
  const uint64_t first = play_live(live, period, kMoves);
  play_offline(offline, first, kMoves);
  const Sound probe = live.recorded("probe"), master = live.recorded("master");
  REQUIRE(probe.frames() > first + kLength);
  // How a move begins is too small for a float for a sample or so; that it is the very sample shows in the bytes below.
  const auto found = departures(probe.channels[0], first - 4800, first + kLength);
  REQUIRE(found.size() == 2);
  CHECK(found[0] - first <= 3);
  CHECK(found[1] - (first + 4801) <= 3);
  CHECK(same(probe, offline.recorded("probe"), first + kLength));
  CHECK(same(master, offline.recorded("master"), first + kLength));

  if (period != 64) return;
  const Place other;  // negative control: a render with all moves one frame later differs
  play_offline(other, first + 1, kMoves);
  CHECK_FALSE(same(master, other.recorded("master"), first + kLength));
}

TEST_CASE("What is started on a tick, as a bundle can ask, has the bytes of a render that starts at once", "[daemon][live]") {
  const int period = GENERATE(100, 256);
  INFO("period " << period);
  const Place live(waiting()), offline(waiting());
  const uint64_t first = play_live(live, period, kStart, true);
  CHECK(first % 64 == 0);
  play_offline(offline, 0, kStart);
  const Sound master = live.recorded("master");
  REQUIRE(master.frames() >= kLength);
  CHECK(same(live.recorded("probe"), offline.recorded("probe"), kLength));
  CHECK(same(master, offline.recorded("master"), kLength));

  const Place other(waiting());  // negative control: off the tick
  play_offline(other, 13, kStart);
  CHECK_FALSE(same(master, other.recorded("master"), kLength));
}

TEST_CASE("A file of moves that a daemon plays has the bytes of a render with it", "[daemon][live][automation]") {
  const int period = GENERATE(64, 100, 1024);
  INFO("period " << period);
  const Place live(waiting()), offline(waiting());
  std::string text = "0f /mix/*/play on\n0f //record on\n0f /mix/vox/fader = -30\n100f /mix/probe/invert on\n3000f /scene/recall soft 0.05\n";
  std::mt19937 random{5};
  for (int i = 0; i < 200; i++) {
    const int frame = int(random() % 14'000);
    text += std::to_string(frame) + "f /master/eq/1/gain = " + std::to_string(int(random() % 12) - 6) + " linear\n";
    text += std::to_string(frame + 7) + "f /mix/vox/eq/2/freq = " + std::to_string(200 + int(random() % 8000)) + "\n";
    text += std::to_string(frame * 2) + "f /mix/hall/mix = " + std::to_string(int(random() % 100)) + " s-curve\n";
  }
  for (const Place* place : {&live, &offline}) std::ofstream(place->folder / "moves.txt") << text << "18800f //record off\n";
  {
    DaemonProcess daemon({live.session, "--osc", "0", "--driver", "clock", "--period", std::to_string(period), "--bind", "127.0.0.1"});
    REQUIRE(daemon.port() > 0);
    Script script(daemon.port());
    std::this_thread::sleep_for(1200ms);
    const uint64_t first = (script.clock().frame / 64 + 150) * 64;
    script.send(osc::Message{"/automation/play", {std::string("moves.txt"), int32_t(first)}});
    while (script.clock().frame < first + 24'000) std::this_thread::sleep_for(20ms);
    daemon.signal(SIGTERM);
    CHECK(daemon.wait() == 0);
  }
  const Outcome outcome = run_mixgraph({"render", offline.session, "-o", offline.folder / "out.wav", "--moves", offline.folder / "moves.txt", "--length", "0.5"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Sound master = live.recorded("master");
  REQUIRE(master.frames() >= kLength);
  CHECK(same(live.recorded("probe"), offline.recorded("probe"), kLength));
  CHECK(same(master, offline.recorded("master"), kLength));
}

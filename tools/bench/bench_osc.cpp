#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <random>
#include <thread>

#include "tools/bench/bench.h"
#include "tools/bench/bench_child.h"
#include "tools/bench/bench_flood.h"
#include "tools/bench/bench_session.h"
#include "tools/cli.h"
#include "daemon/osc/osc_arguments.h"
#include "tools/osc/osc_link.h"
#include "tools/render/sound_file.h"

namespace mixgraph {
namespace {

using namespace std::chrono_literals;

constexpr int kRate = 48000;
constexpr int kProbes = 150;
constexpr double kPace = 20'000;  // sets per second beside which delays are measured

int64_t system_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Who takes the sets: its port, and its messages as text with {id} and {value} in them.
struct Target {
  std::string name;
  int port = 0;
  int first = 1, last = 64;
  std::string set, sync;
  std::string answer;  ///< the address that answers `sync`
};

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  if (const size_t at = text.find(what); at != text.npos) text.replace(at, what.size(), with);
  return text;
}

osc::Message message_of(const std::string& text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  auto arguments = parse_arguments({words.begin() + 1, words.end()});
  if (!arguments) throw std::runtime_error(arguments.problems().front().text());
  return {words.front(), *arguments};
}

std::vector<Flood::Packet> sets_for(const Target& target) {
  std::vector<Flood::Packet> packets;
  for (int i = 0; i < 4096; i++) {
    const int id = target.first + i % (target.last - target.first + 1);
    const std::string text = replaced(target.set, "{id}", std::to_string(id));
    packets.push_back(osc::encode(message_of(replaced(text, "{value}", fmt::format("f:{:.3f}", 0.1 + (i * 37 % 1000) * 1e-3)))));
  }
  return packets;
}

/// Sets per second over TCP: from the first to the answer that says that the last was taken.
double tcp_rate(const Target& target, double seconds) {
  Flood flood(target.port, true, sets_for(target));
  const auto sync = osc::encode(message_of(target.sync));
  flood.barrier(sync, target.answer);
  const auto start = std::chrono::steady_clock::now();
  const uint64_t sent = flood.run(seconds);
  flood.barrier(sync, target.answer);
  return double(sent) / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// What a daemon's /status says, and its clock.
class Observer {
 public:
  explicit Observer(int port) {
    OscPeer peer;
    peer.port = port;
    peer.tcp = true;  // a flood over UDP may push out anything else that comes over it
    auto link = OscLink::open(peer);
    if (!link) throw std::runtime_error(link.problems().front().text());
    link_ = std::move(*link);
  }
  std::map<std::string, double> status() {
    std::map<std::string, double> facts;
    link_->send({"/status", {}});
    while (auto message = link_->receive(5000ms)) {
      if (message->address == "/done" && osc::describe(*message).ends_with("\"/status\"")) return facts;
      if (!message->address.starts_with("/status/")) continue;
      if (message->arguments.empty()) continue;
      if (const auto number = osc::number(message->arguments[0])) facts[message->address.substr(8)] = *number;
    }
    throw std::runtime_error("no answer to /status");
  }
  struct Tie {
    int64_t frame, system_ns;
    int64_t time_of(int64_t other) const { return system_ns + std::llround(double(other - frame) * 1e9 / kRate); }
  };
  Tie clock() {
    link_->send({"/clock", {}});
    while (auto message = link_->receive(5000ms))
      if (message->address == "/clock")
        return {std::get<int64_t>(message->arguments[0]), std::get<osc::TimeTag>(message->arguments[1]).system_ns()};
    throw std::runtime_error("no answer to /clock");
  }
  void send(const osc::Message& message) { link_->send(message); }

 private:
  std::unique_ptr<OscLink> link_;
};

/// The session's folder, with its files.
struct Folder : BenchFolder {
  Folder() {
    write("noise.wav", pink_noise(size_t(kRate) * 4));
    write("ones.wav", std::vector<float>(size_t(kRate), 0.5f));
    const std::string text = console_session("noise.wav", "ones.wav");
    FILE* file = fopen(session().c_str(), "w");
    fwrite(text.data(), 1, text.size(), file);
    fclose(file);
  }
  std::string session() const { return (path() / "console.yaml").string(); }
  void write(const char* name, const std::vector<float>& samples) const {
    auto writer = SoundWriter::open((path() / name).string(), kRate, 1, FileFormat::floating);
    if (!writer) throw std::runtime_error(writer.problems().front().text());
    const float* channels[] = {samples.data()};
    (*writer)->write(channels, int(samples.size()));
    (*writer)->close();
  }
};

/// Turns the probe, which is inverted at the start and at the end, again and again while something else goes on;
/// returns when each message was sent.
std::vector<int64_t> send_probes(Observer& observer) {
  std::mt19937 random{5};
  std::vector<int64_t> sent;
  for (int i = 0; i < kProbes; i++) {
    std::this_thread::sleep_for(std::chrono::microseconds(14'000 + random() % 8'000));
    sent.push_back(system_ns());
    observer.send({"/mix/probe/invert", {int32_t(i % 2)}});
  }
  std::this_thread::sleep_for(30ms);
  return sent;
}

/// The frames at which a recording began to change after it had rested.
std::vector<int64_t> changes_in(const std::string& file) {
  auto reader = SoundReader::open(file);
  if (!reader) throw std::runtime_error(reader.problems().front().text());
  std::vector<int64_t> changes;
  std::vector<float> block(size_t(4096) * size_t((*reader)->channels()));
  float before = 0;
  int64_t at = 0, rested = 0;
  for (int got; (got = (*reader)->read(block.data(), 4096)) > 0;)
    for (int i = 0; i < got; i++, at++) {
      const float now = block[size_t(i) * size_t((*reader)->channels())];
      if (now != before && rested > 100) changes.push_back(at - 1);  // a move's first frame has the old value
      rested = now == before ? rested + 1 : 0;
      before = now;
    }
  return changes;
}

struct Phase {
  std::string name;
  std::vector<int64_t> sent;
};

void print_delays(const std::vector<Phase>& phases, const Folder& folder, const Observer::Tie& tie, int64_t calibration) {
  const std::vector<int64_t> changes = changes_in((folder.path() / "probe-001.wav").string());
  // One is that of a bundle for a frame that is known: the recording began with the engine's first frame.
  if (std::find(changes.begin(), changes.end(), calibration) == changes.end())
    throw std::runtime_error("the recording does not have the bundle at its frame");
  for (const Phase& phase : phases) {
    std::vector<double> ms;
    int64_t last = 0;
    size_t merged = 0;  // a probe that was so late that the next one caught it up
    for (size_t i = 0; i < phase.sent.size(); i++) {
      const int64_t sent = phase.sent[i];
      const auto heard = std::find_if(changes.begin(), changes.end(), [&](int64_t c) { return c > last && tie.time_of(c) > sent - 2'000'000; });
      const int64_t next = i + 1 < phase.sent.size() ? phase.sent[i + 1] : INT64_MAX;
      if (heard == changes.end() || tie.time_of(*heard) > next) {
        merged++;
        continue;
      }
      last = *heard;
      ms.push_back(double(tie.time_of(*heard) - sent) * 1e-6);
    }
    std::sort(ms.begin(), ms.end());
    fmt::print("osc beside=\"{}\" probes={} merged={} packet_to_block_ms: p50={:.2f} p99={:.2f} max={:.2f}\n", phase.name,
               ms.size(), merged, ms[ms.size() / 2], ms[ms.size() * 99 / 100], ms.back());
  }
}

/// Delays from a packet to the block that takes it, beside nothing, beside a busy client and beside a flood.
void measure_delays(const Target& target, const Folder& folder, Observer& observer) {
  const Observer::Tie tie = observer.clock();
  const int64_t calibration = tie.frame + kRate / 5;
  const osc::Message invert{"/mix/probe/invert", {1}};
  auto client = OscClient::open("127.0.0.1", uint16_t(target.port), OscTransport::udp);
  (*client)->send(osc::encode(osc::Bundle{osc::TimeTag::at(tie.time_of(calibration)), {invert}}));
  std::this_thread::sleep_for(400ms);
  std::vector<Phase> phases;
  const double lasting = kProbes * 0.018 + 0.5;
  for (const auto& [name, pace] : {std::pair{"nothing", -1.}, {"20000 sets/s over TCP", kPace}, {"a flood over TCP", 0.}}) {
    std::thread beside;
    if (pace >= 0)
      beside = std::thread([&, rate = pace] {
        Flood flood(target.port, true, sets_for(target));
        flood.run(lasting, rate);
        flood.barrier(osc::encode(message_of(target.sync)), target.answer);
      });
    auto sent = send_probes(observer);
    if (beside.joinable()) beside.join();
    phases.push_back({name, std::move(sent)});
  }
  observer.send({"/mix/log/record", {0}});
  std::this_thread::sleep_for(500ms);
  print_delays(phases, folder, tie, calibration);
}

/// "scsynth; port=57110; ids=2000-2063; set=/n_set {id} gain {value}; sync=/sync 1; answer=/synced"
Target target_of(const std::string& line) {
  Target target;
  target.name = line.substr(0, line.find(';'));
  const auto field = [&](const std::string& name) {
    const size_t at = line.find("; " + name + "=");
    if (at == line.npos) throw std::runtime_error("the peer's line has no " + name + "=");
    const size_t start = at + name.size() + 3;
    return line.substr(start, std::min(line.find("; ", start), line.size()) - start);
  };
  target.port = std::atoi(field("port").c_str());
  const std::string ids = field("ids");
  target.first = std::atoi(ids.c_str());
  target.last = std::atoi(ids.c_str() + ids.find('-') + 1);
  target.set = field("set");
  target.sync = field("sync");
  target.answer = field("answer");
  return target;
}

void print_rate(const Target& target, const char* transport, const std::vector<double>& rates) {
  std::string all;
  for (const double rate : rates) all += fmt::format(" {:.0f}", rate);
  fmt::print("{} {} sets_per_second={:.0f} (runs:{})\n", target.name, transport, *std::max_element(rates.begin(), rates.end()),
             all);
  fflush(stdout);
}

}  // namespace

int bench_osc(const BenchOptions& options) {
  const Folder folder;
  BenchDaemon daemon(folder.session());
  const Target own{"mixgraph", daemon.port(), 1, 64, "/mix/fader{id} {value}", "/clock", "/clock"};
  Observer observer(own.port);
  std::this_thread::sleep_for(1s);

  std::unique_ptr<Child> peer_process;
  std::optional<Target> peer;
  if (!options.peer.empty()) {
    peer_process = std::make_unique<Child>(std::vector<std::string>{"/bin/sh", "-c", options.peer});
    peer = target_of(peer_process->line_with("; port=", 30'000));
  }
  const auto before = observer.status();
  std::vector<double> own_rates, peer_rates, udp_rates;
  for (int run = 0; run < options.runs; run++) {  // in turns, so that both see the same machine
    own_rates.push_back(tcp_rate(own, options.seconds));
    if (peer) peer_rates.push_back(tcp_rate(*peer, options.seconds));
  }
  for (int run = 0; run < options.runs; run++) {
    Flood flood(own.port, false, sets_for(own));
    const double messages = observer.status()["messages"];
    const auto start = std::chrono::steady_clock::now();
    flood.run(options.seconds);
    const double taken = observer.status()["messages"] - messages;
    udp_rates.push_back(taken / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  const auto after = observer.status();
  print_rate(own, "tcp", own_rates);
  print_rate(own, "udp", udp_rates);
  if (peer) print_rate(*peer, "tcp", peer_rates);
  if (peer)
    fmt::print("ratio mixgraph/{}={:.1f}\n", peer->name,
               *std::max_element(own_rates.begin(), own_rates.end()) / *std::max_element(peer_rates.begin(), peer_rates.end()));
  auto count = [&](const char* name) { return after.at(name) - before.at(name); };
  fmt::print("while flooded: late blocks by work={:.0f} by scheduler={:.0f}, load p50={:.3f} p99={:.3f}, refused={:.0f}\n",
             count("late_work"), count("late_scheduler"), after.at("load_p50"), after.at("load_p99"), count("errors"));
  peer_process.reset();
  measure_delays(own, folder, observer);
  return kDone;
}

int bench_memory(const BenchOptions& options) {
  const Folder folder;
  BenchDaemon daemon(folder.session());
  const Target own{"mixgraph", daemon.port(), 1, 64, "/mix/fader{id} {value}", "/clock", "/clock"};
  Observer observer(own.port);
  observer.send({"/mix/log/record", {0}});
  Flood flood(own.port, true, sets_for(own));
  std::this_thread::sleep_for(1s);
  fmt::print("memory start resident_mb={:.1f}\n", daemon.resident_mb());
  // What an hour brings: 100 sets a second from surfaces, and an edit every three seconds.
  const double sets = 360'000, edits = 1'200;
  const int steps = 20;
  int edit = 0;
  for (int step = 1; step <= steps; step++) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(options.seconds / steps);
    double sent = 0;
    while (std::chrono::steady_clock::now() < end || sent < sets / steps) {
      const double share = options.seconds / edits;
      sent += double(flood.run(share, sets / options.seconds));
      if (edit % 2 == 0)
        observer.send({"/graph/add", {std::string("mix/extra"), std::string("strip"), std::string("from"), std::string("play1")}});
      else
        observer.send({"/graph/remove", {std::string("mix/extra")}});
      observer.send({fmt::format("/mix/fader{}", edit % 64 + 1), {-20.f, 0.2f}});
      edit++;
      if (std::chrono::steady_clock::now() > end + 60s) break;
    }
    fmt::print("memory after={:.0f}% edits={} resident_mb={:.1f}\n", 100. * step / steps, edit, daemon.resident_mb());
    fflush(stdout);
  }
  const auto facts = observer.status();
  fmt::print("memory late blocks by work={:.0f} by scheduler={:.0f}, errors={:.0f}, programs={:.0f}\n", facts.at("late_work"),
             facts.at("late_scheduler"), facts.at("errors"), facts.at("programs"));
  return kDone;
}

}  // namespace mixgraph

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "daemon/control/control.h"
#include "tools/bench/bench.h"
#include "tools/bench/bench_session.h"
#include "tools/cli.h"

namespace mixgraph {
namespace {

constexpr int kRate = 48000, kBlock = 64, kBundles = 10'000;
constexpr double kBlockSeconds = double(kBlock) / kRate;
constexpr size_t kNoiseBlocks = 3000;  // 4 s

EngineSettings engine_settings(const Session& session) {
  const DeviceChannels channels = channels_of(session.audio, session.graph);
  return {.environment = {.rate = kRate}, .inputs = channels.inputs, .outputs = channels.outputs};
}

/// Loads of blocks: shares of the time that a block lasts.
struct Loads {
  std::vector<double> sorted;

  explicit Loads(std::vector<double> loads = {}) : sorted(std::move(loads)) { std::sort(sorted.begin(), sorted.end()); }
  double mean() const { return std::accumulate(sorted.begin(), sorted.end(), 0.) / double(sorted.size()); }
  double at(double share) const { return sorted[std::min(sorted.size() - 1, size_t(share * double(sorted.size())))]; }
  double max() const { return sorted.back(); }
  size_t late() const { return size_t(sorted.end() - std::upper_bound(sorted.begin(), sorted.end(), 1.)); }
};

/// Control and an engine in turns on one thread: what the daemon does on two, without sockets and clocks.
class Desk {
 public:
  explicit Desk(Session session, NodeTypes types)
      : noise_(pink_noise(kNoiseBlocks * kBlock)),
        in_(size_t(channels_of(session.audio, session.graph).inputs)),
        engine_(engine_settings(session)),
        control_(engine_, std::move(session), types, [this](const Client&, const osc::Packet& packet, bool) {
          const auto* message = std::get_if<osc::Message>(&packet);
          if (message && message->address == "/error") error_ = osc::describe(*message);
        }) {
    if (Problems problems = control_.start(); !problems.empty()) throw std::runtime_error(problems.front().text());
    run(0.5);
  }

  void send(const osc::Packet& packet) {
    control_.receive(client_, osc::encode(packet), now());
    if (!error_.empty()) throw std::runtime_error(error_);
  }
  /// So much sound; the load of each block, by the time that the processor worked for it.
  Loads run(double seconds) {
    std::vector<double> loads;
    for (int left = int(seconds * kRate / kBlock); left > 0; left--) {
      control_.tick(now());
      engine_.advance();
      loads.push_back(block() / kBlockSeconds);
    }
    return Loads(std::move(loads));
  }
  size_t moving() const { return control_.workspace().document.moving(engine_.frame()).size(); }
  const std::vector<Entry>& entries() const { return control_.workspace().document.names().entries(); }
  Value value(const Entry& entry) const { return value_in(control_.graph(), entry); }
  osc::TimeTag in(double seconds) const { return osc::TimeTag::at(now().system_ns + int64_t(seconds * kSecond)); }
  uint64_t late_changes() const { return engine_.counters().late_changes; }

 private:
  static constexpr int64_t kStart = 1'700'000'000 * kSecond;

  Now now() const {
    Now now{engine_.frame(), 0, 0, kStart};
    now.system_ns = now.monotonic_ns = now.time_of(now.frame, kRate);
    return now;
  }
  double block() {
    for (size_t c = 0; c < in_.size(); c++) in_[c] = noise_.data() + (block_ + c * 41) % kNoiseBlocks * kBlock;
    float* const out[] = {out_[0], out_[1]};
    const double start = thread_seconds();
    engine_.process(in_.data(), out, kBlock);
    const double taken = thread_seconds() - start;
    block_++;
    return taken;
  }

  const Client client_{{.name = "bench"}};
  std::string error_;
  std::vector<float> noise_;
  std::vector<const float*> in_;
  float out_[2][kBlock];
  size_t block_ = 0;
  Engine engine_;
  Control control_;
};

/// Whether a recall takes its time with the row; a bypass fades at its own pace.
bool moves(const Entry& entry) {
  const Parameter& p = entry.parameter();
  return entry.address.starts_with("/mix/s") && p.update == Update::live && p.motion == Motion::smooth &&
         p.id != kBypass.id;
}

/// The other side of a switch, or the value two fifths of a fader's way from where a row is.
float elsewhere(const Parameter& p, double value) {
  const double here = to_position(p, value), way = is_switch(p) ? 1 : 0.4;
  return float(nearest(p, from_position(p, here < 0.5 ? here + way : here - way)));
}

/// A set of each row of the strips that can move, to where it isn't.
std::vector<osc::Message> sets_elsewhere(const Desk& desk) {
  std::vector<osc::Message> sets;
  for (const Entry& entry : desk.entries())
    if (moves(entry)) sets.push_back({entry.address, {elsewhere(entry.parameter(), std::get<double>(desk.value(entry)))}});
  return sets;
}

void print_loads(std::string_view what, InstructionSet set, const Loads& loads) {
  fmt::print("moves isa={} {} load: mean={:.4f} p50={:.4f} p99={:.4f} max={:.4f} late={} of {} blocks\n", name_of(set), what,
             loads.mean(), loads.at(0.5), loads.at(0.99), loads.max(), loads.late(), loads.sorted.size());
}

struct Recall {
  size_t rows = 0;
  Loads loads;  ///< while they move
};
Recall recall(Desk& desk, const std::string& scene, double seconds) {
  desk.send(osc::Message{"/scene/recall", {scene, float(seconds)}});
  const size_t rows = desk.moving();
  return {rows, desk.run(seconds)};
}
void rest_at(Desk& desk, const std::string& scene) {
  recall(desk, scene, 0.1);
  desk.run(1);
}

/// So many bundles in a second, each for a time of its own, each with a set of another row.
Loads run_bundles(Desk& desk, const std::vector<osc::Message>& sets) {
  for (int i = 0; i < kBundles; i++)
    desk.send(osc::Bundle{desk.in(0.1 + double(i) / kBundles), {sets[size_t(i) * 7 % sets.size()]}});
  desk.run(0.1);
  return desk.run(1);
}

const Loads& calmer(const Loads& a, const Loads& b) {
  return a.sorted.empty() || b.mean() < a.mean() ? b : a;
}

/// The two scenes between which the console moves.
std::vector<osc::Message> store_scenes(Desk& desk) {
  desk.send(osc::Message{"/scene/store", {std::string("here")}});
  auto sets = sets_elsewhere(desk);
  for (const osc::Message& message : sets) desk.send(message);
  desk.run(1);
  desk.send(osc::Message{"/scene/store", {std::string("there")}});
  return sets;
}

void measure(const BenchOptions& options, InstructionSet set) {
  auto session = parse_session(strips_session(options.strips), "bench.yaml", ".", node_types(set));
  if (!session) throw std::runtime_error(session.problems().front().text());
  Desk desk(std::move(*session), node_types(set));
  const auto sets = store_scenes(desk);
  Loads rest, moving, bundles;
  size_t rows = 0;
  for (int run = 0; run < options.runs; run++) {  // in turns, so that all see the same machine
    rest_at(desk, "here");
    rest = calmer(rest, desk.run(options.seconds));
    const Recall there = recall(desk, "there", options.seconds);
    moving = calmer(moving, there.loads);
    rows = there.rows;
    rest_at(desk, "here");
    bundles = calmer(bundles, run_bundles(desk, sets));
  }
  print_loads("rest", set, rest);
  print_loads(fmt::format("recall rows={} seconds={:g}", rows, options.seconds), set, moving);
  print_loads(fmt::format("bundles={} seconds=1 late_changes={}", kBundles, desk.late_changes()), set, bundles);
  fmt::print("moves isa={} ratio recall/rest: mean={:.1f} p99={:.1f}; bundles/rest: mean={:.1f} p99={:.1f}\n", name_of(set),
             moving.mean() / rest.mean(), moving.at(0.99) / rest.at(0.99), bundles.mean() / rest.mean(),
             bundles.at(0.99) / rest.at(0.99));
  fflush(stdout);
}

}  // namespace

int bench_moves(const BenchOptions& options, const std::vector<InstructionSet>& sets) {
  for (InstructionSet set : sets) measure(options, set);
  return kDone;
}

}  // namespace mixgraph

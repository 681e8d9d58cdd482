#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "config/session.h"
#include "graph/engine.h"
#include "tools/bench/bench.h"
#include "tools/bench/bench_session.h"
#include "tools/cli.h"

namespace mixgraph {
namespace {

constexpr int kRate = 48000, kBlock = 64;
constexpr size_t kRows = 500, kPoints = 1'000'000, kNoiseBlocks = 3000;  // 4 s of noise
constexpr uint64_t kHour = 3600ull * kRate;

/// Every so-manieth row that can be automated, with breakpoints all over an hour, no two of them at one time.
std::shared_ptr<const Automation> hour_of(const Graph& graph) {
  std::vector<Track> rows;
  for (const Node& node : graph.nodes())
    for (int r = 0; r < row_count(*node.type); r++)
      if (can_be_automated(*node.type, r) && row(*node.type, r).curve != Curve::stepped) rows.push_back({node.path, node.type, r, {}});
  auto automation = std::make_shared<Automation>();
  const size_t count = std::min(kRows, rows.size()), each = kPoints / count;
  for (size_t n = 0; n < count; n++) {
    Track& track = rows[n * rows.size() / count];
    const Parameter& p = row(*track.type, track.row);
    uint32_t random = uint32_t(n) * 2654435761u + 1;
    for (size_t i = 0; i < each; i++) {
      random = random * 1664525u + 1013904223u;
      track.points.push_back({i * (kHour / each) + n * 7, nearest(p, from_position(p, 0.3 + 0.4 * double(random >> 8) / (1 << 24)))});
    }
    automation->tracks.push_back(std::move(track));
  }
  return automation;
}

/// A console that plays noise.
class Console {
 public:
  Console(const Session& session, int inputs)
      : engine({.environment = {.rate = kRate}, .inputs = inputs, .outputs = 2}), noise_(pink_noise(kNoiseBlocks * kBlock)), in_(size_t(inputs)) {
    if (Problems problems = engine.update(session.graph); !problems.empty()) throw std::runtime_error(problems.front().text());
    run(1);
  }
  struct Load {
    double mean = 1e9, most = 0, control = 0;  ///< shares of the time that the sound lasts
  };
  Load run(double seconds) {
    Load load{0, 0, 0};
    const int blocks = int(seconds * kRate / kBlock);
    for (int b = 0; b < blocks; b++) {
      for (size_t c = 0; c < in_.size(); c++) in_[c] = noise_.data() + (block_ + c * 41) % kNoiseBlocks * kBlock;
      block_++;
      const double start = thread_seconds();
      engine.advance();
      engine.take_due();
      const double turn = thread_seconds();
      float* const out[] = {out_[0], out_[1]};
      engine.process(in_.data(), out, kBlock);
      const double taken = thread_seconds() - turn;
      load.control += turn - start, load.mean += taken, load.most = std::max(load.most, taken);
    }
    load.most *= double(kRate) / kBlock;
    for (double* share : {&load.mean, &load.control}) *share *= double(kRate) / kBlock / blocks;
    return load;
  }
  Engine engine;

 private:
  std::vector<float> noise_;
  std::vector<const float*> in_;
  float out_[2][kBlock];
  size_t block_ = 0;
};

const Console::Load& calmer(const Console::Load& a, const Console::Load& b) { return b.mean < a.mean ? b : a; }

void measure(const BenchOptions& options, InstructionSet set) {
  auto session = parse_session(strips_session(options.strips), "bench.yaml", ".", node_types(set));
  if (!session) throw std::runtime_error(session.problems().front().text());
  const auto automation = hour_of(session->graph);
  size_t points = 0;
  for (const Track& track : automation->tracks) points += track.points.size();
  Console console(*session, channels_of(session->audio, session->graph).inputs);
  Console::Load without, with;
  for (int run = 0; run < options.runs; run++) {  // in turns, so that both see the same machine
    console.engine.automate(nullptr);
    console.run(1);
    without = calmer(without, console.run(options.seconds));
    console.engine.automate(automation, console.engine.frame(), kHour / 2 + uint64_t(run) * kRate);
    console.run(1);
    with = calmer(with, console.run(options.seconds));
  }
  fmt::print("automation isa={} rows={} points={} load without={:.4f} with={:.4f} ratio={:.3f}; slowest block without={:.4f} with={:.4f}; control without={:.5f} with={:.5f}\n",
             name_of(set), automation->tracks.size(), points, without.mean, with.mean, with.mean / without.mean, without.most, with.most, without.control, with.control);
}

}  // namespace

int bench_automation(const BenchOptions& options, const std::vector<InstructionSet>& sets) {
  for (const InstructionSet set : sets) measure(options, set);
  return kDone;
}

}  // namespace mixgraph

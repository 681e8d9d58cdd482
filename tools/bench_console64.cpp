#include <fmt/format.h>
#include <stdio.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <iostream>
#include <memory>
#include <sstream>

#include "graph/engine.h"
#include "tools/bench.h"
#include "tools/cli.h"
#include "tools/graph_sketch.h"

namespace mixgraph {
namespace {

constexpr int kStrips = 64, kRate = 48000, kBlock = 64;
constexpr size_t kNoiseBlocks = 3000;  // 4 s

void add_equaliser(GraphSketch& sketch, const std::string& from, const std::string& path) {
  sketch.node_after(from, path, "eq",
                    {{"1/gain", 2.},
                     {"1/freq", 120.},
                     {"2/gain", -3.},
                     {"2/freq", 400.},
                     {"3/gain", 2.},
                     {"3/freq", 2500.},
                     {"4/gain", 3.},
                     {"4/freq", 8000.}});
}
void add_compressor(GraphSketch& sketch, const std::string& from, const std::string& path, double ratio) {
  sketch.node_after(from, path, "compressor",
                    {{"threshold", -20.}, {"ratio", ratio}, {"attack", 10.}, {"release", 100.}});
}

void add_strip(GraphSketch& sketch, const std::string& input, int number) {
  const std::string strip = "mix/" + std::to_string(number) + "/";
  sketch.node_after(input, strip + "highpass", "highpass", {{"freq", 80.}});
  add_equaliser(sketch, strip + "highpass", strip + "eq");
  add_compressor(sketch, strip + "eq", strip + "compressor", 4);
  sketch.node_after(strip + "compressor", strip + "fader", "fader", {{"level", -20.}});
  sketch.node_after(strip + "fader", strip + "pan", "pan", {{"position", (number - 1) / 32. - 1}});
  sketch.cable(strip + "pan", "mix/sum");
}

Graph console(NodeTypes types, bool with_strips) {
  GraphSketch sketch(types);
  if (with_strips) sketch.node("mix/sum", "sum");
  for (int i = 1; i <= kStrips; i++) {
    const std::string input = "in/" + std::to_string(i);
    sketch.node(input, "input", {{"channels", std::to_string(i)}});
    if (with_strips) add_strip(sketch, input, i);
  }
  if (!with_strips) return sketch.graph();
  add_equaliser(sketch, "mix/sum", "master/eq");
  add_compressor(sketch, "master/eq", "master/compressor", 2);
  sketch.node_after("master/compressor", "master/limiter", "limiter", {{"ceiling", -1.}});
  sketch.node_after("master/limiter", "master/out", "output");
  return sketch.graph();
}

/// Sixty-four device inputs that hear the same noise, each from another place, and two outputs.
class Device {
 public:
  explicit Device(float gain = 1) : noise_(pink_noise(kNoiseBlocks * kBlock)), left_(kBlock), right_(kBlock) {
    for (float& x : noise_) x *= gain;
  }

  void run(Engine& engine) {
    const float* in[kStrips];
    for (size_t c = 0; c < kStrips; c++) in[c] = noise_.data() + (block_ + c * 41) % kNoiseBlocks * kBlock;
    float* out[2] = {left_.data(), right_.data()};
    engine.process(in, out, kBlock);
    block_++;
    checksum_ += left_[0];
    for (float x : left_) hash_ = (hash_ ^ std::bit_cast<uint32_t>(x)) * 0x100000001b3;
    for (float x : right_) hash_ = (hash_ ^ std::bit_cast<uint32_t>(x)) * 0x100000001b3;
  }
  double checksum() const { return checksum_; }
  uint64_t hash() const { return hash_; }

 private:
  std::vector<float> noise_, left_, right_;
  size_t block_ = 0;
  double checksum_ = 0;
  uint64_t hash_ = 0xcbf29ce484222325;
};

/// CPU seconds for so much sound with a new engine, after half a second to settle.
double cpu_seconds(const Graph& graph, const BenchOptions& options, std::vector<TypeCost>* costs = nullptr,
                   float gain = 1) {
  const int blocks = std::max(1, int(options.seconds * kRate / kBlock));
  Device device(gain);
  Engine engine({.environment = {.rate = kRate}, .inputs = kStrips, .outputs = 2});
  if (Problems problems = engine.update(graph); !problems.empty())
    throw std::runtime_error(problems.front().text());
  for (int b = 0; b < kRate / kBlock / 2; b++) device.run(engine), engine.advance();
  const double start = thread_seconds();
  for (int b = 0; b < blocks; b++) device.run(engine);
  const double taken = thread_seconds() - start;
  if (!std::isfinite(device.checksum())) throw std::runtime_error("the console's output isn't finite");
  if (costs) *costs = engine.costs();
  return taken;
}

/// The fastest of some runs of each, in turns: what slows the machine for a while slows all of them.
template <size_t N, class Run>
std::array<double, N> fastest(int runs, Run run) {
  std::array<double, N> best;
  best.fill(HUGE_VAL);
  for (int i = 0; i < runs; i++)
    for (size_t which = 0; which < N; which++) best[which] = std::min(best[which], run(which));
  return best;
}

/// How much longer or shorter other sounds take than noise at -20 dBFS.
void compare_signals(const BenchOptions& options, InstructionSet set) {
  const Graph graph = console(node_types(set), true);
  constexpr float kGains[] = {1, 10, 1e-39f, 0};
  const auto [usual, loud, denormal, silence] =
      fastest<4>(options.runs, [&](size_t which) { return cpu_seconds(graph, options, nullptr, kGains[which]); });
  fmt::print("console64 isa={} of_usual full_scale={:.2f} denormal={:.2f} silence={:.2f}\n", name_of(set), loud / usual,
             denormal / usual, silence / usual);
}

struct SharedRun {
  double seconds = HUGE_VAL;  ///< on the wall
  uint64_t hash = 0;          ///< of all samples
  uint64_t tasks = 0;
};
/// `settling`: blocks before, in which the engine finds out what pays.
SharedRun run_on(int threads, const Graph& graph, const BenchOptions& options, int settling) {
  SharedRun best;
  for (int run = 0; run < options.runs; run++) {
    Device device;
    Engine engine({.environment = {.rate = kRate}, .inputs = kStrips, .outputs = 2, .threads = threads});
    if (Problems problems = engine.update(graph); !problems.empty())
      throw std::runtime_error(problems.front().text());
    for (int b = 0; b < settling; b++) device.run(engine), engine.advance();
    const auto start = std::chrono::steady_clock::now();
    for (int b = 0; b < int(options.seconds * kRate / kBlock); b++) device.run(engine);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = {std::min(best.seconds, taken.count()), device.hash(), engine.counters().tasks};
  }
  return best;
}

/// One thread beside several: how much sooner they are done, and whether they do the same.
void compare_threads(const BenchOptions& options, InstructionSet set) {
  const Graph graph = console(node_types(set), true);
  constexpr double kSettling = 1.5;  // seconds on the wall
  const int blocks = int(options.seconds * kRate / kBlock);
  const double trial = run_on(1, graph, options, 0).seconds;
  const int settling = int(kSettling / trial * blocks);
  const SharedRun one = run_on(1, graph, options, settling), more = run_on(options.threads, graph, options, settling);
  fmt::print("console64 isa={} threads={} tasks={} wall_s={:.3f} one_thread_wall_s={:.3f} speed_up={:.2f} identical={}\n",
             name_of(set), options.threads, more.tasks, more.seconds, one.seconds, one.seconds / more.seconds,
             one.hash == more.hash ? "yes" : "no");
}

double ns_per_strip_sample(double cpu, double seconds) {
  return cpu * 1e9 / (double(kStrips) * seconds * kRate);
}

/// Runs the peers' command, shows what it prints and compares each of its figures with ours.
int compare(const std::string& command, double ours, std::string_view isa) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  if (!pipe) return print_problems({{command, "can't be started", ""}}, kFailed);
  char line[1024];
  int found = 0;
  while (fgets(line, sizeof line, pipe.get())) {
    std::cout << line;
    const std::string text = line;
    const size_t at = text.find("ns_per_strip_sample=");
    if (at == std::string::npos) continue;
    const double theirs = std::strtod(text.c_str() + at + 20, nullptr);
    fmt::print("ratio {}/mixgraph-{}={:.1f}\n", text.substr(0, text.find_first_of(" :")), isa, theirs / ours);
    found++;
  }
  if (found > 0) return kDone;
  return print_problems({{command, "printed no line with ns_per_strip_sample=", ""}}, kFailed);
}

}  // namespace

int bench_console64(const BenchOptions& options, const std::vector<InstructionSet>& sets) {
  double best = HUGE_VAL;
  std::string_view best_isa;
  for (InstructionSet set : sets) {
    std::vector<TypeCost> costs;
    const Graph only_inputs = console(node_types(set), false), whole = console(node_types(set), true);
    const auto [inputs, full] = fastest<2>(options.runs, [&](size_t which) {
      return which == 0 ? cpu_seconds(only_inputs, options) : cpu_seconds(whole, options, &costs);
    });
    const double ns = ns_per_strip_sample(full - inputs, options.seconds);
    if (ns < best) best = ns, best_isa = name_of(set);
    fmt::print(
        "console64 isa={} ns_per_strip_sample={:.2f} full_cpu_s={:.3f} inputs_cpu_s={:.3f} "
        "realtime_factor={:.0f}\n",
        name_of(set), ns, full, inputs, options.seconds / full);
    fmt::print("console64 isa={} ns_per_frame", name_of(set));
    for (const TypeCost& c : costs) fmt::print(" {}={:.1f}", c.type, c.ns / double(std::max<uint64_t>(c.frames, 1)));
    fmt::print("\n");
    if (options.signals) compare_signals(options, set);
    if (options.threads > 1) compare_threads(options, set);
    std::cout.flush();
    fflush(stdout);
  }
  return options.peer.empty() ? kDone : compare(options.peer, best, best_isa);
}

}  // namespace mixgraph

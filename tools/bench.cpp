#include "tools/bench.h"

#include <time.h>

#include <cmath>

#include "tools/cli.h"

namespace mixgraph {
namespace {

int run_for_sets(const BenchOptions& options,
                 int (*bench)(const BenchOptions&, const std::vector<InstructionSet>&)) {
  if (options.isa == "all") return bench(options, available_instruction_sets());
  auto set = find_instruction_set(options.isa);
  if (!set) return print_problems(set.problems(), kUsage);
  return bench(options, {*set});
}

void add_common(CLI::App& app, BenchOptions& options, double seconds) {
  options.seconds = seconds;
  app.add_option("--seconds", options.seconds, "Sound per run")
      ->check(CLI::Range(0.01, 3600.0))
      ->capture_default_str();
  app.add_option("--runs", options.runs, "Runs; the fastest counts")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--isa", options.isa, "Instruction set: baseline, avx2, avx512, or all that the machine has")
      ->capture_default_str();
}

}  // namespace

double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

std::vector<float> pink_noise(size_t frames) {
  std::vector<float> noise(frames);
  uint32_t seed = 1;
  double a = 0, b = 0, c = 0, power = 0;
  for (float& x : noise) {
    seed = seed * 1664525u + 1013904223u;
    const double white = double(int32_t(seed)) * 0x1p-31;
    a = 0.99765 * a + white * 0.0990460;
    b = 0.96300 * b + white * 0.2965164;
    c = 0.57000 * c + white * 1.0526913;
    x = float(a + b + c + white * 0.1848);
    power += double(x) * x;
  }
  const float gain = float(0.1 / std::sqrt(power / double(frames)));
  for (float& x : noise) x *= gain;
  return noise;
}

void add_bench(CLI::App& program, Subcommands& all) {
  CLI::App* bench = program.add_subcommand("bench", "Measure how fast this machine mixes");
  bench->require_subcommand(1);

  auto console = std::make_shared<BenchOptions>();
  CLI::App* app = bench->add_subcommand("console64",
                                        "A console of 64 strips and a master on one core\n"
                                        "Strips of high-pass, four-band EQ, compressor, fader and pan into a "
                                        "master of EQ, compressor and limiter, at 48 kHz in\n"
                                        "blocks of 64 frames. Prints CPU time per strip and sample; the "
                                        "inputs are measured apart and taken off.");
  add_common(*app, *console, 60);
  app->add_option("--peer", console->peer,
                  "A command that prints lines `NAME ... ns_per_strip_sample=N` for other programs; the "
                  "ratios are printed");
  app->add_option("--threads", console->threads,
                  "Compare one thread with so many, by the clock on the wall, and their outputs bit by bit")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  app->footer(examples({"mixgraph bench console64", "mixgraph bench console64 --isa avx2 --seconds 10",
                        "mixgraph bench console64 --threads 2",
                        "mixgraph bench console64 --peer ./scsynth-console64"}));
  all.push_back({app, [console] { return run_for_sets(*console, bench_console64); }});

  auto nodes = std::make_shared<BenchOptions>();
  app = bench->add_subcommand(
      "nodes",
      "Every node type alone\nCPU nanoseconds per sample of one instance, by itself and in a full bank.");
  add_common(*app, *nodes, 2);
  app->add_option("--type", nodes->type, "Only this node type");
  app->footer(examples({"mixgraph bench nodes", "mixgraph bench nodes --type compressor --isa avx512"}));
  all.push_back({app, [nodes] { return run_for_sets(*nodes, bench_nodes); }});
}

}  // namespace mixgraph

#include <fmt/format.h>
#include <stdio.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <stdexcept>

#include "tools/bench/bench_console.h"
#include "tools/cli.h"

namespace mixgraph {
namespace {

constexpr int kRate = ConsoleDevice::kRate, kBlock = ConsoleDevice::kBlock;

/// How much longer or shorter other sounds take than noise at -20 dBFS.
void compare_signals(const BenchOptions& options, InstructionSet set) {
  const Graph graph = bench_console(options, node_types(set));
  constexpr float kGains[] = {1, 10, 1e-39f, 0};
  const auto [usual, loud, denormal, silence] =
      fastest<4>(options.runs, [&](size_t which) { return cpu_seconds(graph, options.seconds, nullptr, kGains[which]); });
  fmt::print("console64 isa={} of_usual full_scale={:.2f} denormal={:.2f} silence={:.2f}\n", name_of(set), loud / usual,
             denormal / usual, silence / usual);
}

/// What strips of different shapes cost beside strips that are alike, each without the inputs.
void compare_mixed(const BenchOptions& options, InstructionSet set) {
  constexpr ConsoleKind kKinds[] = {ConsoleKind::inputs, ConsoleKind::whole, ConsoleKind::mixed};
  const auto [inputs, alike, mixed] =
      fastest<3>(options.runs, [&](size_t which) { return cpu_seconds(bench_console(options, node_types(set), kKinds[which]), options.seconds); });
  fmt::print("console64 isa={} mixed_of_alike={:.3f}\n", name_of(set), (mixed - inputs) / (alike - inputs));
}

double ns_per_strip_sample(double cpu, const BenchOptions& options) {
  return cpu * 1e9 / (double(options.strips) * options.seconds * kRate);
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
    const Graph only_inputs = bench_console(options, node_types(set), ConsoleKind::inputs), whole = bench_console(options, node_types(set));
    const auto [inputs, full] = fastest<2>(options.runs, [&](size_t which) {
      return which == 0 ? cpu_seconds(only_inputs, options.seconds) : cpu_seconds(whole, options.seconds, &costs);
    });
    const double ns = ns_per_strip_sample(full - inputs, options);
    if (ns < best) best = ns, best_isa = name_of(set);
    fmt::print(
        "console64 isa={} ns_per_strip_sample={:.2f} full_cpu_s={:.3f} inputs_cpu_s={:.3f} "
        "realtime_factor={:.0f}\n",
        name_of(set), ns, full, inputs, options.seconds / full);
    fmt::print("console64 isa={} ns_per_frame", name_of(set));
    for (const TypeCost& c : costs) fmt::print(" {}={:.1f}", c.type, c.ns / double(std::max<uint64_t>(c.frames, 1)));
    fmt::print("\n");
    if (options.signals) compare_signals(options, set);
    if (options.mixed) compare_mixed(options, set);
    if (options.threads > 1) compare_threads(options, set);
    if (options.threads > 1 && options.paced) compare_threads_paced(options, set);
    std::cout.flush();
    fflush(stdout);
  }
  return options.peer.empty() ? kDone : compare(options.peer, best, best_isa);
}

}  // namespace mixgraph

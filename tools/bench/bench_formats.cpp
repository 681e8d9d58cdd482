#include <fmt/format.h>

#include "tools/bench/bench_console.h"
#include "tools/cli.h"
#include "tools/describe/graph_sketch.h"

namespace mixgraph {
namespace {

constexpr int kChannels = 12, kSources = 4;

void add_bus(GraphSketch& sketch, const std::string& name, const std::string& channels, bool whole) {
  for (int s = 0; s < kSources; s++) sketch.node(fmt::format("in/{}/{}", name, s), "input", {{"channels", channels}});
  if (!whole) return;
  sketch.node(name + "/sum", "sum");
  for (int s = 0; s < kSources; s++) sketch.cable(fmt::format("in/{}/{}", name, s), name + "/sum");
  sketch.node_after(name + "/sum", name + "/eq", "eq", {{"1/gain", 2.}, {"2/gain", -3.}, {"3/gain", 2.}, {"4/gain", 3.}});
  sketch.node_after(name + "/eq", name + "/compressor", "compressor", {{"threshold", -20.}});
  sketch.node_after(name + "/compressor", name + "/fader", "fader", {{"level", -6.}});
  sketch.node_after(name + "/fader", name + "/mute", "mute");
  sketch.node_after(name + "/mute", name + "/meter", "meter");
}

Graph buses(NodeTypes types, bool wide, bool whole) {
  GraphSketch sketch(types);
  if (wide) add_bus(sketch, "mix/film", "1-12", whole);
  for (int c = 1; c <= kChannels && !wide; c++) add_bus(sketch, fmt::format("mix/{}", c), std::to_string(c), whole);
  return sketch.graph();
}

}  // namespace

int bench_formats(const BenchOptions& options, const std::vector<InstructionSet>& sets) {
  for (const InstructionSet set : sets) {
    const auto [wide, wide_inputs, mono, mono_inputs] = fastest<4>(
        options.runs, [&](size_t which) { return cpu_seconds(buses(node_types(set), which < 2, which % 2 == 0), options.seconds); });
    fmt::print("formats isa={} bus_of_12_channels_of_12_mono={:.2f}\n", name_of(set), (wide - wide_inputs) / (mono - mono_inputs));
  }
  return kDone;
}

}  // namespace mixgraph

#include "tools/bench/bench_console.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "tools/describe/graph_sketch.h"

namespace mixgraph {
namespace {

/// `shapes`: of three bands, as bits: whether it is the other one than it is by default.
void add_equaliser(GraphSketch& sketch, const std::string& from, const std::string& path, int shapes = 0) {
  const auto type = [shapes](int bit, double usual, double other) { return shapes >> bit & 1 ? other : usual; };
  sketch.node_after(from, path, "eq",
                    {{"1/gain", 2.},
                     {"1/freq", 120.},
                     {"2/gain", -3.},
                     {"2/freq", 400.},
                     {"3/gain", 2.},
                     {"3/freq", 2500.},
                     {"4/gain", 3.},
                     {"4/freq", 8000.},
                     {"1/type", type(0, 1, 0)},
                     {"2/type", type(1, 0, 1)},
                     {"4/type", type(2, 2, 0)}});
}
void add_compressor(GraphSketch& sketch, const std::string& from, const std::string& path, double ratio) {
  sketch.node_after(from, path, "compressor",
                    {{"threshold", -20.}, {"ratio", ratio}, {"attack", 10.}, {"release", 100.}});
}

std::string numbered(const std::string& start, int number) {
  return start + std::to_string(number);
}

void add_strip(GraphSketch& sketch, const BenchOptions& options, const std::string& input, int number, bool mixed) {
  const std::string strip = numbered("mix/", number) + "/";
  sketch.node_after(input, strip + "highpass", "highpass", {{"freq", 80.}, {"slope", mixed ? double(number % 3) : 0}});
  add_equaliser(sketch, strip + "highpass", strip + "eq", mixed ? number % 8 : 0);
  add_compressor(sketch, strip + "eq", strip + "compressor", 4);
  sketch.node_after(strip + "compressor", strip + "fader", "fader", {{"level", -20.}});
  sketch.node_after(strip + "fader", strip + "pan", "pan", {{"position", 2. * (number - 1) / options.strips - 1}});
  sketch.cable(strip + "pan", "mix/sum");
  if (options.reverbs == 0) return;
  sketch.node_after(strip + "pan", strip + "send", "send", {{"level", -12.}});
  sketch.cable(strip + "send", numbered("mix/reverb", (number - 1) % options.reverbs + 1));
}

void add_reverbs(GraphSketch& sketch, int reverbs) {
  for (int i = 1; i <= reverbs; i++) {
    sketch.node(numbered("mix/reverb", i), "reverb");
    sketch.cable(numbered("mix/reverb", i), "mix/sum");
  }
}

void add_master(GraphSketch& sketch) {
  add_equaliser(sketch, "mix/sum", "master/eq");
  add_compressor(sketch, "master/eq", "master/compressor", 2);
  sketch.node_after("master/compressor", "master/limiter", "limiter", {{"ceiling", -1.}});
  sketch.node_after("master/limiter", "master/out", "output");
}

}  // namespace

Graph bench_console(const BenchOptions& options, NodeTypes types, ConsoleKind kind) {
  GraphSketch sketch(types);
  const bool whole = kind != ConsoleKind::inputs;
  if (whole) {
    sketch.node("mix/sum", "sum");
    add_reverbs(sketch, options.reverbs);
  }
  for (int i = 1; i <= options.strips; i++) {
    const std::string input = numbered("in/", i);
    sketch.node(input, "input", {{"channels", std::to_string((i - 1) % ConsoleDevice::kInputs + 1)}});
    if (whole) add_strip(sketch, options, input, i, kind == ConsoleKind::mixed);
  }
  if (whole) add_master(sketch);
  return sketch.graph();
}

ConsoleDevice::ConsoleDevice(float gain) : noise_(pink_noise(kNoiseBlocks * kBlock)), left_(kBlock), right_(kBlock) {
  for (float& x : noise_) x *= gain;
}

void ConsoleDevice::run(Engine& engine) {
  const float* in[kInputs];
  for (size_t c = 0; c < kInputs; c++) in[c] = noise_.data() + (block_ + c * 41) % kNoiseBlocks * kBlock;
  float* out[2] = {left_.data(), right_.data()};
  engine.process(in, out, kBlock);
  block_++;
  checksum_ += left_[0];
  for (float x : left_) hash_ = (hash_ ^ std::bit_cast<uint32_t>(x)) * 0x100000001b3;
  for (float x : right_) hash_ = (hash_ ^ std::bit_cast<uint32_t>(x)) * 0x100000001b3;
}

EngineSettings console_engine(int threads) {
  return {.environment = {.rate = ConsoleDevice::kRate}, .inputs = ConsoleDevice::kInputs, .outputs = 2, .threads = threads};
}

void make_sound(Engine& engine, const Graph& graph) {
  if (Problems problems = engine.update(graph); !problems.empty()) throw std::runtime_error(problems.front().text());
}

double cpu_seconds(const Graph& graph, double seconds, std::vector<TypeCost>* costs, float gain) {
  const int blocks = std::max(1, int(seconds * ConsoleDevice::kRate / ConsoleDevice::kBlock));
  ConsoleDevice device(gain);
  Engine engine(console_engine());
  make_sound(engine, graph);
  for (int b = 0; b < ConsoleDevice::kRate / ConsoleDevice::kBlock / 2; b++) device.run(engine), engine.advance();
  const double start = thread_seconds();
  for (int b = 0; b < blocks; b++) device.run(engine);
  const double taken = thread_seconds() - start;
  if (!std::isfinite(device.checksum())) throw std::runtime_error("the console's output isn't finite");
  if (costs) *costs = engine.costs();
  return taken;
}

}  // namespace mixgraph

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>

#include "graph/bank.h"
#include "tools/bench/bench.h"
#include "tools/cli.h"

namespace mixgraph {
namespace {

constexpr double kRate = 48000;

int channels_of(std::span<const Port> ports, int adaptive) {
  int count = 0;
  for (const Port& port : ports) count += port.channels > 0 ? port.channels : port.channels == kOwn ? 2 : adaptive;
  return count;
}

/// Buffers of one block for all channels of a side, full of noise.
class Buffers {
 public:
  Buffers(int channels, int lanes) : samples_(size_t(channels) * kMaxBlock * size_t(lanes)) {
    const std::vector<float> noise = pink_noise(std::max<size_t>(samples_.size(), 1));
    std::copy_n(noise.begin(), samples_.size(), samples_.data());
    for (int c = 0; c < channels; c++)
      pointers_.push_back(samples_.data() + size_t(c) * kMaxBlock * size_t(lanes));
  }
  float* const* data() { return pointers_.data(); }

 private:
  Floats samples_;
  std::vector<float*> pointers_;
};

/// A bank that is run block by block, on the same input again and again.
class BankLoop {
 public:
  BankLoop(std::shared_ptr<Bank> bank, int channels)
      : bank_(std::move(bank)),
        in_(channels_of(bank_->type().inputs, channels), bank_->lanes()),
        out_(channels_of(bank_->type().outputs, channels), bank_->lanes()),
        device_(2, 1) {}

  void run() {
    bank_->start_tick(time_, false, glides_);
    const Chunk chunk{kMaxBlock, 0, time_, {device_.data(), device_.data(), 2, 2, 0}, nullptr, nullptr, faults_};
    const bool twice = bank_->type().breaks_loops;
    if (twice) bank_->process(chunk, nullptr, out_.data());
    bank_->process(chunk, in_.data(), twice ? nullptr : out_.data());
    time_ += kMaxBlock;
  }

 private:
  std::shared_ptr<Bank> bank_;
  Buffers in_, out_, device_;
  GlidePool glides_;  // nothing moves
  std::atomic<uint64_t> faults_{0};
  uint64_t time_ = 0;
};

/// CPU nanoseconds per sample of one instance; nothing if it can't be made from its initial values.
std::optional<double> cost(const NodeType& type, const Kernel& kernel, const BenchOptions& options) {
  const NoDenormals no_denormals;
  const Environment environment{.rate = kRate};
  const FadeShape shape(kRate);
  std::vector<Value> values;
  for (int r = 0; r < row_count(type); r++) values.push_back(initial_value(row(type, r)));
  auto bank = Bank::create(type, kernel, Setup{environment, type.least_channels, values}, shape);
  if (!bank) return {};
  for (int l = 0; l < kernel.lanes; l++) (*bank)->start_lane(l, Setup{environment, type.least_channels, values}, false);
  BankLoop loop(std::move(*bank), type.least_channels);
  const int blocks = std::max(1, int(options.seconds * kRate / kMaxBlock / kernel.lanes));
  double best = HUGE_VAL;
  for (int r = 0; r < options.runs; r++) {
    for (int b = 0; b < 20; b++) loop.run();
    const double start = thread_seconds();
    for (int b = 0; b < blocks; b++) loop.run();
    best = std::min(best, thread_seconds() - start);
  }
  return best * 1e9 / (double(blocks) * kMaxBlock * kernel.lanes);
}

/// Device and file nodes only copy here, so they would show nothing.
bool is_worth_it(const NodeType& type) {
  return type.role == DeviceRole::none && !type.kernels.front().service;
}

std::string figure(const NodeType& type, const Kernel& kernel, const BenchOptions& options) {
  const auto ns = cost(type, kernel, options);
  return ns ? fmt::format("{:10.2f}", *ns) : fmt::format("{:>10}", "-");
}

void print_row(const NodeType& type, InstructionSet set, const BenchOptions& options) {
  const Kernel &one = type.kernels.front(), &widest = type.kernels.back();
  const std::string alone = figure(type, one, options);
  const std::string full = &one == &widest ? fmt::format("{:>10}", "-") : figure(type, widest, options);
  fmt::print("{:<12} {:<9} {} {} {:5}\n", type.id, name_of(set), alone, full, widest.lanes);
  std::fflush(stdout);
}

}  // namespace

int bench_nodes(const BenchOptions& options, const std::vector<InstructionSet>& sets) {
  bool found = false;
  fmt::print("ns per sample of one instance, mono where the type allows, {} Hz, {} frames\n", kRate,
             kMaxBlock);
  fmt::print("{:<12} {:<9} {:>10} {:>10} {:>5}\n", "type", "isa", "alone", "in a bank", "lanes");
  for (const NodeType* listed : node_types()) {
    if (!options.type.empty() && listed->id != options.type) continue;
    found = true;
    if (!is_worth_it(*listed)) continue;
    for (InstructionSet set : sets)
      for (const NodeType* type : node_types(set))
        if (type->id == listed->id) print_row(*type, set, options);
  }
  if (found) return kDone;
  return print_problems(
      {{"--type", "`" + options.type + "` is no node type", "`mixgraph describe` lists them"}}, kUsage);
}

}  // namespace mixgraph

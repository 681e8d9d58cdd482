// What every node type must do, whatever it is: checked for all of them, from their tables.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <functional>
#include <random>

#include "tests/support/allocations.h"
#include "tests/support/node_runner.h"
#include "tests/support/test_types.h"

using namespace mixgraph;

namespace {

constexpr double kRates[] = {44100, 48000, 96000, 192000};
constexpr float kBound = 1000;  // +60 dB
constexpr float kLoudest = 0.9f;  // of the programme
using Faults = std::vector<std::string>;

/// Noise with pauses and bursts, at most at 0 dBFS, different for each seed.
Channels programme(int channels, int frames, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> noise(-1, 1);
  Channels c(static_cast<size_t>(channels), std::vector<float>(size_t(frames)));
  for (auto& channel : c)
    for (size_t i = 0; i < channel.size(); i++) {
      float level = i % 1500 > 1300 ? 0.f : i % 700 < 300 ? kLoudest : 0.05f;
      channel[i] = level * noise(random);
    }
  return c;
}

std::string scratch_folder() {
  auto folder = std::filesystem::temp_directory_path() / "mixgraph_every_node";
  std::filesystem::create_directories(folder);
  return folder.string();
}

RunnerOptions options_for(double rate, int channels, int lanes = 1, std::vector<Setting> values = {}) {
  return {.rate = rate,
          .channels = channels,
          .lanes = lanes,
          .values = std::move(values),
          .record_root = scratch_folder()};
}

bool is_live(const Parameter& p) {
  return !is_text(p) && p.update == Update::live;
}

void judge(Faults& faults, const std::string& what, const NodeRunner& run, const Channels& out) {
  float largest = 0;
  bool finite = true;
  for (auto& channel : out)
    for (float x : channel) {
      finite = finite && std::isfinite(x);
      largest = std::max(largest, std::abs(x));
    }
  if (!finite) faults.push_back(what + ": not finite");
  if (largest >= kBound) faults.push_back(what + ": reaches " + std::to_string(largest));
  if (run.type().never_louder && run.output_channels() <= 2 && largest > kLoudest * 1.001f)
    faults.push_back(what + ": is louder than its input, " + std::to_string(largest));
  if (run.allocations() > 0) faults.push_back(what + ": allocates");
}

bool same(const Channels& a, const Channels& b) {
  return a == b;
}

std::string label(const NodeType& type, double rate, int channels) {
  return std::string(type.id) + " at " + std::to_string(int(rate)) + " Hz, " + std::to_string(channels) +
         " ch";
}

/// Every row at its least, initial and greatest value, and every choice.
Faults check_values(const NodeType& type, double rate, int channels) {
  Faults faults;
  auto try_values = [&](const std::string& what, std::vector<Setting> values) {
    NodeRunner run(type, options_for(rate, channels, 1, std::move(values)));
    auto input = programme(run.input_channels(), 1600, 1);
    judge(faults, label(type, rate, channels) + ", " + what, run, run.process(input, 1600));
  };
  try_values("as it is made", {});
  for (const Parameter& p : type.parameters) {
    if (is_text(p) || !takes_any_value(type, p)) continue;
    std::vector<double> values{p.min, p.max};
    for (size_t i = 1; i + 1 < p.choices.size(); i++) values.push_back(double(i));
    for (double v : values) try_values(std::string(p.id) + " = " + std::to_string(v), {{p.id, v}});
  }
  return faults;
}

/// Every live row from end to end and back, each on its own.
Faults check_sweeps(const NodeType& type, double rate, int channels) {
  Faults faults;
  for (const Parameter& p : type.parameters) {
    if (!is_live(p)) continue;
    NodeRunner run(type, options_for(rate, channels));
    auto input = programme(run.input_channels(), 2000, 2);
    auto sweep = [&](auto change) {
      change();
      judge(faults, label(type, rate, channels) + ", " + std::string(p.id) + " swept", run,
            run.process(input, 1000));
    };
    sweep([&] { run.jump(p.id, p.min); });
    if (p.motion == Motion::smooth) sweep([&] { run.move(p.id, p.max, 900 / rate); });
    if (p.motion == Motion::smooth) sweep([&] { run.set(p.id, p.min); });
    sweep([&] { run.jump(p.id, p.max); });
    sweep([&] { run.set(p.id, p.initial); });
  }
  return faults;
}

/// All live rows on the move at once, each in its own time, cut into blocks.
Channels eventful_run(const NodeType& type, double rate, int channels, int block, uint64_t& allocations) {
  NodeRunner run(type, options_for(rate, channels));
  int frames = 200;
  Channels out(size_t(run.output_channels()));
  for (int round = 0; round < 12; round++) {
    for (size_t r = 0; r < type.parameters.size(); r++) {
      const Parameter& p = type.parameters[r];
      if (!is_live(p) || (size_t(round) + r) % 3 != 0) continue;
      double target = from_position(p, double((size_t(round) * 7 + r * 5) % 11) / 10);
      if (round % 2 || p.motion == Motion::jump)
        run.set(p.id, target);
      else
        run.move(p.id, target, 0.004 * double(r + 1));
    }
    auto piece = run.process(programme(run.input_channels(), frames, unsigned(round)), frames, block);
    for (size_t c = 0; c < out.size(); c++) out[c].insert(out[c].end(), piece[c].begin(), piece[c].end());
  }
  allocations = run.allocations();
  return out;
}

/// The same, byte for byte, wherever blocks are cut, and whenever it is done again.
Faults check_cuts(const NodeType& type, double rate, int channels) {
  Faults faults;
  uint64_t allocations = 0;
  auto once = eventful_run(type, rate, channels, 64, allocations);
  std::string what = label(type, rate, channels);
  if (allocations > 0) faults.push_back(what + ": allocates");
  for (int block : {64, 17, 1})
    if (!same(once, eventful_run(type, rate, channels, block, allocations)))
      faults.push_back(
          what + (block == 64 ? ": not deterministic" : ": differs in blocks of " + std::to_string(block)));
  return faults;
}

double target_for(const Parameter& p, int lane, int round) {
  return from_position(p, double((lane * 3 + round * 5) % 17) / 16);
}

/// Every choice of rows that rebuild in turn, as far as lanes of one bank may differ in them.
std::vector<Setting> built_of(const NodeType& type, int channels, int lane) {
  const Environment environment{.rate = 48000, .record_root = scratch_folder()};
  std::vector<Value> values;
  for (int r = 0; r < row_count(type); r++) values.push_back(initial_value(row(type, r)));
  const auto key = [&] {
    const Setup setup{environment, channels, values};
    return std::pair(type.bank_key ? type.bank_key(setup) : 0, own_format(type, setup).channels);
  };
  const auto same = key();
  std::vector<Setting> built;
  for (size_t r = 0; r < type.parameters.size(); r++) {
    const Parameter& p = type.parameters[r];
    if (!type.runs_in_lanes() || p.update == Update::live || is_text(p)) continue;
    const Value initial = std::exchange(values[r], nearest(p, from_position(p, double((lane * 5 + int(r)) % 7) / 6)));
    if (key() == same)
      built.push_back({p.id, std::get<double>(values[r])});
    else
      values[r] = initial;
  }
  return built;
}

/// The lanes' values at first, their moves, and what they put out: of one instance in a lane of its own, if
/// `only` >= 0.
std::vector<Channels> laned_run(const NodeType& type, int lanes, int channels, int only) {
  RunnerOptions options = options_for(48000, channels, lanes);
  if (only >= 0) options.values = built_of(type, channels, only);
  for (int l = 0; only < 0 && l < lanes; l++) options.lane_values.push_back(built_of(type, channels, l));
  NodeRunner run(type, options);
  std::vector<Channels> out(static_cast<size_t>(lanes));
  for (int round = 0; round < 3; round++) {
    std::vector<Channels> input;
    for (int l = 0; l < lanes; l++) {
      int who = only >= 0 ? only : l;
      input.push_back(programme(run.input_channels(), 250, unsigned(who * 10 + round)));
      for (const Parameter& p : type.parameters) {
        if (!is_live(p) || (who + round) % 3 == 0) continue;
        if (round == 0)
          run.jump(p.id, target_for(p, who, round), l);
        else
          run.set(p.id, target_for(p, who, round), l);
      }
    }
    auto piece = run.process_lanes(input, 250, 64);
    for (size_t l = 0; l < size_t(lanes); l++) {
      for (auto& meter : type.meters) piece[l].push_back({run.meter(meter.id, int(l))});
      out[l].resize(piece[l].size());
      for (size_t c = 0; c < piece[l].size(); c++)
        out[l][c].insert(out[l][c].end(), piece[l][c].begin(), piece[l][c].end());
    }
  }
  return out;
}

/// Instances sound alike whichever kernel runs them, and whichever lane they are in.
Faults check_lanes(const NodeType& type, int channels) {
  Faults faults;
  std::vector<Channels> alone;
  for (int l = 0; l < type.kernels.back().lanes; l++) alone.push_back(laned_run(type, 1, channels, l)[0]);
  for (const Kernel& kernel : type.kernels.subspan(1)) {
    auto together = laned_run(type, kernel.lanes, channels, -1);
    double worst = 0;
    for (size_t l = 0; l < together.size(); l++)
      for (size_t c = 0; c < together[l].size(); c++)
        for (size_t i = 0; i < together[l][c].size(); i++)
          worst = std::max(worst, double(std::abs(together[l][c][i] - alone[l][c][i])));
    if (!(worst <= 1e-6))
      faults.push_back(std::string(type.id) + " in " + std::to_string(kernel.lanes) + " lanes is off by " +
                       std::to_string(worst));
  }
  return faults;
}

std::string listed(const Faults& faults) {
  std::string text;
  for (auto& f : faults) text += f + "\n";
  return text;
}

void for_all_types(const std::function<Faults(const NodeType&)>& check) {
  for (const NodeType* type : node_types()) CHECK(listed(check(*type)) == "");
}

/// Nodes with one fault each.
namespace bad {
using namespace mixgraph::baseline;

template <class V>
struct Good {
  void process(Block<V> b) {
    for (int c = 0; c < b.channels(); c++) std::copy_n(b.in(c), b.frames(), b.out(c));
  }
};
template <class V>
struct Lanes : Good<V> {
  void process(Block<V> b) {
    for (int c = 0; c < b.channels(); c++)
      for (int i = 0; i < b.frames(); i++) b.out(c)[i] = b.in(c)[i] * V(kLanes<V> > 4 ? 1.0001f : 1.f);
  }
};
template <class V>
struct Allocates : Good<V> {
  void process(Block<V> b) {
    delete[] memory;
    memory = new float[2000];
    Good<V>::process(b);
  }
  ~Allocates() { delete[] memory; }
  float* volatile memory = nullptr;
};
template <class V>
struct Cuts : Good<V> {
  void process(Block<V> b) {
    Good<V>::process(b);
    for (int c = 0; c < b.channels(); c++) b.out(c)[0] = V(0.f);
  }
};
template <class V>
struct Unwritten : Good<V> {
  void process(Block<V> b) { std::copy_n(b.in(0), b.frames(), b.out(0)); }
};
template <class V>
struct Loud : Good<V> {
  void process(Block<V> b) {
    for (int c = 0; c < b.channels(); c++)
      for (int i = 0; i < b.frames(); i++) b.out(c)[i] = b.in(c)[i] * V(1e4f);
  }
};
template <class V>
struct Louder : Good<V> {
  void process(Block<V> b) {
    for (int c = 0; c < b.channels(); c++)
      for (int i = 0; i < b.frames(); i++) b.out(c)[i] = b.in(c)[i] * V(1.01f);
  }
};
template <class V>
struct Moody : Good<V> {
  void process(Block<V> b) {
    static float mood = 0;
    for (int c = 0; c < b.channels(); c++)
      for (int i = 0; i < b.frames(); i++) b.out(c)[i] = b.in(c)[i] + V(mood += 1e-5f);
  }
};

constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};
/// Holds a number that its lanes share, in what would be padding.
template <class V>
struct Shares {
  V own;
  float shared;
};
template <class V>
struct Own {
  V own;
};
template <class V>
struct Remembers {
  V own;
  LaneMemory<V> memory;
};
template <class V>
struct Heap {
  V own;
  std::vector<float> values;
};
static_assert(!is_of_lanes<Shares>() && !is_of_lanes<Heap>() && is_of_lanes<Own>() && is_of_lanes<Remembers>() && is_of_lanes<Good>());
static_assert(state_in_lanes<Good<float>>() == State::none && state_in_lanes<Own<float>>() == State::lanes &&
              state_in_lanes<Remembers<float>>() == State::memory);

constexpr Meter kTwins[] = {{.id = "a", .label = "A", .doc = "One."}, {.id = "a", .label = "A", .doc = "Two."}};
constexpr Meter kMute[] = {{.id = "a", .label = "A", .doc = "No sentence"}};
constexpr Port kTwice[] = {{"in"}, {"in"}}, kSelf[] = {{"in"}, {.id = "key", .normalled = 1}}, kBroad[] = {{"in", 99}};
constexpr NodeType whole{.id = "whole", .label = "W", .doc = "W.", .category = "test", .inputs = kIn, .kernels = kAnyKernels<Good>};
constexpr NodeType with(std::span<const Port> inputs, std::span<const Meter> meters = {}) {
  NodeType t = whole;
  t.inputs = inputs, t.meters = meters;
  return t;
}
static_assert(is_sound(whole) && is_sound(with(kIn)));
static_assert(!is_sound(with(kTwice)) && !is_sound(with(kSelf)) && !is_sound(with(kBroad)));
static_assert(!is_sound(with(kIn, kTwins)) && !is_sound(with(kIn, kMute)));

template <template <class> class Node>
constexpr NodeType type_of(std::string_view id) {
  return {.id = id,
          .label = id,
          .doc = id,
          .category = "test",
          .inputs = kIn,
          .outputs = kOut,
          .parameters = {},
          .meters = {},
          .kernels = kAnyKernels<Node>,
          .never_louder = true};
}
}  // namespace bad

}  // namespace

TEST_CASE("every node is finite and bounded at the ends of every parameter", "[every_node]") {
  for (double rate : kRates)
    for (int channels : {1, 2}) for_all_types([&](auto& type) { return check_values(type, rate, channels); });
}

TEST_CASE("every node is finite and bounded while a parameter sweeps", "[every_node]") {
  for (double rate : kRates) for_all_types([&](auto& type) { return check_sweeps(type, rate, 2); });
}

TEST_CASE("every node puts out the same wherever blocks are cut", "[every_node]") {
  for (double rate : kRates)
    for (int channels : {1, 2}) for_all_types([&](auto& type) { return check_cuts(type, rate, channels); });
}

TEST_CASE("every node sounds the same in every lane of every kernel of every instruction set",
          "[every_node]") {
  for (InstructionSet set : available_instruction_sets())
    for (const NodeType* type : node_types(set))
      for (int channels : {1, 2}) {
        INFO(name_of(set));
        CHECK(listed(check_lanes(*type, channels)) == "");
      }
}

TEST_CASE("every node has its kernels in order, the first for one lane", "[every_node]") {
  for (InstructionSet set : available_instruction_sets())
    for (const NodeType* type : node_types(set)) {
      INFO(name_of(set) << " " << type->id);
      REQUIRE_FALSE(type->kernels.empty());
      CHECK(type->kernels[0].lanes == 1);
      for (size_t i = 1; i < type->kernels.size(); i++) {
        CHECK(type->kernels[i].lanes > type->kernels[i - 1].lanes);
        CHECK(type->kernels[i].lanes <= kMaxLanes);
        CHECK(type->kernels[i].state == type->kernels[0].state);
      }
    }
}

TEST_CASE("the checks of every node find nodes that are at fault", "[every_node]") {
  static constexpr NodeType good = bad::type_of<bad::Good>("good"), lanes = bad::type_of<bad::Lanes>("lanes"),
                            cuts = bad::type_of<bad::Cuts>("cuts"),
                            allocates = bad::type_of<bad::Allocates>("allocates"),
                            unwritten = bad::type_of<bad::Unwritten>("unwritten"),
                            loud = bad::type_of<bad::Loud>("loud"), louder = bad::type_of<bad::Louder>("louder"),
                            moody = bad::type_of<bad::Moody>("moody");
  CHECK(check_values(good, 48000, 2).empty());
  CHECK(check_cuts(good, 48000, 2).empty());
  CHECK(check_lanes(good, 2).empty());
  CHECK_FALSE(check_lanes(lanes, 2).empty());
  CHECK_FALSE(check_cuts(cuts, 48000, 2).empty());
  CHECK_FALSE(check_values(unwritten, 48000, 2).empty());
  CHECK_FALSE(check_values(loud, 48000, 2).empty());
  CHECK_FALSE(check_values(louder, 48000, 2).empty());
  CHECK_FALSE(check_cuts(moody, 48000, 2).empty());
  if (allocations_are_counted()) CHECK_FALSE(check_values(allocates, 48000, 2).empty());
}

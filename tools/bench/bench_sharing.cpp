#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>

#include "daemon/audio/clock_driver.h"
#include "tools/bench/bench_console.h"

namespace mixgraph {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr int kRate = ConsoleDevice::kRate, kBlock = ConsoleDevice::kBlock;
constexpr double kSettling = 1.5;  // seconds on the wall, in which an engine finds out what pays

struct SharedRun {
  double seconds = HUGE_VAL;  ///< on the wall
  uint64_t hash = 0;          ///< of all samples
  uint64_t tasks = 0;
};
void keep_faster(SharedRun& best, const SharedRun& run) {
  best = {std::min(best.seconds, run.seconds), run.hash, run.tasks};
}

/// `settling`: blocks before those that count.
SharedRun run_on(int threads, const Graph& graph, int settling, int blocks) {
  ConsoleDevice device;
  Engine engine(console_engine(threads));
  make_sound(engine, graph);
  for (int b = 0; b < settling; b++) device.run(engine), engine.advance();
  const auto start = Clock::now();
  for (int b = 0; b < blocks; b++) device.run(engine);
  return {Seconds(Clock::now() - start).count(), device.hash(), engine.counters().tasks};
}

/// Two engines on a thread each, which know nothing of each other; seconds until both are done.
double run_two(const Graph& graph, int blocks) {
  std::atomic<int> ready{0};
  const auto run = [&] {
    ConsoleDevice device;
    Engine engine(console_engine());
    make_sound(engine, graph);
    for (int b = 0; b < blocks / 10; b++) device.run(engine), engine.advance();
    for (ready++; ready < 2;) {
    }
    const auto start = Clock::now();
    for (int b = 0; b < blocks; b++) device.run(engine);
    return Seconds(Clock::now() - start).count();
  };
  double other = 0;
  std::thread thread([&] { other = run(); });
  const double here = run();
  thread.join();
  return std::max(here, other);
}

/// The engine as the clock driver's audio thread runs it, hearing the console's noise.
struct Stage {
  explicit Stage(int threads, size_t most) : engine(with_priority(threads)) { loads.reserve(most); }

  static EngineSettings with_priority(int threads) {
    EngineSettings settings = console_engine(threads);
    settings.on_thread_start = [] { raise_priority(pthread_self(), kHelpersPriority); };
    return settings;
  }
  static void process(void* context, const float* const*, float* const*, int) noexcept {
    auto& stage = *static_cast<Stage*>(context);
    if (stage.blocks == stage.loads.capacity()) return;
    const auto start = Clock::now();
    stage.device.run(stage.engine);
    stage.loads.push_back(Seconds(Clock::now() - start).count() * kRate / kBlock);
    stage.blocks.store(stage.loads.size(), std::memory_order_release);
  }

  static constexpr int kHelpersPriority = 69;  // just below the driver's
  ConsoleDevice device;
  Engine engine;
  std::vector<double> loads;  // of each block
  std::atomic<size_t> blocks{0};
};

struct PacedRun {
  double mean = HUGE_VAL, p50 = 0, p99 = 0;  ///< load
  uint64_t hash = 0, tasks = 0;
  double shared = 0;  ///< share of the time in which there were several tasks
};
void keep_faster(PacedRun& best, const PacedRun& run) {
  if (run.mean < best.mean) best = run;
}

PacedRun run_paced(int threads, const Graph& graph, int settling, int blocks) {
  Stage stage(threads, size_t(settling + blocks));
  make_sound(stage.engine, graph);
  ClockDriver driver({.driver = "clock", .rate = kRate, .period = kBlock, .inputs = 1, .outputs = 2});
  driver.start({&stage, Stage::process});
  double turns = 0, shared = 0;
  for (size_t done = 0; done < size_t(settling + blocks); done = stage.blocks.load(std::memory_order_acquire)) {
    stage.engine.advance();
    if (done >= size_t(settling)) turns++, shared += stage.engine.counters().tasks > 1;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  driver.stop();
  std::vector<double> loads(stage.loads.begin() + settling, stage.loads.end());
  std::sort(loads.begin(), loads.end());
  double sum = 0;
  for (const double load : loads) sum += load;
  return {sum / double(blocks), loads[loads.size() / 2], loads[loads.size() * 99 / 100], stage.device.hash(),
          stage.engine.counters().tasks, turns > 0 ? shared / turns : 0};
}

}  // namespace

void compare_threads(const BenchOptions& options, InstructionSet set) {
  const Graph graph = bench_console(options, node_types(set));
  const int blocks = int(options.seconds * kRate / kBlock);
  const int settling = int(kSettling / run_on(1, graph, 0, blocks).seconds * blocks);
  SharedRun one, more;
  double two = HUGE_VAL;
  for (int run = 0; run < options.runs; run++) {  // in turns, so that all see the same machine
    keep_faster(one, run_on(1, graph, settling, blocks));
    keep_faster(more, run_on(options.threads, graph, settling, blocks));
    two = std::min(two, run_two(graph, blocks));
  }
  fmt::print("console64 isa={} threads={} tasks={} wall_s={:.3f} one_thread_wall_s={:.3f} speed_up={:.2f} identical={}\n",
             name_of(set), options.threads, more.tasks, more.seconds, one.seconds, one.seconds / more.seconds,
             one.hash == more.hash ? "yes" : "no");
  fmt::print("console64 isa={} two independent runs: {:.2f} times one's throughput\n", name_of(set), 2 * one.seconds / two);
}

void compare_threads_paced(const BenchOptions& options, InstructionSet set) {
  const Graph graph = bench_console(options, node_types(set));
  const int blocks = std::max(100, int(options.seconds * kRate / kBlock)), settling = 3 * kRate / kBlock;
  PacedRun one, more;
  for (int run = 0; run < options.runs; run++) {
    keep_faster(one, run_paced(1, graph, settling, blocks));
    keep_faster(more, run_paced(options.threads, graph, settling, blocks));
  }
  for (const auto& [threads, run] : {std::pair{1, &one}, {options.threads, &more}})
    fmt::print("console64 isa={} paced threads={} tasks={} shared_of_time={:.2f} load: mean={:.4f} p50={:.4f} p99={:.4f}\n",
               name_of(set), threads, run->tasks, run->shared, run->mean, run->p50, run->p99);
  fmt::print("console64 isa={} paced speed_up: mean={:.2f} p50={:.2f} identical={}\n", name_of(set), one.mean / more.mean,
             one.p50 / more.p50, one.hash == more.hash ? "yes" : "no");
}

}  // namespace mixgraph

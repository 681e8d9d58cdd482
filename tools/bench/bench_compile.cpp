#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "daemon/audio/clock_driver.h"
#include "daemon/control/control.h"
#include "tools/bench/bench.h"
#include "tools/bench/bench_session.h"
#include "tools/cli.h"

namespace mixgraph {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBlock = 64;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

EngineSettings engine_settings(const Session& session) {
  EngineSettings settings;
  const DeviceChannels channels = channels_of(session.audio, session.graph);
  settings.inputs = channels.inputs;
  settings.outputs = channels.outputs;
  return settings;
}

struct LoadTimes {
  double load = HUGE_VAL, compile = HUGE_VAL;  // ms
  double total() const { return load + compile; }
};

/// From a text in memory to a program that waits for the audio thread.
LoadTimes load_once(const std::string& text) {
  LoadTimes times;
  auto start = Clock::now();
  auto session = parse_session(text, "bench.yaml", ".", node_types());
  times.load = ms_since(start);
  if (!session) throw std::runtime_error(session.problems().front().text());
  Engine engine(engine_settings(*session));
  start = Clock::now();
  if (Problems problems = engine.update(session->graph); !problems.empty())
    throw std::runtime_error(problems.front().text());
  times.compile = ms_since(start);
  return times;
}

/// A session that plays on the clock, and a client of its control.
class Desk {
 public:
  explicit Desk(Session session)
      : engine_(engine_settings(session)),
        driver_({.driver = "clock", .period = kBlock, .inputs = engine_.settings().inputs, .outputs = engine_.settings().outputs}),
        control_(engine_, std::move(session), node_types(), [this](const Client&, const osc::Packet& packet, bool) {
          const auto* message = std::get_if<osc::Message>(&packet);
          if (message && message->address == "/error") error_ = osc::describe(*message);
        }) {
    if (Problems problems = control_.start(); !problems.empty()) throw std::runtime_error(problems.front().text());
    driver_.start({&engine_, [](void* engine, const float* const* in, float* const* out, int frames) noexcept {
                     static_cast<Engine*>(engine)->process(in, out, frames);
                   }});
    settle();
  }
  ~Desk() { driver_.stop(); }

  struct Times {
    double cpu = 0, control = 0, heard = 0;  // ms; the first two of the control thread
  };
  /// One message, until the audio thread runs the program that it led to.
  Times edit(const std::string& address, const std::vector<std::string>& arguments) {
    osc::Message message{address, {}};
    for (const std::string& argument : arguments) message.arguments.push_back(argument);
    const auto packet = osc::encode(message);
    const uint64_t programs = engine_.counters().programs;
    const auto start = Clock::now();
    const double cpu = thread_seconds();
    control_.receive(client_, packet, now());
    Times times{(thread_seconds() - cpu) * 1000, ms_since(start), 0};
    while (engine_.counters().programs == programs && error_.empty() && ms_since(start) < 1000) {
    }
    times.heard = ms_since(start);
    if (!error_.empty()) throw std::runtime_error(error_);
    settle();
    return times;
  }

 private:
  Now now() const {
    const int64_t ns = monotonic_ns();
    return {engine_.frame(), ns, ns, 0};
  }
  void settle() {
    do {
      engine_.advance();
      control_.tick(now());
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    } while (!engine_.settled());
  }

  const Client client_{{.name = "bench"}};
  std::string error_;
  Engine engine_;
  ClockDriver driver_;
  Control control_;
};

/// Edits of each kind, again and again; prints the time of each.
void time_edits(Session session, int runs) {
  const size_t nodes = session.graph.nodes().size();
  Desk desk(std::move(session));
  struct Kind {
    std::string_view name;
    std::string address;
    std::vector<std::string> arguments;
    std::vector<Desk::Times> times = {};
  };
  std::vector<Kind> kinds = {{"add a strip", "/graph/add", {"mix/extra", "strip", "from", "in/1"}},
                             {"connect it", "/graph/connect", {"mix/extra", "mix/sum"}},
                             {"rebuild a node", "/mix/extra/highpass/slope", {"24"}},
                             {"disconnect it", "/graph/disconnect", {"mix/extra", "mix/sum"}},
                             {"remove it", "/graph/remove", {"mix/extra"}},
                             {"undo", "/graph/undo", {}},
                             {"redo", "/graph/redo", {}}};
  for (int run = 0; run < runs; run++)
    for (Kind& kind : kinds) kind.times.push_back(desk.edit(kind.address, kind.arguments));
  for (Kind& kind : kinds) {
    const auto by = [&](double Desk::Times::*part, double share) {
      std::vector<double> sorted;
      for (const Desk::Times& t : kind.times) sorted.push_back(t.*part);
      std::sort(sorted.begin(), sorted.end());
      return sorted[std::min(sorted.size() - 1, size_t(share * double(sorted.size())))];
    };
    fmt::print(
        "edit nodes={} kind=\"{}\" control_cpu_ms: best={:.2f} p50={:.2f}; control_ms: best={:.2f} p50={:.2f}; "
        "to_audio_ms: best={:.2f} p50={:.2f} max={:.2f}\n",
        nodes, kind.name, by(&Desk::Times::cpu, 0), by(&Desk::Times::cpu, 0.5), by(&Desk::Times::control, 0),
        by(&Desk::Times::control, 0.5), by(&Desk::Times::heard, 0), by(&Desk::Times::heard, 0.5),
        by(&Desk::Times::heard, 1));
  }
}

}  // namespace

int bench_compile(const BenchOptions& options) {
  const std::string text = large_session(options.nodes);
  auto session = parse_session(text, "bench.yaml", ".", node_types());
  if (!session) return print_problems(session.problems(), kFailed);
  LoadTimes best;
  std::string all;
  for (int run = 0; run < options.runs; run++) {
    const LoadTimes times = load_once(text);
    all += fmt::format(" {:.0f}", times.total());
    if (times.total() < best.total()) best = times;
  }
  fmt::print("load nodes={} cables={} bytes={} read_ms={:.0f} compile_ms={:.0f} total_ms={:.0f} (runs:{})\n",
             session->graph.nodes().size(), session->graph.cables().size(), text.size(), best.load, best.compile,
             best.total(), all);
  auto small = parse_session(large_session(options.nodes / 10), "bench.yaml", ".", node_types());
  if (!small) return print_problems(small.problems(), kFailed);
  time_edits(std::move(*small), options.runs * 5);
  return kDone;
}

}  // namespace mixgraph

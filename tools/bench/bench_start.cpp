#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "tools/bench/bench.h"
#include "tools/bench/bench_child.h"
#include "tools/bench/bench_session.h"
#include "tools/cli.h"
#include "tools/osc/osc_link.h"

namespace mixgraph {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr float kLevel = -7;  // that only the journal knows

int64_t system_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// A daemon with that session and its state.
class Started {
 public:
  explicit Started(const fs::path& folder) : begun_ns_(system_ns()), daemon_((folder / "start.yaml").string(), {"--state", (folder / "state").string()}) {
    OscPeer peer;
    peer.port = daemon_.port();
    peer.tcp = true;
    auto link = OscLink::open(peer);
    if (!link) throw std::runtime_error(link.problems().front().text());
    link_ = std::move(*link);
  }
  /// From before exec to the engine's first frame. [ms]
  double ms() {
    const auto clock = ask({"/clock", {}});
    const double frame = double(std::get<int64_t>(clock.arguments.at(0))), rate = osc::number(clock.arguments.at(2)).value_or(48000);
    return double(std::get<osc::TimeTag>(clock.arguments.at(1)).system_ns() - begun_ns_) * 1e-6 - frame * 1e3 / rate;
  }
  osc::Message ask(const osc::Message& message) {
    link_->send(message);
    while (auto answer = link_->receive(5000ms))
      if (answer->address == message.address) return *answer;
    throw std::runtime_error("no answer to " + message.address);
  }
  void send(const osc::Message& message) { link_->send(message); }

 private:
  int64_t begun_ns_;
  BenchDaemon daemon_;
  std::unique_ptr<OscLink> link_;
};

}  // namespace

int bench_start(const BenchOptions& options) {
  const BenchFolder folder;
  std::ofstream(folder.path() / "start.yaml") << strips_session(options.strips);
  {
    Started first(folder.path());
    first.send({"/mix/s1/fader", {kLevel}});
    first.ask({"/clock", {}});
    std::this_thread::sleep_for(300ms);
  }
  std::vector<double> ms;
  for (int run = 0; run < options.runs; run++) {
    Started again(folder.path());
    std::this_thread::sleep_for(200ms);
    ms.push_back(again.ms());
    if (osc::number(again.ask({"/mix/s1/fader", {}}).arguments.at(0)).value_or(0) != kLevel)
      throw std::runtime_error("the daemon did not start from its journal");
  }
  std::sort(ms.begin(), ms.end());
  fmt::print("start strips={} runs={} exec_to_first_block_ms: min={:.1f} median={:.1f} max={:.1f}\n", options.strips, ms.size(), ms.front(), ms[ms.size() / 2],
             ms.back());
  return kDone;
}

}  // namespace mixgraph

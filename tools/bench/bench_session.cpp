#include "tools/bench/bench_session.h"

#include <fmt/format.h>

#include <algorithm>

namespace mixgraph {
namespace {

constexpr int kNodesOfStrip = 11, kNodesOfBus = 6, kStripsOfBus = 32;

std::string sum_of(const std::string& prefix, int count) {
  std::string names;
  for (int i = 1; i <= count; i++) names += fmt::format("{}{}{}", i > 1 ? ", " : "", prefix, i);
  return names;
}

}  // namespace

std::string large_session(int nodes) {
  // A bus of strips, its inputs shared by eight.
  const int nodes_of_group = kStripsOfBus * kNodesOfStrip + kStripsOfBus / 8 + kNodesOfBus;
  const int groups = std::max(1, (nodes - 10 + nodes_of_group / 2) / nodes_of_group);
  std::string text = "mixgraph: 1\nname: Large\nmix:\n  hall: {type: reverb, time: 2.2}\n  slap: {type: delay, time: 120}\n";
  for (int g = 1; g <= groups; g++) {
    std::string members;
    for (int s = 1; s <= kStripsOfBus; s++) {
      text += fmt::format(
          "  s{0}x{1}: {{type: strip, from: in/{2}, fader: {3}, pan: {4}, eq: {{2: {{gain: {5}, freq: {6}}}}}, "
          "sends: {{hall: -{7}, slap: -20}}}}\n",
          g, s, (g * 4 + s / 8) % 60 + 1, -(s % 20), (s % 9 - 4) / 4., s % 7 - 3, 200 + 50 * s, 10 + s % 10);
      members += fmt::format("{}s{}x{}", s > 1 ? ", " : "", g, s);
    }
    text += fmt::format("  bus{}: {{type: bus, from: [{}], fader: -3}}\n", g, members);
  }
  text += fmt::format("  sum: {{type: sum, from: [{}, hall, slap]}}\n", sum_of("bus", groups));
  return text +
         "master:\n  eq: {type: eq, from: mix/sum}\n  limiter: {type: limiter, from: eq, ceiling: -1}\n"
         "  out: {type: output, from: limiter, to: [1, 2]}\n";
}

std::string console_session(const std::string& noise, const std::string& ones) {
  std::string text = "mixgraph: 1\nname: Console of 64 strips\naudio: {rate: 48000, block: 64, driver: clock}\nmix:\n";
  std::string names;
  for (int i = 1; i <= 64; i++) {
    text += fmt::format(
        "  play{0}: {{type: player, file: {1}, play: on, loop: on, position: {2:.2f}}}\n"
        "  hp{0}: {{type: highpass, from: play{0}, freq: 80}}\n"
        "  eq{0}: {{type: eq, from: hp{0}, 1: {{gain: 2, freq: 120}}, 2: {{gain: -3, freq: 400}}, 3: {{gain: 2, "
        "freq: 2500}}, 4: {{gain: 3, freq: 8000}}}}\n"
        "  comp{0}: {{type: compressor, from: eq{0}, threshold: -20, ratio: 4, attack: 10, release: 100}}\n"
        "  fader{0}: {{type: fader, from: comp{0}, level: -20}}\n"
        "  pan{0}: {{type: pan, from: fader{0}, position: {3:.3f}}}\n",
        i, noise, (i - 1) * 0.041, (i - 1) / 32. - 1);
    names += fmt::format("{}pan{}", i > 1 ? ", " : "", i);
  }
  text += fmt::format(
      "  sum: {{type: sum, from: [{}]}}\n"
      "  one: {{type: player, file: {}, play: on, loop: on}}\n"
      "  probe: {{type: trim, from: one}}\n"
      "  log: {{type: recorder, from: probe, file: probe, record: on}}\n",
      names, ones);
  return text +
         "master:\n  eq: {type: eq, from: mix/sum, 1: {gain: 2, freq: 120}}\n"
         "  compressor: {type: compressor, from: eq, threshold: -20, ratio: 2}\n"
         "  limiter: {type: limiter, from: compressor, ceiling: -1}\n"
         "  out: {type: output, from: limiter, to: [1, 2]}\n";
}

std::string strips_session(int strips) {
  std::string text = "mixgraph: 1\nname: Strips\naudio: {rate: 48000, block: 64, driver: clock}\nmix:\n";
  for (int s = 1; s <= strips; s++)
    text += fmt::format(
        "  s{0}: {{type: strip, from: in/{0}, highpass: {{bypass: off, freq: 80}}, gate: {{bypass: off, threshold: -60}}, "
        "eq: {{1: {{gain: 2, freq: 120}}, 2: {{gain: -3, freq: 400}}, 3: {{gain: 2, freq: 2500}}, 4: {{gain: 3, freq: 8000}}}}, "
        "compressor: {{bypass: off, threshold: -20, ratio: 4, attack: 10, release: 100}}, fader: -20, pan: {1:.3f}}}\n",
        s, 2. * (s - 1) / strips - 1);
  return text + fmt::format("  group: {{type: bus, from: [{}], compressor: {{bypass: off}}}}\n", sum_of("s", strips)) +
         "master:\n  all: {type: master, from: mix/group}\n  out: {type: output, from: all, to: [1, 2]}\n";
}

}  // namespace mixgraph

// 64 members of 4 groups, whose faders two clients move at 100 Hz while the members move too: beside faders that are in no group, the same
// offline, without a click; and solos, to the sample.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <random>

#include "nodes/list.h"
#include "tests/support/deck.h"
#include "tests/support/engine_runner.h"
#include "tools/render/offline_control.h"

using namespace mixgraph;

namespace {

constexpr int kMembers = 64, kGroups = 4, kOutputs = 64;
constexpr int kBeside = (kOutputs - kGroups) / 2;  // members that are heard beside faders that are in no group
constexpr int kPeriod = 480;  // frames, of 100 Hz
constexpr uint64_t kLength = 48'000 * 2;

/// The groups of a member: two of the four.
std::array<int, 2> groups_of(int member) { return {member % kGroups, (member / kGroups + 1 + member % kGroups) % kGroups}; }

/// Each member at an output of its own. Or only so many, from `first` on: behind those, the same faders in no group, and a fader as a measure
/// for each group.
std::string session(int first = -1) {
  std::string mix, out;
  for (int g = 0; g < kGroups; g++) {
    mix += fmt::format("  g{}: {{type: vca}}\n  like_g{}: {{type: fader, from: in/1}}\n", g, g);
    if (first >= 0) out += fmt::format("  q{}: {{type: output, from: mix/like_g{}, to: {}}}\n", g, g, 2 * kBeside + g + 1);
  }
  for (int m = 0; m < kMembers; m++) {
    const auto [a, b] = groups_of(m);
    const std::string groups = a == b ? fmt::format("g{}", a) : fmt::format("[g{}, g{}]", a, b);
    mix += fmt::format("  m{}: {{group: '', groups: {}}}\n  m{}/fader: {{type: fader, from: in/1}}\n  m{}/mute: {{type: mute, from: m{}/fader}}\n", m, groups, m, m, m);
    mix += fmt::format("  like_m{}: {{type: fader, from: in/1}}\n", m);
    const int at = first < 0 ? m : m - first;
    if (first >= 0 && (at < 0 || at >= kBeside)) continue;
    out += fmt::format("  o{}: {{type: output, from: mix/m{}/mute, to: {}}}\n", m, m, at + 1);
    if (first >= 0) out += fmt::format("  p{}: {{type: output, from: mix/like_m{}, to: {}}}\n", m, m, kBeside + at + 1);
  }
  return "mixgraph: 1\nmix:\n" + mix + "master:\n" + out;
}

const EngineSettings kSettings{.inputs = 2, .outputs = kOutputs, .ceiling_db = 60};

/// What is sent for a frame, by whom.
struct Sent {
  uint64_t frame;
  int client;
  osc::Message message;
};

/// Two clients, each of which sets all groups at its own 100 Hz, and members now and then; what a fader beside is to follow is sent with it.
std::vector<Sent> storm(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](int n) { return int(random() % unsigned(n)); };
  std::vector<Sent> list;
  const auto both = [&](uint64_t frame, int client, const std::string& name, std::vector<osc::Argument> arguments) {
    list.push_back({frame, client, {"/mix/" + name + (name[0] == 'm' ? "/fader" : ""), arguments}});
    list.push_back({frame, client, {"/mix/like_" + name, std::move(arguments)}});
  };
  double levels[kGroups] = {};
  for (uint64_t frame = 4800; frame < kLength - 9600; frame += kPeriod)
    for (int client = 0; client < 2; client++) {
      const uint64_t at = frame + uint64_t(client * 197 + below(40));
      for (int g = 0; g < kGroups; g++) {
        levels[g] = std::clamp(levels[g] + below(7) - 3.1, -30.0, 10.0);
        both(at, client, "g" + std::to_string(g), {float(levels[g])});
      }
      for (int i = 0; i < 4; i++) {
        std::vector<osc::Argument> move{float(-below(40))};
        if (below(2)) move.push_back(0.01f * float(1 + below(30)));
        both(at + uint64_t(below(100)), client, "m" + std::to_string(below(kMembers)), std::move(move));
      }
    }
  std::stable_sort(list.begin(), list.end(), [](const Sent& a, const Sent& b) { return a.frame < b.frame; });
  return list;
}

/// Live: bundles, some 60 ms ahead of their time, to a control whose turns and blocks come as they come.
std::vector<std::vector<float>> play(const std::vector<Sent>& sent, int first, unsigned seed) {
  Deck deck(session(first), kSettings, node_types());
  const Client clients[2] = {Client(Client::Facts{.id = {kTcp, 1}}), Client(Client::Facts{.id = {kTcp, 2}})};
  std::mt19937 random(seed);
  for (auto at = sent.begin(); deck.engine.frame() < kLength;) {
    for (; at != sent.end() && at->frame < deck.engine.frame() + 4800; ++at) deck.send_ahead(int64_t(at->frame - deck.engine.frame()), {at->message}, clients[at->client]);
    static constexpr int kBlocks[] = {17, 64, 100, 256};
    deck.run(std::min<uint64_t>(1 + random() % 700, kLength - deck.engine.frame()), kBlocks[random() % 4], random() % 8 == 0);
  }
  CHECK(deck.errors.empty());
  CHECK(deck.engine.counters().late_changes == 0);
  return deck.heard;
}

/// As `mixgraph render --moves` plays it.
std::vector<std::vector<float>> render(const std::vector<Sent>& sent, int first) {
  auto parsed = parse_session(session(first), "many.yaml", "", node_types());
  REQUIRE(parsed);
  Song song{"many.yaml", std::move(*parsed), kSettings, node_types(), {}};
  for (const Sent& s : sent) song.script.lines.push_back({s.frame, s.message, 0});
  Engine engine(song.engine);
  OfflineControl control(engine, song, song.script);
  REQUIRE(control.start().empty());
  std::vector<std::vector<float>> heard(kOutputs);
  std::vector<std::vector<float>> in(2, std::vector<float>(kMaxBlock)), out(kOutputs, std::vector<float>(kMaxBlock));
  const float* ins[] = {in[0].data(), in[1].data()};
  std::vector<float*> outs;
  for (auto& channel : out) outs.push_back(channel.data());
  while (engine.frame() < kLength) {
    engine.advance();
    control.tick();
    for (size_t c = 0; c < 2; c++)
      for (size_t i = 0; i < kMaxBlock; i++) in[c][i] = device_noise(int(c), engine.frame() + i);
    engine.process(ins, outs.data(), kMaxBlock);
    for (size_t c = 0; c < out.size(); c++) heard[c].insert(heard[c].end(), out[c].begin(), out[c].end());
  }
  CHECK(control.problems().empty());
  return heard;
}

}  // namespace

TEST_CASE("64 members of 4 groups sound as the product of gains at every tick, and the same offline", "[groups][many]") {
  const int first = GENERATE(0, kBeside, kMembers - kBeside);
  const auto sent = storm(1);
  const auto heard = play(sent, first, 2);
  double worst = 0;  // dB
  size_t compared = 0;
  for (int m = 0; m < kBeside; m++) {
    const auto groups = groups_of(first + m);
    for (size_t i = 0; i < kLength; i += 64) {
      const double in = device_noise(0, i);
      if (std::abs(in) < 1e-4) continue;
      double product = heard[size_t(kBeside + m)][i] / in;
      for (size_t g = 0; g < (groups[0] == groups[1] ? 1u : 2u); g++) product *= heard[size_t(2 * kBeside + groups[g])][i] / in;
      worst = std::max(worst, std::abs(20 * std::log10(heard[size_t(m)][i] / in / product)));
      compared++;
    }
  }
  CHECK(compared > kBeside * 1400);
  CHECK(worst < 0.01);
  const auto offline = render(sent, first);
  for (size_t c = 0; c < heard.size(); c++) REQUIRE(heard[c] == offline[c]);
  const auto again = play(sent, first, 7);  // other blocks, other turns
  for (size_t c = 0; c < heard.size(); c++) REQUIRE(heard[c] == again[c]);
}

TEST_CASE("64 members of 4 groups that are moved so make no click", "[groups][many]") {
  for (const double hertz : {0.0, 100.0, 997.0}) {
    EngineRunner r({.inputs = 2, .outputs = kOutputs, .ceiling_db = 60});
    r.graph = parse_session(session(), "many.yaml", "", node_types())->graph;
    r.input = hertz == 0 ? [](int, uint64_t) { return 0.5f; } : sine(hertz);
    r.update();
    const auto sent = storm(3);
    std::vector<std::vector<float>> heard(kOutputs);
    for (auto at = sent.begin(); r.engine.frame() < kLength;) {
      for (; at != sent.end() && at->frame < r.engine.frame() + 640; ++at) {
        std::string path = at->message.address.substr(1);
        const auto& arguments = at->message.arguments;
        const Move m = r.move(path, "level", *osc::number(arguments[0]), at->frame, arguments.size() > 1 ? *osc::number(arguments[1]) : 0);
        r.engine.move({&m, 1});
      }
      const auto block = r.run(640);
      for (size_t c = 0; c < heard.size(); c++) heard[c].insert(heard[c].end(), block[c].begin(), block[c].end());
    }
    double at4 = -240, at8 = -240;
    for (size_t m = 0; m < kMembers; m++) at4 = std::max(at4, click_level(heard[m], 4000)), at8 = std::max(at8, click_level(heard[m], 8000));
    INFO(hertz << " Hz");
    CHECK(at4 < -80);
    CHECK(at8 < -90);
  }
}

TEST_CASE("any set of solos among 64 members begins at one sample", "[groups][many]") {
  Deck deck(session(), kSettings, node_types());
  deck.run(4800);
  std::mt19937 random(5);
  std::set<std::string> on;
  const auto soloed = [&](int m) {
    if (on.empty() || on.count(fmt::format("m{}/mute", m))) return true;
    for (const int g : groups_of(m))
      if (on.count(fmt::format("g{}", g))) return true;
    return false;
  };
  for (int round = 0; round < 40; round++) {
    std::vector<bool> before(kMembers);
    for (int m = 0; m < kMembers; m++) before[size_t(m)] = soloed(m);
    std::vector<osc::Packet> messages;
    for (int i = 1 + int(random() % 12); i > 0; i--) {
      const std::string name = random() % 6 == 0 ? fmt::format("g{}", random() % kGroups) : fmt::format("m{}/mute", random() % kMembers);
      const bool solo = round % 5 != 4 && random() % 3;
      solo ? void(on.insert(name)) : void(on.erase(name));
      messages.push_back(osc::Message{"/mix/" + name + "/solo", {int32_t(solo)}});
    }
    if (round % 5 == 4) {
      on.clear();
      messages = {osc::Message{"/solo/clear", {}}};
    }
    const uint64_t ahead = 2400 + random() % 1000, start = deck.engine.frame();
    deck.send_ahead(int64_t(ahead), messages);
    deck.run(9600, 100);
    std::map<bool, std::set<size_t>> begins;  // by whether it comes or goes
    for (int m = 0; m < kMembers; m++) {
      const auto& sound = deck.heard[size_t(m)];
      const auto as_before = [&](size_t i) { return sound[i] == (before[size_t(m)] ? device_noise(0, i) : 0.f); };
      size_t i = start;
      while (i < start + 9600 && as_before(i)) i++;
      CHECK((i == start + 9600) == (before[size_t(m)] == soloed(m)));
      if (i < start + 9600) begins[soloed(m)].insert(i);
      CHECK(sound.back() == (soloed(m) ? device_noise(0, sound.size() - 1) : 0.f));
    }
    for (const auto& [comes, frames] : begins) {
      INFO("round " << round << ", " << (comes ? "come" : "go"));
      CHECK(frames.size() == 1);
      CHECK(*frames.begin() >= start + ahead);
      CHECK(*frames.begin() < start + ahead + 16);
    }
  }
  CHECK(deck.errors.empty());
}

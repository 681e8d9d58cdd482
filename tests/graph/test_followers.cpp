// Groups and the solo: what members and mutes make of them, beside a plain reckoning that knows nothing of links.
#include <catch2/catch.hpp>

#include <array>
#include <cstdlib>
#include <map>
#include <random>

#include "tests/support/deck.h"
#include "tests/support/engine_runner.h"
#include "tests/support/fresh.h"

using namespace mixgraph;

namespace {

constexpr int kChannels = 6;

/// Six channels of a fader and a mute, of which the first three are heard by a bus of the same; each has an output of its own.
/// Groups: two VCAs and a mute group.
struct Console : EngineRunner {
  static constexpr std::array<const char*, 3> kGroups = {"mix/v0", "mix/v1", "mix/m0"};
  Console() : EngineRunner({.inputs = kChannels, .outputs = kChannels + 1, .ceiling_db = 60}) {
    input = [](int, uint64_t) { return 0.5f; };
    for (int c = 0; c <= kChannels; c++) {
      const std::string out = "out" + std::to_string(c);
      if (c < kChannels) add("in" + std::to_string(c), "input", {{"channels", std::to_string(c + 1)}});
      add(path(c, "fader"), "fader");
      add(path(c, "mute"), "mute");
      add(out, "output", {{"to", std::to_string(c + 1)}});
      if (c < kChannels) connect("in" + std::to_string(c), path(c, "fader"));
      connect(path(c, "fader"), path(c, "mute"));
      connect(path(c, "mute"), out);
    }
    for (int c = 0; c < 3; c++) connect(path(c, "mute"), path(kChannels, "fader"));
    add(kGroups[0], "vca"), add(kGroups[1], "vca"), add(kGroups[2], "mute_group");
    update();
  }
  static std::string strip(int channel) { return "mix/c" + std::to_string(channel); }
  static std::string path(int channel, const char* part) { return strip(channel) + "/" + part; }
  void join(int channel, const std::string& groups) { edit({SetFact{strip(channel), "groups", groups}}), update(); }
  /// Says it to the engine and writes it down, as a document does.
  void say(const std::string& node, std::string_view row, double value, uint64_t frame = 0, double seconds = 0) {
    const Move m = move(node, row, value, frame, seconds);
    engine.move({&m, 1});
    if (frame <= engine.now()) graph.set_value(node, m.row, value);
  }
  void catch_up(bool all = false) {
    for (const DueMove& due : engine.take_due(all)) graph.set_value(due.path, due.row, due.value);
  }
  double value(const std::string& node, std::string_view row) const {
    const Node* n = graph.find(node);
    return n ? std::get<double>(n->values[size_t(find_row(*n->type, row))]) : 0;
  }
  bool on(const std::string& node, std::string_view row) const { return graph.find(node) && value(node, row) > 0.5; }

  /// What an output should be at rest, reckoned from the document.
  std::vector<double> wanted() const {
    std::array<std::vector<std::string_view>, kChannels + 1> groups;
    std::array<bool, kChannels + 1> soloed{}, passes{};
    bool any = false;
    for (int c = 0; c <= kChannels; c++) {
      groups[size_t(c)] = groups_in(graph.fact(strip(c), "groups"));
      soloed[size_t(c)] = on(path(c, "mute"), "solo");
      for (const auto g : groups[size_t(c)]) soloed[size_t(c)] |= !g.starts_with("mix/m") && on(std::string(g), "solo");
      any |= soloed[size_t(c)];
    }
    bool feeds_bus = false;
    for (int c = 0; c < 3; c++) feeds_bus |= soloed[size_t(c)];
    for (int c = 0; c <= kChannels; c++)
      passes[size_t(c)] = !any || soloed[size_t(c)] || on(path(c, "mute"), "solo_safe") || (c < 3 && soloed[kChannels]) || (c == kChannels && feeds_bus);
    std::vector<double> level(kChannels + 1);
    for (int c = 0; c <= kChannels; c++) {
      double in = c < kChannels ? 0.5 : level[0] + level[1] + level[2];
      const auto gain = [](double db) { return db <= -90 ? 0 : std::pow(10, db / 20); };
      in *= gain(value(path(c, "fader"), "level"));
      if (on(path(c, "mute"), "on") || !passes[size_t(c)]) in = 0;
      for (const auto g : groups[size_t(c)]) {
        if (on(std::string(g), "mute")) in = 0;
        if (!g.starts_with("mix/m")) in *= gain(value(std::string(g), "level"));
      }
      level[size_t(c)] = in;
    }
    return level;
  }
  void check() {
    run(14'400);  // longer than anything waits and moves
    catch_up();
    const auto heard = run(480);
    const auto right = wanted();
    for (int c = 0; c <= kChannels; c++) {
      INFO("channel " << c);
      CHECK(heard[size_t(c)].back() == Approx(right[size_t(c)]).margin(1e-6).epsilon(1e-5));
    }
  }
};

}  // namespace

TEST_CASE("a group's level and mute act on its members, on top of their own", "[followers]") {
  Console r;
  r.join(0, "mix/v0");
  r.join(1, "mix/v0 mix/v1");
  r.join(4, "mix/m0 mix/v1");
  r.say("mix/v0", "level", -6), r.say("mix/v1", "level", 3), r.say("mix/c1/fader", "level", -10);
  r.check();
  r.say("mix/v1", "mute", 1);
  r.check();
  r.say("mix/v1", "mute", 0), r.say("mix/m0", "mute", 1);
  r.check();
  SECTION("a member that leaves is as it was") {
    r.join(4, "mix/v1");
    r.join(1, "");
    r.check();
  }
  SECTION("a group that is removed has no members") {
    r.remove("mix/v0"), r.update();
    CHECK(r.graph.fact("mix/c1", "groups") == "mix/v1");
    CHECK(r.graph.fact("mix/c0", "groups") == "");
    r.check();
  }
  SECTION("a node that is built anew is a member still") {
    r.remove("mix/c1/fader"), r.update();
    CHECK(r.graph.fact("mix/c1", "groups") == "");  // it had no fader meanwhile
    r.add("mix/c1/fader", "fader"), r.connect("in1", "mix/c1/fader"), r.connect("mix/c1/fader", "mix/c1/mute"), r.update();
    r.join(1, "mix/v0");
    r.check();
  }
}

TEST_CASE("a member that leaves one group isn't moved by the others", "[followers]") {
  Console r;
  r.join(0, "mix/m0 mix/v0 mix/v1");
  r.say("mix/v0", "mute", 1);
  r.run(4800);
  const auto stays_silent = [&] {
    const auto heard = r.run(4800)[0];
    return std::all_of(heard.begin(), heard.end(), [](float x) { return x == 0; });
  };
  r.join(0, "mix/v0 mix/v1");
  CHECK(stays_silent());
  r.join(0, "mix/v1 mix/v0");
  CHECK(stays_silent());
  r.remove("mix/v1"), r.update();
  CHECK(stays_silent());
  r.join(0, "mix/m0 mix/v0");
  CHECK(stays_silent());
}

TEST_CASE("a solo that is said as of a frame that is past isn't lost behind one that came due meanwhile", "[followers]") {
  Console r;
  r.run(4800);
  r.catch_up();
  const uint64_t said_at = r.engine.now();
  r.say("mix/c0/mute", "solo", 1, said_at + 100);
  r.run(640);
  r.catch_up();
  Move late = r.move("mix/c1/mute", "solo", 1, said_at);
  late.at_once = true;
  r.engine.move({&late, 1});
  r.graph.set_value("mix/c1/mute", late.row, 1.0);
  r.check();
}

TEST_CASE("a member takes the course of its group, to the sample", "[followers]") {
  Console r;
  r.join(0, "mix/v0");
  r.join(1, "mix/v0");
  r.say("mix/c0/fader", "level", -3);
  r.run(9600);
  const uint64_t at = r.engine.frame() + 1234;
  r.say("mix/v0", "level", -30, at, 0.1);
  r.say("mix/c2/fader", "level", -30, at, 0.1);
  r.say("mix/c3/fader", "level", -3);
  r.run(640);
  r.say("mix/c0/fader", "level", -9, 0, 0.2);  // it moves at the same time
  r.say("mix/c3/fader", "level", -9, 0, 0.2);
  const auto heard = r.run(19'200, 100);
  float worst = 0;
  for (size_t i = 0; i < heard[0].size(); i++) {
    CHECK_FALSE(heard[1][i] != heard[2][i]);
    const float product = heard[1][i] / 0.5f * heard[3][i];
    worst = std::max(worst, std::abs(heard[0][i] - product));
  }
  CHECK(worst < 1e-6f);
}

TEST_CASE("all that a solo silences begins to fall at one sample, and a solo that comes later than one after it changes that", "[followers]") {
  Console r;
  r.run(9600);
  const uint64_t now = r.engine.frame();
  r.say("mix/c4/mute", "solo", 1, now + 4000);
  r.say("mix/c0/mute", "solo", 1, now + 1000);
  r.say("mix/c0/mute", "solo", 0, now + 6000);
  const auto heard = r.run(9600);
  const auto first_fall = [&](size_t channel) {
    size_t i = 0;
    while (i < heard[channel].size() && heard[channel][i] == 0.5f) i++;
    return i;
  };
  // Channel 0 is soloed first, and so the bus that hears it passes.
  for (const size_t c : {1u, 2u, 3u, 4u, 5u}) CHECK(first_fall(c) == first_fall(1));
  CHECK(first_fall(1) >= 1000);
  CHECK(first_fall(1) < 1010);
  CHECK(heard[0][5900] == 0.5f);
  CHECK(heard[6][5900] == 0.5f);
  CHECK(heard[4][3900] == 0.f);
  CHECK(heard[4][5900] == 0.5f);
  CHECK(heard[0].back() == 0.f);
  CHECK(heard[4].back() == 0.5f);
  r.meter("mix/c0/mute", "silenced");  // of the start
  r.run(640);
  CHECK(r.meter("mix/c0/mute", "silenced") == 1);
  CHECK(r.meter("mix/c4/mute", "silenced") == 0);
  r.catch_up();
  r.check();
}

TEST_CASE("members and solos are as a plain reckoning has them, whatever comes in which order", "[followers]") {
  const int rounds = 60;
  const char* const more = std::getenv("MIXGRAPH_FOLLOWER_SEEDS");  // by hand
  std::vector<unsigned> seeds{69, 420};  // they found something
  for (unsigned seed = 1; seed <= unsigned(more ? std::atoi(more) : 12); seed++) seeds.push_back(seed);
  for (const unsigned seed : seeds) {
    INFO("seed " << seed);
    Console r;
    std::mt19937 random(seed);
    const auto below = [&](int n) { return int(random() % unsigned(n)); };
    for (int round = 0; round < rounds; round++) {
      const int channel = below(kChannels + 1);
      const uint64_t frame = below(3) ? 0 : r.engine.frame() + uint64_t(below(6000));
      const double seconds = below(4) ? 0 : 0.001 * below(100);
      const std::string group = Console::kGroups[size_t(below(3))];
      r.catch_up();
      switch (below(10)) {
        case 0: r.say(Console::path(channel, "fader"), "level", -below(90), frame, seconds); break;
        case 1: r.say(Console::path(channel, "mute"), "on", below(2), frame); break;
        case 2:
        case 3: r.say(Console::path(channel, "mute"), "solo", below(3) == 0, frame); break;
        case 4: r.say(Console::path(channel, "mute"), "solo_safe", below(3) == 0, frame); break;
        case 5: if (r.graph.find(group) && group[4] == 'v') r.say(group, "level", below(100) - 90, frame, seconds); break;
        case 6: if (r.graph.find(group)) r.say(group, "mute", below(2), frame); break;
        case 7: if (r.graph.find(group) && group[4] == 'v') r.say(group, "solo", below(3) == 0, frame); break;
        case 8: {
          std::string list;
          for (const char* name : Console::kGroups)
            if (r.graph.find(name) && below(2)) list += (list.empty() ? "" : " ") + std::string(name);
          r.join(channel, list);
          break;
        }
        case 9:
          if (!r.graph.find(group))
            r.add(group, group[4] == 'v' ? "vca" : "mute_group");
          else if (below(2))
            r.remove(group);
          r.update();
          break;
      }
      r.run(below(3) ? below(200) : 0, 1 + below(100));
      if (below(20) == 0) r.check();
    }
    r.run(9600);
    r.catch_up(true);
    r.check();
    CHECK(unlike_fresh(r) == 0);
  }
}

TEST_CASE("who can't be a group, or a member of one, is refused by name", "[followers]") {
  Console r;
  r.add("mix/lone", "fader");
  r.add("mix/trim", "trim");
  struct {
    const char *path, *groups, *problem;
  } cases[] = {
      {"mix/c0", "mix/v0 mix/m0", ""},
      {"mix/c0/mute", "mix/m0", ""},
      {"mix/c0", "mix/nobody", "/mix/c0: mix/nobody is no group; there are: mix/v0, mix/v1, mix/m0"},
      {"mix/c0", "mix/trim", "/mix/c0: mix/trim is no group; there are: mix/v0, mix/v1, mix/m0"},
      {"mix/trim", "mix/v0", "/mix/trim: can't be a member of mix/v0: it has no fader; a member is a strip or a bus with a fader and a mute"},
      {"mix/lone", "mix/v0", "/mix/lone: can't be a member of mix/v0: it has no mute; a member is a strip or a bus with a fader and a mute"},
      {"mix/c0", "mix/v0 mix/v0", "/mix/c0: groups: not a value of it; paths of groups, each once, with a space between them, at most 8"},
      {"mix/c0", "mix/v0  mix/m0", "/mix/c0: groups: not a value of it; paths of groups, each once, with a space between them, at most 8"},
  };
  for (const auto& c : cases) {
    INFO(c.path << ": " << c.groups);
    const auto made = mixgraph::apply(r.graph, {SetFact{c.path, "groups", c.groups}});
    CHECK((made ? "" : made.problems()[0].text()) == c.problem);
  }
}

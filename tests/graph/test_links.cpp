// Links: rows that follow others. The document beside a plain map of values with links applied; the sound beside the document.
#include <catch2/catch.hpp>

#include <map>
#include <random>

#include "graph/glide.h"
#include "graph/links.h"
#include "graph/listen.h"
#include "tests/support/deck.h"
#include "tests/support/engine_runner.h"
#include "tests/support/fresh.h"

using namespace mixgraph;

namespace {

constexpr const char* kLeft = "mix/l", *kRight = "mix/r";

/// Two strips of a fader, a mute and a pan, each heard at outputs of its own, and more of the same beside.
struct Pair : EngineRunner {
  explicit Pair(int strips = 2) : EngineRunner({.inputs = 2, .outputs = 2 * strips, .ceiling_db = 60}) {
    input = [](int, uint64_t) { return 0.5f; };
    add("in", "input", {{"channels", "1"}});
    for (int s = 0; s < strips; s++) {
      const std::string path = s == 0 ? kLeft : s == 1 ? kRight : "mix/s" + std::to_string(s);
      for (const char* part : {"fader", "mute", "pan"}) add(path + "/" + part, part);
      add(path + "/out", "output", {{"to", std::to_string(2 * s + 1) + "+" + std::to_string(2 * s + 2)}});
      connect("in", path + "/fader"), connect(path + "/fader", path + "/mute"), connect(path + "/mute", path + "/pan"), connect(path + "/pan", path + "/out");
    }
    update();
  }
  double value(const std::string& node, std::string_view row) const {
    const Node* n = graph.find(node);
    return std::get<double>(n->values[size_t(find_row(*n->type, row))]);
  }
  std::string refused(const std::vector<Edit>& edits) const {
    const auto made = mixgraph::apply(graph, edits);
    return made ? "" : made.problems()[0].text();
  }
  /// Says it to the engine and writes it down, as a document does.
  void say(const std::string& node, std::string_view row, double said, uint64_t frame = 0, double seconds = 0) {
    const Move m = move(node, row, said, frame, seconds);
    engine.move({&m, 1});
    if (frame <= engine.now()) write(node, m.row, said);
  }
  void write(const std::string& node, int row, double said) {
    graph.set_value(node, row, said);
    const Links links(graph);
    for (const LinkedNode* linked : links.following(node)) graph.set_value(linked->path, row, linked->value(row, said));
  }
  void catch_up(bool all = false) {
    for (const DueMove& due : engine.take_due(all)) graph.set_value(due.path, due.row, due.value);
  }
};

SetFact follows(const std::string& path, const std::string& to) { return {path, "link", to}; }

}  // namespace

TEST_CASE("a link is read as it is written", "[links]") {
  const auto read = link_in("mix/l fader=-3 eq/2/gain=1.5");
  REQUIRE(read);
  CHECK(read->leader == "mix/l");
  CHECK(read->offsets.at("eq/2/gain") == 1.5);
  CHECK(text_of(*read) == "mix/l eq/2/gain=1.5 fader=-3");
  for (const char* bad : {"", " ", "mix/l ", "mix/l  fader=1", "mix//l", "mix/l fader", "mix/l fader=", "mix/l fader=x", "mix/l fader=1 fader=2", "mix/l fader=inf", "mix/l =1"}) {
    INFO(bad);
    CHECK_FALSE(link_in(bad));
  }
}

TEST_CASE("what is linked has its leader's values, with offsets that clamping doesn't lose", "[links]") {
  Pair r;
  r.set("mix/l/fader", "level", -6.0), r.set("mix/l/pan", "position", -0.75), r.set("mix/l/mute", "on", 1.0), r.set("mix/r/fader", "level", -20.0);
  r.edit({follows(kRight, "mix/l fader=3")});
  CHECK(r.value("mix/r/fader", "level") == -3);
  CHECK(r.value("mix/r/pan", "position") == 0.75);  // the opposite: a stereo pair's pans
  CHECK(r.value("mix/r/mute", "on") == 1);
  CHECK(r.graph.find("mix/r/out")->values[0] == Value("3+4"));
  r.set("mix/l/fader", "level", 9.0);
  CHECK(r.value("mix/r/fader", "level") == 10);
  r.set("mix/l/fader", "level", 0.0);
  CHECK(r.value("mix/r/fader", "level") == 3);
  r.set("mix/l/fader", "level", -90.0);
  CHECK(r.value("mix/r/fader", "level") == -90);  // silence is silence
  r.edit({follows(kRight, "")});
  CHECK(r.value("mix/r/mute", "on") == 1);
  r.set("mix/l/fader", "level", -12.0);
  CHECK(r.value("mix/r/fader", "level") == -90);
  SECTION("names of rows are written in one way, and an offset of nothing is none") {
    r.edit({follows(kRight, "mix/l fader/level=-1 pan=0.5 mute/on=0")});
    CHECK(r.graph.fact(kRight, "link") == "mix/l fader=-1 pan=0.5");
  }
  SECTION("a node alone, and the nearest link counts") {
    r.add("mix/f", "fader", {{"level", -30.0}});
    r.edit({follows(kRight, kLeft), follows("mix/r/fader", "mix/f level=2")});
    CHECK(r.value("mix/r/fader", "level") == -28);
    CHECK(r.value("mix/r/pan", "position") == 0.75);
    r.remove("mix/f");  // then that of the strip counts
    CHECK(r.graph.fact("mix/r/fader", "link") == "");
    CHECK(r.value("mix/r/fader", "level") == -12);
  }
}

TEST_CASE("a follower's row is what its leader's has to be for it", "[links]") {
  Pair r;
  r.edit({follows(kRight, "mix/l fader=3 pan=0.25")});
  const Links links(r.graph);
  const LinkedNode& fader = *links.find("mix/r/fader");
  const LinkedNode& pan = *links.find("mix/r/pan");
  CHECK(fader.leaders_value(0, -6) == -9);
  CHECK(fader.leaders_value(0, -90) == -90);
  CHECK(fader.value(0, fader.leaders_value(0, -89)) == -90);  // the leader is at its end then
  CHECK(pan.leaders_value(0, 0.5) == -0.25);
  CHECK(pan.value(0, -0.25) == 0.5);
  CHECK_FALSE(links.find("mix/l/fader"));
  CHECK(links.following("mix/l/fader").size() == 1);
}

TEST_CASE("links that can't be are refused with what and why", "[links]") {
  Pair r(4);
  r.add("mix/eq", "eq"), r.add("mix/eq2", "eq"), r.add("mix/trim", "trim");
  r.edit({follows(kRight, kLeft)});
  struct {
    const char *path, *fact, *problem;
  } cases[] = {
      {"mix/s2", "mix/l", ""},
      {"mix/eq", "mix/eq2", ""},
      {"mix/l", "mix/l", "/mix/l: can't follow itself; a path apart from it"},
      {"mix/l", "mix/l/fader", "/mix/l: can't follow /mix/l/fader: one is in the other; a path apart from it"},
      {"mix/s2", "mix/nobody", "/mix/s2: can't follow /mix/nobody: no such node; /graph/list lists the nodes"},
      {"mix/s2", "mix/e1", "/mix/s2: can't follow /mix/e1: no such node; did you mean /mix/eq?"},
      {"mix/eq", "mix/trim", "/mix/eq: can't follow /mix/trim: they have no parameter in common; a node of the same type, or an instance with such nodes at the same places"},
      {"mix/s2", "mix/r", "/mix/s2: can't follow /mix/r: links don't chain, and /mix/r follows /mix/l; link it to /mix/l, or unlink one of them"},
      {"mix/l", "mix/s2", "/mix/r: can't follow /mix/l: links don't chain, and /mix/l follows /mix/s2; link it to /mix/s2, or unlink one of them"},
      {"mix/s2", "mix/l trim=1", "/mix/s2: `trim` is no amount that follows /mix/l; such as fader or eq/2/gain, of a parameter that both have"},
      {"mix/s2", "mix/l mute=1", "/mix/s2: `mute` is no amount that follows /mix/l; such as fader or eq/2/gain, of a parameter that both have"},
      {"mix/nobody", "mix/l", "/mix/nobody: no such node"},
      {"mix/s2", "mix/l mute", "/mix/s2: link: not a value of it; the path that it follows, then ROW=OFFSET for each row that differs, with a space between them"},
  };
  for (const auto& c : cases) {
    INFO(c.path << ": " << c.fact);
    const std::string told = r.refused({follows(c.path, c.fact)});
    CHECK(told.substr(0, std::string(c.problem).size()) == c.problem);
    CHECK(told.empty() == std::string(c.problem).empty());
  }
}

TEST_CASE("a link goes with its leader, and stays where a part of it is replaced", "[links]") {
  Pair r;
  r.edit({follows(kRight, "mix/l fader=3")});
  r.remove("mix/l/pan");
  CHECK(r.graph.fact(kRight, "link") == "mix/l fader=3");
  r.remove("mix/l/fader");
  CHECK(r.graph.fact(kRight, "link") == "mix/l");  // as there is nothing to differ from
  r.add("mix/l/fader", "fader", {{"level", -5.0}});
  CHECK(r.value("mix/r/fader", "level") == -5);
  for (const char* node : {"mix/l/fader", "mix/l/mute", "mix/l/out"}) r.remove(node);
  CHECK(r.graph.fact(kRight, "link") == "");
  CHECK(r.value("mix/r/fader", "level") == -5);
}

TEST_CASE("random values, links and nodes are as in a plain map of values with links applied", "[links][oracle]") {
  // Faders and pans beneath four paths: the map knows values by node, and links by path.
  struct Model {
    std::map<std::string, double> values;
    std::map<std::string, std::pair<std::string, double>> links;  // of a path: leader, and offset of its fader
    static bool is_fader(const std::string& node) { return node.ends_with("/f"); }
    static std::string path_of(const std::string& node) { return node.substr(0, node.rfind('/')); }
    bool has(const std::string& path) const {
      return std::any_of(values.begin(), values.end(), [&](const auto& v) { return path_of(v.first) == path; });
    }
    bool pairs(const std::string& path, const std::string& leader) const {
      return (values.count(path + "/f") && values.count(leader + "/f")) || (values.count(path + "/p") && values.count(leader + "/p"));
    }
    bool chains() const {
      for (const auto& [path, to] : links)
        for (const char* part : {"/f", "/p"}) {
          const auto on = links.find(to.first);
          if (on == links.end() || !values.count(path + part) || !values.count(to.first + part) || !values.count(on->second.first + part)) continue;
          return true;
        }
      return false;
    }
    void settle() {
      std::erase_if(links, [&](const auto& l) { return !has(l.first) || !pairs(l.first, l.second.first); });
      for (auto& [path, to] : links) {
        if (!values.count(path + "/f") || !values.count(to.first + "/f")) to.second = 0;
        if (values.count(path + "/f") && values.count(to.first + "/f")) {
          const double leaders = values[to.first + "/f"];
          values[path + "/f"] = leaders == -90 ? -90 : std::clamp(leaders + to.second, -90.0, 10.0);
        }
        if (values.count(path + "/p") && values.count(to.first + "/p")) values[path + "/p"] = -values[to.first + "/p"];
      }
    }
  };
  const std::vector<std::string> paths = {"mix/a", "mix/b", "mix/c", "mix/d"};
  size_t linked = 0, chains = 0;
  for (unsigned seed = 1; seed <= 20; seed++) {
    INFO("seed " << seed);
    EngineRunner r;
    Model model;
    std::mt19937 random(seed);
    const auto below = [&](int n) { return int(random() % unsigned(n)); };
    std::vector<Graph> before;
    for (int step = 0; step < 400; step++) {
      const std::string path = paths[size_t(below(4))], other = paths[size_t(below(4))];
      const std::string node = path + (below(2) ? "/f" : "/p");
      Model next = model;
      Edit edit;
      bool possible = true;
      if (const int dice = below(10); dice < 4) {
        const double value = Model::is_fader(node) ? -90 + below(101) : -1 + 0.125 * below(17);
        edit = SetValue{node, 0, value};
        possible = model.values.count(node) > 0;
        next.values[node] = value;
      } else if (dice < 6 && !model.values.count(node)) {
        edit = AddNode{make_node(node, r.type(Model::is_fader(node) ? "fader" : "pan"))};
        next.values[node] = 0;
      } else if (dice < 6) {
        edit = RemoveNode{node};
        next.values.erase(node);
      } else if (dice < 7) {
        edit = follows(path, "");
        next.links.erase(path);
      } else {
        const int offset = below(3) ? 0 : below(41) - 20;
        edit = follows(path, other + (offset ? " f=" + std::to_string(offset) : ""));
        next.links[path] = {other, offset};
        const bool can_differ = model.values.count(path + "/f") && model.values.count(other + "/f");
        possible = path != other && model.has(path) && model.pairs(path, other) && (offset == 0 || can_differ);
      }
      if (possible) next.settle();
      chains += possible && next.chains();
      possible = possible && !next.chains();
      const auto made = mixgraph::apply(r.graph, {edit});
      INFO("step " << step);
      REQUIRE(bool(made) == possible);
      if (!possible) continue;
      r.graph = *made;
      model = next;
      std::map<std::string, double> values;
      for (const Node& n : r.graph.nodes()) values[n.path] = std::get<double>(n.values[0]);
      REQUIRE(values == model.values);
      std::map<std::string, std::pair<std::string, double>> links;
      for (const auto& [at, l] : links_in(r.graph)) links[at] = {l.leader, l.offsets.count("f") ? l.offsets.at("f") : 0};
      REQUIRE(links == model.links);
      linked += links.size();
      if (step % 10 == 0) before.push_back(r.graph);
    }
    for (size_t i = 1; i < before.size(); i++) {
      const auto there = mixgraph::apply(before[i - 1], diff(before[i - 1], before[i])), back = mixgraph::apply(before[i], diff(before[i], before[i - 1]));
      REQUIRE(there);
      CHECK(*there == before[i]);
      REQUIRE(back);
      CHECK(*back == before[i - 1]);
    }
  }
  CHECK(linked > 1000);
  CHECK(chains > 50);
}

TEST_CASE("what is linked takes its leader's course to the sample, and with an offset it begins and ends with it", "[links]") {
  Pair r(4);
  r.edit({follows(kRight, kLeft), follows("mix/s2", "mix/l fader=-6")});
  r.update();
  r.run(4800);
  const uint64_t at = r.engine.frame() + 1234;
  r.say("mix/l/fader", "level", -30, at, 0.1);
  const auto heard = r.run(9600, 100);
  const double six = std::pow(10, -6 / 20.0);
  for (size_t i = 0; i < heard[0].size(); i++) {
    REQUIRE(heard[0][i] == heard[2][i]);
    if (i <= 1234 || i >= 1234 + 4800 + kTick) REQUIRE(heard[4][i] == Approx(six * heard[0][i]).epsilon(1e-5));
    if (i > 1300 && i < 1234 + 4700) REQUIRE(heard[4][i] != heard[4][i - 64]);
  }
  r.catch_up();
  CHECK(r.value("mix/r/fader", "level") == -30);
  CHECK(r.value("mix/s2/fader", "level") == -36);
  // A mirrored pan.
  r.say("mix/l/pan", "position", -0.5, 0, 0.05);
  const auto panned = r.run(4800);
  for (size_t i = 0; i < panned[0].size(); i++) REQUIRE(panned[0][i] == Approx(panned[3][i]).margin(1e-7));
  CHECK(unlike_fresh(r) == 0);
}

TEST_CASE("what waits for its frame is told to those who follow then", "[links]") {
  Pair r;
  r.run(960);
  const uint64_t at = r.engine.frame() + 2400;
  r.say("mix/l/fader", "level", -12, at);
  SECTION("linked meanwhile") {
    r.run(480);
    r.edit({follows(kRight, "mix/l fader=-3")}), r.update();
    r.run(4800), r.catch_up();
    CHECK(r.value("mix/r/fader", "level") == -15);
  }
  SECTION("what was said of a row before it was linked doesn't count") {
    r.say("mix/r/fader", "level", -40, at + 100);
    r.run(480);
    r.edit({follows(kRight, kLeft)}), r.update();
    r.run(4800), r.catch_up();
    CHECK(r.value("mix/r/fader", "level") == -12);
  }
  SECTION("unlinked meanwhile") {
    r.edit({follows(kRight, kLeft)}), r.update();
    r.say("mix/l/fader", "level", -20, at + 100, 0.02);
    r.run(480);
    r.edit({follows(kRight, "")}), r.update();
    r.run(4800), r.catch_up();
    CHECK(r.value("mix/l/fader", "level") == -20);
    CHECK(r.value("mix/r/fader", "level") == 0);
  }
  CHECK(unlike_fresh(r) == 0);
}

TEST_CASE("links of groups and solos reach those who follow the groups", "[links]") {
  Pair r;
  r.add("mix/v", "vca"), r.add("mix/w", "vca");
  r.edit({SetFact{kLeft, "groups", "mix/v"}, SetFact{kRight, "groups", "mix/w"}});
  r.update();
  const uint64_t at = r.engine.frame() + 2400;
  r.say("mix/v", "level", -12, at);
  r.run(480);
  r.edit({follows("mix/w", "mix/v level=-6")}), r.update();
  auto heard = r.run(9600);
  r.catch_up();
  const double half = 0.5 * std::sqrt(0.5);
  CHECK(heard[0].back() == Approx(half * std::pow(10, -12 / 20.0)).epsilon(1e-4));
  CHECK(heard[2].back() == Approx(half * std::pow(10, -18 / 20.0)).epsilon(1e-4));
  CHECK(r.value("mix/w", "level") == -18);
  r.say("mix/v", "level", 0), r.say("mix/v", "solo", 1);
  heard = r.run(9600);
  CHECK(heard[0].back() == Approx(half).epsilon(1e-4));
  CHECK(heard[2].back() == Approx(half * std::pow(10, -6 / 20.0)).epsilon(1e-4));  // soloed too
  CHECK(unlike_fresh(r) == 0);
}

TEST_CASE("whatever is linked, said and awaited: the sound is the document's", "[links][oracle]") {
  for (unsigned seed = 1; seed <= 12; seed++) {
    INFO("seed " << seed);
    Pair r(4);
    r.add("mix/v", "vca"), r.add("mix/w", "vca");
    r.edit({SetFact{kLeft, "groups", "mix/v"}, SetFact{"mix/s3", "groups", "mix/v mix/w"}}), r.update();
    const std::vector<std::string> paths = {kLeft, kRight, "mix/s2", "mix/s3"};
    std::mt19937 random(seed);
    const auto below = [&](int n) { return int(random() % unsigned(n)); };
    for (int round = 0; round < 80; round++) {
      r.catch_up();
      const std::string path = paths[size_t(below(4))], other = paths[size_t(below(4))];
      const uint64_t frame = below(3) ? 0 : r.engine.frame() + uint64_t(below(6000));
      const double seconds = below(4) ? 0 : 0.001 * below(100);
      const Links links(r.graph);
      const auto say = [&](const std::string& node, std::string_view row, double value) {
        const int number = find_row(*r.graph.find(node)->type, row);
        const LinkedNode* linked = links.find(node, number);
        if (linked) value = linked->leaders_value(number, value);
        r.say(linked ? linked->leader : node, row, value, frame, row == "level" ? seconds : 0);
      };
      switch (below(9)) {
        case 0: case 1: say(path + "/fader", "level", -below(90)); break;
        case 2: say(path + "/pan", "position", -1 + 0.125 * below(17)); break;
        case 3: say(path + "/mute", "on", below(2)); break;
        case 4: say(path + "/mute", "solo", below(3) == 0); break;
        case 5: say(below(2) ? "mix/v" : "mix/w", "level", -below(60)); break;
        case 6: case 7: {
          auto next = mixgraph::apply(r.graph, {below(5) ? follows(path, other + (below(2) ? " fader=" + std::to_string(below(20) - 10) : "")) : follows("mix/w", below(2) ? "mix/v level=-3" : "")});
          if (next) r.graph = *next, r.update();
          break;
        }
        case 8: r.edit({follows(path, "")}), r.update(); break;
      }
      r.run(below(3) ? below(200) : 0, 1 + below(100));
      if (below(15) == 0) {
        r.run(14'400), r.catch_up();
        CHECK(unlike_fresh(r) == 0);
      }
    }
    r.run(14'400);
    r.catch_up(true);
    const auto settled = mixgraph::apply(r.graph, {});
    REQUIRE(settled);
    CHECK(*settled == r.graph);  // what follows is where its leader has it
    CHECK(unlike_fresh(r) == 0);
  }
}

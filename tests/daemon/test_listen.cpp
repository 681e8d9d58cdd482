// PFL and AFL: what an operator listens to, and that nobody else hears anything of it.
#include <catch2/catch.hpp>

#include <random>

#include "config/session.h"
#include "graph/listen.h"
#include "nodes/list.h"
#include "tests/support/deck.h"
#include "tests/support/desk.h"
#include "tests/support/engine_runner.h"

using namespace mixgraph;
using Lines = std::vector<std::string>;

namespace {

const std::string kDesk =
    "mixgraph: 1\n"
    "mix:\n"
    "  a: {type: strip, from: in/1, fader: -20}\n"
    "  b: {type: strip, from: in/2, mute: on}\n"
    "  sum: {type: bus, from: [a, b]}\n"
    "  phones: {type: listen, from: sum}\n"
    "master:\n"
    "  out: {type: output, from: mix/sum, to: 1}\n"
    "  ears: {type: output, from: mix/phones, to: 2}\n";

double heard(Desk& desk, size_t output = 1) {
  desk.run(80);
  return desk.output[output].back();
}
double gain(double db) { return std::pow(10, db / 20); }

}  // namespace

TEST_CASE("a PFL is heard before its fader, an AFL behind its mute, and else what is connected", "[listen]") {
  Desk desk(kDesk);
  const double middle = std::sqrt(0.5), sum = 0.5 * gain(-20) * middle;
  CHECK(heard(desk) == Approx(sum).epsilon(1e-4));
  desk.send("/mix/b/fader/pfl", {1});
  CHECK(desk.lines().empty());
  CHECK(heard(desk) == Approx(0.5).epsilon(1e-4));  // though it is muted
  CHECK(desk.get("/mix/b/fader/pfl") == 1);
  desk.send("/mix/a/fader/pfl", {1});
  CHECK(heard(desk) == Approx(1.0).epsilon(1e-4));
  desk.send("/mix/*/fader/pfl", {0});
  desk.send("/mix/a/mute/afl", {1});
  CHECK(heard(desk) == Approx(0.5 * gain(-20)).epsilon(1e-4));
  desk.send("/mix/a/mute", {1});
  CHECK(heard(desk) == 0);
  desk.send("/mix/a/mute", {0});
  SECTION("all are taken back at once") {
    desk.send("/mix/b/fader/pfl", {1});
    desk.lines();
    desk.send("/listen/clear");
    CHECK(desk.lines() == Lines{R"(/done ,ss "/listen/clear" "2")"});
    CHECK(heard(desk) == Approx(sum).epsilon(1e-4));
  }
  SECTION("level, dim and mono") {
    desk.send("/mix/a/mute/afl", {0});
    desk.send("/mix/a/fader/pfl", {1});
    desk.send("/mix/phones", {-6.f});
    CHECK(heard(desk) == Approx(0.5 * gain(-6)).epsilon(1e-4));
    desk.send("/mix/phones/dim", {1});
    CHECK(heard(desk) == Approx(0.5 * gain(-26)).epsilon(1e-4));
    desk.send("/mix/phones/dim_amount", {-10.f}), desk.send("/mix/phones/mono", {1});
    CHECK(heard(desk) == Approx(0.5 * gain(-16)).epsilon(1e-4));
  }
  SECTION("in a bundle, at about its time") {
    desk.send(desk.main, osc::Bundle{desk.at(100), {osc::Message{"/mix/a/mute/afl", {0}}, osc::Message{"/mix/b/fader/pfl", {1}}}});
    desk.run(30);
    CHECK(desk.get("/mix/b/fader/pfl") == 0);
    desk.run(150);
    CHECK(desk.get("/mix/b/fader/pfl") == 1);
    CHECK(heard(desk) == Approx(0.5).epsilon(1e-4));
  }
  SECTION("nothing of it is wired, and it is saved as a value") {
    desk.send("/graph/list", {"mix/phones"});
    desk.run(50);
    Lines cables = desk.lines();
    std::erase_if(cables, [](const std::string& line) { return !line.starts_with("/graph/cable"); });
    CHECK(cables.size() == 2);
    Session live = desk.control.workspace().document.session();
    live.graph = desk.control.graph();
    CHECK_THAT(write_session(live), Catch::Contains("mute: {afl: on}"));
  }
  SECTION("it goes with the node that listens, and comes again with it") {
    desk.send("/graph/remove", {"mix/phones"});
    CHECK(heard(desk) == 0);
    desk.send("/graph/undo");
    CHECK(heard(desk) == Approx(0.5 * gain(-20)).epsilon(1e-4));
  }
}

TEST_CASE("subscribers hear of a PFL, and a second node that listens is refused by name", "[listen]") {
  Desk desk(kDesk);
  const Client other = desk.client();
  desk.send(other, osc::Message{"/subscribe", {"/mix/*/fader/pfl"}});
  desk.run(20), desk.lines(other);
  desk.send("/mix/a/fader/pfl", {1});
  desk.run(20);
  CHECK(desk.lines(other) == Lines{"/mix/a/fader/pfl ,i 1"});
  desk.send("/graph/add", {"mix/more", "listen"});
  CHECK(desk.lines() == Lines{R"(/error ,sss "/mix/more" "there is a listen already: /mix/phones" "a graph has one; remove that first")"});
}

TEST_CASE("a PFL that would hear itself is refused, and nothing has changed", "[listen]") {
  Desk desk(
      "mixgraph: 1\n"
      "mix:\n"
      "  a: {type: fader, from: in/1}\n"
      "  phones: {type: listen, from: a}\n"
      "  back: {type: fader, from: phones}\n"
      "master:\n"
      "  out: {type: output, from: mix/back, to: [1, 2]}\n");
  desk.send("/mix/back/pfl", {1});
  const Lines lines = desk.lines();
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], Catch::StartsWith("/error") && Catch::Contains("loop: /mix/phones -> /mix/phones"));
  CHECK(desk.get("/mix/back/pfl") == 0);
  CHECK(heard(desk, 0) == Approx(0.5));
}

TEST_CASE("what listens changes without a click, and the mix has the same bytes as if nobody listened", "[listen]") {
  for (const double hertz : {0.0, 100.0, 997.0}) {
    INFO(hertz << " Hz");
    const auto play = [&](bool listens) {
      Desk desk(kDesk);
      desk.input = [=](uint64_t frame) { return hertz == 0 ? 0.5f : float(0.5 * std::sin(2 * M_PI * hertz * double(frame) / 48000)); };
      desk.run(150);
      std::mt19937 random(3);
      for (int i = 0; i < 60; i++) {
        static constexpr const char* kRows[] = {"/mix/a/fader/pfl", "/mix/b/fader/pfl", "/mix/a/mute/afl", "/mix/sum/mute/afl", "/mix/phones/dim", "/mix/phones/mono"};
        const char* const row = kRows[random() % 6];
        if (const int on = int(random() % 2); listens) desk.send(row, {on});
        if (i % 7 == 0) desk.send("/mix/a/fader", {-float(random() % 30)});
        desk.run(double(2 + 2 * (random() % 20)));
      }
      return desk.output;
    };
    const auto with = play(true), without = play(false);
    CHECK(with[0] == without[0]);
    CHECK(with[1] != without[1]);
    CHECK(click_level(with[1], 4000, 48000, 9600) < -80);
    CHECK(click_level(with[1], 8000, 48000, 9600) < -90);
  }
}

TEST_CASE("what is listened to before and behind slow nodes comes at one time", "[listen]") {
  // The limiter's look-ahead delays its path: a PFL of both sides of it is one sound.
  Deck deck(
      "mixgraph: 1\n"
      "mix:\n"
      "  late: {type: limiter, from: in/1, ceiling: 0}\n"
      "  a: {type: fader, from: late}\n"
      "  b: {type: fader, from: in/1}\n"
      "  phones: {type: listen}\n"
      "master:\n"
      "  ears: {type: output, from: mix/phones, to: [1, 2]}\n",
      {.inputs = 2, .outputs = 2, .ceiling_db = 60}, node_types());
  deck.run(960);
  deck.send("/mix/b/pfl", {1});
  deck.run(9600);
  for (auto& channel : deck.heard) channel.clear();
  deck.run(4800);
  const auto alone = deck.heard[0];
  deck.send("/mix/a/pfl", {1});
  deck.run(9600);
  CHECK(deck.errors.empty());
  for (auto& channel : deck.heard) channel.clear();
  const uint64_t first = deck.engine.frame();
  deck.run(4800);
  const int latency = deck.engine.latency();
  REQUIRE(latency > 0);
  for (size_t i = 0; i < 4800; i++) REQUIRE(deck.heard[0][i] == Approx(2 * device_noise(0, first + i - uint64_t(latency))).margin(1e-6));
  CHECK(alone != deck.heard[0]);
}

TEST_CASE("the cables that sound are those of a plain reckoning", "[listen][oracle]") {
  const NodeTypes types = node_types();
  const auto type = [&](std::string_view id) { return *std::find_if(types.begin(), types.end(), [&](const NodeType* t) { return t->id == id; }); };
  for (unsigned seed = 1; seed <= 30; seed++) {
    std::mt19937 random(seed);
    const auto below = [&](size_t n) { return size_t(random() % n); };
    Graph graph;
    std::vector<std::string> paths;
    for (int i = 0; i < 12; i++) {
      static constexpr const char* kTypes[] = {"fader", "mute", "compressor", "trim"};
      paths.push_back("mix/n" + std::to_string(i));
      graph = *mixgraph::apply(graph, {AddNode{make_node(paths.back(), *type(kTypes[below(4)]))}});
    }
    const bool listening = seed % 4 != 0;
    if (listening) graph = *mixgraph::apply(graph, {AddNode{make_node("mix/phones", *type("listen"))}});
    for (int i = 0; i < 60; i++) {
      const Node& to = below(6) == 0 && listening ? *graph.find("mix/phones") : *graph.find(paths[below(12)]);
      const auto next = mixgraph::apply(graph, {Connect{{paths[below(12)], 0, to.path, int(below(to.type->inputs.size()))}}});
      if (next) graph = *next;
      const Node node = *graph.find(paths[below(12)]);
      for (int r = 0; r < row_count(*node.type); r++)
        if (is_heard_by(row(*node.type, r))) graph = *mixgraph::apply(graph, {SetValue{node.path, r, double(below(3) == 0)}});
      std::set<Cable> wanted(graph.cables().begin(), graph.cables().end()), picked;
      for (const Node& n : graph.nodes()) {
        if (n.type->id == "mute" && n.values[3] == Value(1.0)) picked.insert({n.path, 0, "mix/phones", 0});
        for (const Cable& c : graph.cables())
          if (n.type->id == "fader" && n.values[1] == Value(1.0) && c.to == n.path) picked.insert({c.from, c.from_port, "mix/phones", 0});
      }
      const bool any = std::any_of(graph.nodes().begin(), graph.nodes().end(), [](const Node& n) {
        return (n.type->id == "mute" && n.values[3] == Value(1.0)) || (n.type->id == "fader" && n.values[1] == Value(1.0));
      });
      if (listening && any) std::erase_if(wanted, [](const Cable& c) { return c.to == "mix/phones"; });
      if (listening) wanted.insert(picked.begin(), picked.end());
      const auto heard = listening_cables(graph);
      CHECK(heard.has_value() == (listening && any));
      CHECK((heard ? *heard : graph.cables()) == std::vector<Cable>(wanted.begin(), wanted.end()));
    }
  }
}

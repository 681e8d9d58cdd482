// The law, through control: what was said last of a frame is what the document says and what sounds.
#include <catch2/catch.hpp>

#include "tests/support/bomb.h"
#include "tests/support/deck.h"

using namespace mixgraph;

namespace {

const EngineSettings kSettings{.environment = {}, .inputs = 2, .outputs = 4, .ceiling_db = 60};

osc::Message message(const std::string& address, std::vector<osc::Argument> arguments = {}) { return {address, std::move(arguments)}; }

std::string one_node(std::string_view type) {
  return "mixgraph: 1\nmix:\n  x: {type: " + std::string(type) + ", from: in/1}\nmaster:\n  out: {type: output, from: mix/x, to: [1, 2]}\n";
}

float largest(const std::vector<float>& x) {
  float most = 0;
  for (float v : x) most = std::max(most, v);
  return most;
}

struct Row {
  const char *type, *row;
  double sooner, later;
};
const std::vector<Row> kRows = {{"trim", "gain", -20, -6}, {"fader", "level", -20, -6}, {"mute", "on", 0, 1},
                                {"pan", "position", -1, 0.5}, {"send", "level", -20, -6}, {"trim", "bypass", 0, 1}};

}  // namespace

TEST_CASE("A strip without an inner cable puts out nothing", "[law]") {
  Deck deck(
      "mixgraph: 1\nmix:\n  a: {type: strip, from: in/1}\n  b: {type: strip, from: in/2}\nmaster:\n"
      "  a: {type: output, from: mix/a, to: [1, 2]}\n  b: {type: output, from: mix/b, to: [3, 4]}\n",
      kSettings, node_types());
  deck.run(960);
  const auto [from, to] = GENERATE(std::pair("trim", "highpass"), std::pair("highpass", "gate"), std::pair("eq", "fader"), std::pair("mute", "pan"));
  INFO(from << " to " << to);
  deck.send("/graph/disconnect", {std::string("mix/b/") + from, std::string("mix/b/") + to});
  deck.run(48'000);
  CHECK(deck.errors.empty());
  CHECK(difference(deck.heard[2], std::vector<float>(48'960), 44'160, 48'960) == 0);
  CHECK(largest(deck.heard[0]) > 0.01f);
}

TEST_CASE("A fault undoes nothing that the document says", "[law]") {
  Deck deck(
      "mixgraph: 1\nmix:\n  a: {type: fader, from: in/1}\n  m: {type: mute, from: a}\n  b: {type: bomb, from: in/2}\nmaster:\n"
      "  a: {type: output, from: mix/m, to: [1, 2]}\n  b: {type: output, from: mix/b, to: [3, 4]}\n",
      kSettings, types_with_bomb());
  deck.run(960);
  deck.send("/mix/a", {-12.0});
  deck.send("/mix/m", {1});
  deck.run(4800);
  deck.send("/mix/b/fuse", {1});
  deck.run(9600);
  CHECK(deck.engine.counters().faults == 1);
  CHECK(deck.value("mix/m", "on") == 1.0);
  CHECK(unlike_fresh(deck, 4800) == std::vector<float>(4));
}

TEST_CASE("A node that was added is set in the same turn", "[law]") {
  const auto [type, row, value] = GENERATE(std::tuple("limiter", "gain", 24.0), std::tuple("delay", "mix", 0.0), std::tuple("reverb", "mix", 0.0));
  INFO(type);
  Deck deck(one_node("trim"), kSettings, node_types());
  deck.run(960);
  deck.send("/graph/add", {"mix/y", "trim"});
  deck.send("/graph/add", {"mix/z", type, "from", "in/1"});
  deck.send("/graph/connect", {"mix/z", "master/out"});
  deck.send(std::string("/mix/z/") + row, {value});
  deck.run(48'000);
  CHECK(deck.errors.empty());
  CHECK(deck.value("mix/z", row) == value);
  for (float d : unlike_fresh(deck, 144'000)) CHECK(d <= 1e-6f);
}

TEST_CASE("A set and an edit that takes its node apart from another are one turn", "[law]") {
  const bool bundle = GENERATE(true, false);
  Deck deck(
      "mixgraph: 1\nmix:\n  a: {type: trim, from: in/1}\n  b: {type: trim, from: in/2}\nmaster:\n"
      "  a: {type: output, from: mix/a, to: [1, 2]}\n  b: {type: output, from: mix/b, to: [3, 4]}\n",
      kSettings, node_types());
  deck.run(960);
  const auto set = message("/mix/a/gain", {-40.0}), connect = message("/graph/connect", {"mix/a", "mix/b"});
  if (bundle) deck.send(osc::Bundle{{}, {set, connect}});
  if (!bundle) deck.send(set), deck.send(connect);
  deck.run(9600);
  CHECK(deck.value("mix/a", "gain") == -40.0);
  CHECK(unlike_fresh(deck, 4800) == std::vector<float>(4));
}

TEST_CASE("What has the later frame comes after, whenever it was sent", "[law]") {
  const std::string how = GENERATE("set", "move", "long move", "recall", "time tags out of order");
  for (const Row& row : kRows) {
    INFO(how << ": " << row.type << " " << row.row);
    if (how.ends_with("move") && std::string(row.row) == "bypass") continue;
    const std::string address = std::string("/mix/x/") + row.row;
    Deck deck(one_node(row.type), kSettings, node_types());
    deck.run(960);
    deck.send(address, {row.sooner});
    deck.send("/scene/store", {"sooner"});
    deck.run(4800);
    deck.send_ahead(1920, {message(address, {row.later})});
    deck.run(480);  // the engine has it already
    if (how == "set") deck.send(address, {row.sooner});
    if (how == "move") deck.send(address, {row.sooner, 0.005});
    if (how == "long move") deck.send(address, {row.sooner, 0.1});
    if (how == "recall") deck.send("/scene/recall", {"sooner"});
    if (how.starts_with("time")) deck.send_ahead(720, {message(address, {row.sooner})});
    deck.run(14'400);
    CHECK(deck.value("mix/x", row.row) == row.later);
    CHECK(unlike_fresh(deck, 4800) == std::vector<float>(4));
  }
}

TEST_CASE("The document has the value as of now: a timed one from its frame on", "[law]") {
  Deck deck(one_node("trim"), kSettings, node_types());
  deck.run(960);
  deck.send_ahead(1920, {message("/mix/x/gain", {-12.0})});
  deck.run(960);
  CHECK(deck.value("mix/x", "gain") == 0.0);
  deck.send("/scene/store", {"now"});
  deck.run(1920);
  CHECK(deck.value("mix/x", "gain") == -12.0);
  deck.send("/scene/recall", {"now"});
  deck.run(960);
  CHECK(deck.value("mix/x", "gain") == 0.0);
}

TEST_CASE("Moves under way, and changes that wait, outlive edits of their node", "[law]") {
  auto play = [](const std::string& edit) {
    Deck deck("mixgraph: 1\nmix:\n  x: {type: pan, from: in/1}\n  y: {type: pan, from: in/2, law: linear}\nmaster:\n"
              "  out: {type: output, from: mix/x, to: [1, 2]}\n  b: {type: output, from: mix/y, to: [3, 4]}\n", kSettings, node_types());
    deck.run(960);
    if (edit == "rebuilt before") deck.send("/mix/x/law", {"linear"});
    deck.run(4800);
    deck.send("/mix/x/position", {1.0, 0.4});
    deck.send_ahead(14'400, {message("/mix/y/position", {0.5})});
    deck.send_ahead(1920, {message("/mix/y/position", {-0.5})});
    deck.run(480);
    if (edit == "rebuild") deck.send("/mix/x/law", {"linear"}), deck.send("/mix/y/law", {"compromise"});
    if (edit == "connect") deck.send("/graph/connect", {"mix/x", "mix/y"});
    deck.run(9600);
    const size_t from = deck.heard[0].size() - 960;
    std::vector<float> middle(deck.heard[0].begin() + std::ptrdiff_t(from), deck.heard[0].end());
    deck.run(14'400);
    CHECK(deck.value("mix/y", "position") == 0.5);
    for (float d : unlike_fresh(deck, 4800)) CHECK(d == 0);
    return middle;
  };
  const std::string edit = GENERATE("nothing", "rebuild", "connect");
  const auto wanted = play(edit == "rebuild" ? "rebuilt before" : "nothing"), got = play(edit);
  CHECK(difference(wanted, got, 0, got.size()) <= 1e-4f);
}

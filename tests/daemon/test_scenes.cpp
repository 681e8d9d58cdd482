// Scenes against a plain model of them: all values of the nodes that a scene was stored of.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <random>
#include <tuple>

#include "daemon/journal/journal_reader.h"
#include "nodes/list.h"
#include "tests/config/folder.h"
#include "tests/support/desk.h"

using namespace mixgraph;

namespace {

using Place = std::tuple<std::string, const NodeType*, int>;  // of a value: path, type, row
using Values = std::map<Place, Value>;

const std::string kMix =
    "mixgraph: 1\n"
    "mix:\n"
    "  vox: {type: strip, from: in/1}\n"
    "  n: {type: fader, from: vox}\n"
    "  n/under: {type: trim, from: in/2}\n"
    "master:\n"
    "  out: {type: output, from: [mix/n, mix/n/under], to: [1, 2]}\n";

bool is_in_scenes(const Parameter& p) { return !is_text(p) && (p.update == Update::rebuild || p.motion == Motion::smooth); }

/// A scope as it is sent, and what it means.
struct ScopeCase {
  std::vector<osc::Argument> arguments;
  std::function<bool(const std::string&)> holds;
};
bool is_at(const std::string& path, const std::string& above) { return path == above || path.starts_with(above + "/"); }
const ScopeCase kScopes[] = {
    {{}, [](const std::string&) { return true; }},
    {{"mix"}, [](const std::string& path) { return path.starts_with("mix/"); }},
    {{"/mix/a1"}, [](const std::string& path) { return is_at(path, "mix/a1"); }},
    {{"/mix/a*"}, [](const std::string& path) { return path.starts_with("mix/a"); }},
    {{"/mix/*/fader", "in"}, [](const std::string& path) { return (path.ends_with("/fader") && std::count(path.begin(), path.end(), '/') == 2) || path.starts_with("in/"); }},
    {{"/mix/{a0,a2}", "mix/n", "mix/vox/eq"},
     [](const std::string& path) { return is_at(path, "mix/a0") || is_at(path, "mix/a2") || path == "mix/n" || path == "mix/vox/eq"; }},
};

/// Values that aren't what they should be, for people.
std::string differences(const Values& is, const Values& wanted) {
  std::string all;
  for (const auto& [at, value] : wanted) {
    const auto& [path, type, number] = at;
    const auto found = is.find(at);
    const Parameter& p = row(*type, number);
    if (found == is.end() || found->second != value)
      all += path + " " + std::string(p.id) + ": " + (found == is.end() ? "gone" : format_value(p, found->second)) + ", not " + format_value(p, value) + "\n";
  }
  return all + (is.size() == wanted.size() ? "" : "others have come\n");
}

/// A desk, and what its scenes ought to be.
class Model {
 public:
  explicit Model(unsigned seed) : random_(seed), desk_(kMix, {.session_file = folder_.path("song.yaml")}) {
    folder_.write("song.yaml", kMix);
  }
  void step() {
    switch (below(12)) {
      case 0: return add();
      case 1: return void(answer("/graph/remove", {name()}));
      case 2:
      case 3: return store();
      case 4:
      case 5: return recall();
      case 6: return undo_scene();
      case 7: return below(3) ? void() : save_and_load();
      case 8: return below(4) ? void() : remove();
      default:
        for (int i = 0; i < 5; i++) set();
    }
  }
  std::string said;  // since the start
  size_t recalled = 0, undone = 0, with_gone = 0;

 private:
  unsigned below(unsigned n) { return random_() % n; }
  std::string name() { return (below(8) ? "mix/a" : "mix/vox/a") + std::to_string(below(4)); }
  std::string scene() { return "scene " + std::to_string(below(4)); }
  const Graph& graph() { return desk_.control.graph(); }
  const Session& session() { return desk_.control.workspace().document.session(); }
  std::string answer(const std::string& address, std::vector<osc::Argument> arguments = {}) {
    said += osc::describe({address, arguments}) + "\n";
    desk_.received();
    desk_.send(address, std::move(arguments));
    const auto lines = desk_.lines();
    return lines.empty() ? "" : lines.back();
  }
  Values values() {
    Values all;
    for (const Node& node : graph().nodes())
      for (int i = 0; i < row_count(*node.type); i++) all[{node.path, node.type, i}] = node.values[size_t(i)];
    return all;
  }

  void add() {
    static constexpr const char* kTypes[] = {"fader", "trim", "highpass", "eq", "compressor", "pan", "strip", "bus"};
    answer("/graph/add", {name(), std::string(kTypes[below(std::size(kTypes))])});
  }
  void set() {
    const auto& entries = desk_.control.workspace().document.names().entries();
    const Entry entry = entries[below(unsigned(entries.size()))];
    const Parameter& p = entry.parameter();
    if (is_text(p)) return;
    const double value = below(4) ? p.min + (p.max - p.min) * below(101) / 100 : p.initial;
    answer(entry.address, {value});
  }
  void store() {
    const std::string scene = this->scene();
    const ScopeCase& scope = kScopes[below(std::size(kScopes))];
    std::vector<osc::Argument> arguments{scene};
    arguments.insert(arguments.end(), scope.arguments.begin(), scope.arguments.end());
    if (!answer("/scene/store", arguments).starts_with("/done")) return;
    Values& stored = scenes_[scene] = {};
    for (const auto& [at, value] : values())
      if (const auto& [path, type, number] = at; scope.holds(path) && is_in_scenes(row(*type, number))) stored[at] = value;
  }
  /// Says that something sets these values, and nothing else.
  void expect(const std::string& address, std::vector<osc::Argument> arguments, const Values& wanted) {
    const Values before = values();
    Values after = before;
    replaced_.emplace();
    size_t gone = 0;
    for (const auto& [at, value] : wanted) {
      const auto found = after.find(at);
      gone += found == after.end();
      if (found == after.end() || found->second == value) continue;
      (*replaced_)[at] = found->second;
      found->second = value;
    }
    const std::string told = answer(address, std::move(arguments));
    REQUIRE(told.starts_with("/done"));
    const auto open = told.find("("), values_word = told.find(" values left out");
    REQUIRE((gone == 0) == (open == told.npos));
    if (gone > 0) REQUIRE(told.substr(open + 1, values_word - open - 1) == std::to_string(gone));
    with_gone += gone > 0;
    REQUIRE(differences(values(), after) == "");
  }
  void recall() {
    const std::string scene = this->scene();
    if (!scenes_.contains(scene)) return;
    const Graph before = graph();
    expect("/scene/recall", {scene}, scenes_.at(scene));
    recalled += !replaced_->empty();
    if (replaced_->empty() || below(4)) return;
    REQUIRE(answer("/graph/undo").starts_with("/done"));
    REQUIRE(graph() == before);
  }
  void undo_scene() {
    if (!replaced_) return;
    const Values wanted = *replaced_;
    expect("/scene/undo", {}, wanted);
    undone += !replaced_->empty();
  }
  void remove() {
    const std::string scene = this->scene();
    REQUIRE(answer("/scene/remove", {scene}).starts_with(scenes_.erase(scene) ? "/done" : "/error"));
  }
  void save_and_load() {
    const Graph saved = graph();
    const Scenes scenes = session().scenes;
    REQUIRE(answer("/graph/save").starts_with("/done"));
    said += folder_.read("song.yaml");
    const auto file = load_session(folder_.path("song.yaml"), node_types());
    REQUIRE(file);
    REQUIRE(file->scenes == scenes);
    for (int i = 0; i < 3; i++) set();
    answer("/scene/remove", {scene()});
    REQUIRE(answer("/graph/revert").starts_with("/done"));
    REQUIRE(session().scenes == scenes);
    REQUIRE(graph() == saved);
    JournalEncoder encoder;
    encoder.snapshot({}, {}, saved, scenes);
    const auto content = read_journal(std::string(kJournalMagic) + journal_record(1, 0, encoder.take()), node_types());
    REQUIRE(content.scenes == scenes);
    REQUIRE(content.left_out.empty());
  }

  std::mt19937 random_;
  test::Folder folder_;
  Desk desk_;
  std::map<std::string, Values> scenes_;
  std::optional<Values> replaced_;  // by the last recall
};

/// The last answer, without quotes.
std::string answer(Desk& desk, const std::string& address, std::vector<osc::Argument> arguments = {}) {
  desk.received();
  desk.send(address, std::move(arguments));
  desk.run(10);
  const auto lines = desk.lines();
  std::string last = lines.empty() ? "" : lines.back();
  std::erase(last, '"');
  return last;
}

}  // namespace

TEST_CASE("Whatever is done in between, a recall sets what was stored and nothing else", "[scenes]") {
  size_t recalled = 0, undone = 0, with_gone = 0;
  for (unsigned seed = 0; seed < 40; seed++) {
    Model model(seed);
    for (int i = 0; i < 150; i++) {
      INFO("seed " << seed << ", step " << i << ", after\n" << model.said);
      model.step();
    }
    recalled += model.recalled;
    undone += model.undone;
    with_gone += model.with_gone;
  }
  // It must have been about something.
  CHECK(recalled > 200);
  CHECK(undone > 100);
  CHECK(with_gone > 50);
}

TEST_CASE("A recall in a bundle begins at its time, and leaves what is out of scope alone to the sample", "[scenes]") {
  Desk with(kTwoFaders), without(kTwoFaders);
  for (Desk* desk : {&with, &without}) {
    desk->input = [](uint64_t frame) { return float(frame % 100) / 200 + 0.1F; };
    desk->send("/mix/left", {-20.F});
    desk->send("/mix/right", {-20.F});
    desk->run(100);
    CHECK(answer(*desk, "/scene/store", {"left alone", "mix/left"}).starts_with("/done"));
    desk->send("/mix/left", {0.F});
    desk->send("/mix/right", {0.F, 0.3F});
    desk->run(100);
  }
  const uint64_t due = with.now.frame_at(with.at(50.5).system_ns(), Desk::kRate);
  with.send(with.main, osc::Bundle{with.at(50.5), {message("/scene/recall", {"left alone", 0.1F})}});
  for (Desk* desk : {&with, &without}) desk->run(400);
  REQUIRE(with.output[0].size() == without.output[0].size());
  size_t first = 0;
  while (first < with.output[0].size() && with.output[0][first] == without.output[0][first]) first++;
  CHECK(first >= due);
  CHECK(first < due + 100);
  CHECK(with.output[1] == without.output[1]);
  CHECK(with.get("/mix/left") == -20);
  CHECK(with.get("/mix/right") == 0);
}

TEST_CASE("A node of another type is another node, and what was stored of the first comes back with it", "[scenes]") {
  const test::Folder folder;
  folder.write("song.yaml", kTwoFaders);
  Desk desk(kTwoFaders, {.session_file = folder.path("song.yaml")});
  desk.send("/mix/left", {-6.F});
  desk.send("/scene/store", {"verse"});
  desk.send("/graph/remove", {"mix/left"});
  desk.send("/graph/add", {"mix/left", "trim"});
  desk.send("/mix/left", {3.F});
  desk.send("/mix/right", {-9.F});
  CHECK(answer(desk, "/scene/diff", {"verse"}) == "/done ,s /scene/diff");
  CHECK(answer(desk, "/scene/recall", {"verse"}).find("values left out") != std::string::npos);
  CHECK(desk.get("/mix/left") == 3);
  CHECK(desk.get("/mix/right") == 0);
  REQUIRE(answer(desk, "/graph/save").starts_with("/done"));
  CHECK(folder.read("song.yaml").find("{mix/left: fader}") != std::string::npos);
  REQUIRE(answer(desk, "/graph/load", {"song.yaml"}).starts_with("/done"));
  desk.send("/graph/remove", {"mix/left"});
  desk.send("/graph/add", {"mix/left", "fader"});
  CHECK(answer(desk, "/scene/recall", {"verse"}) == "/done ,ss /scene/recall verse");
  CHECK(desk.get("/mix/left") == -6);
}

TEST_CASE("What an instance gets later isn't in its scenes, not even by another hand in the file", "[scenes]") {
  Desk desk(kMix);
  desk.send("/scene/store", {"vox", "mix/vox"});
  desk.send("/graph/add", {"mix/vox/extra", "fader"});
  desk.send("/mix/vox/extra", {-12.F});
  desk.send("/mix/vox/fader", {-12.F});
  CHECK(answer(desk, "/scene/recall", {"vox"}) == "/done ,ss /scene/recall vox");
  CHECK(desk.get("/mix/vox/extra") == -12);
  CHECK(desk.get("/mix/vox/fader") == 0);
  Session session = desk.control.workspace().document.session();
  session.graph = desk.control.graph();
  std::string text = write_session(session);
  text.replace(text.find("  vox: {type: strip"), 0, "  vox/more: {type: fader, level: -5}\n");
  const auto again = parse_session(text, "song.yaml", "", node_types());
  REQUIRE(again);
  CHECK(again->scenes == session.scenes);
}

TEST_CASE("A scope that means nothing stores nothing", "[scenes]") {
  Desk desk(kMix);
  CHECK(answer(desk, "/scene/store", {"x", "mix/vox", "/mix/vix"}) ==
        "/error ,sss /scene/store there is no node at /mix/vix or beneath it /graph/list lists the nodes");
  CHECK(answer(desk, "/scene/store", {"x", "/mix/[a"}).starts_with("/error"));
  CHECK(answer(desk, "/scene/store", {"x", 3}).starts_with("/error"));
  CHECK(answer(desk, "/scene/list") == "/done ,s /scene/list");
}

TEST_CASE("Undo of a recall leaves what was set since, and what the recall didn't replace", "[scenes]") {
  Desk desk(kTwoFaders);
  desk.send("/scene/store", {"start"});
  desk.send("/mix/left", {-20.F});
  desk.send("/scene/recall", {"start"});
  desk.send("/mix/right", {-7.F});
  CHECK(answer(desk, "/scene/undo") == "/done ,s /scene/undo");
  CHECK(desk.get("/mix/left") == -20);
  CHECK(desk.get("/mix/right") == -7);
  CHECK(answer(desk, "/scene/undo") == "/done ,s /scene/undo");
  CHECK(desk.get("/mix/left") == 0);
}

TEST_CASE("A step back of a recall leaves what was set since, and so does the step forward", "[scenes]") {
  Desk desk(kMix);
  desk.send("/scene/store", {"zero"});
  desk.send("/mix/vox/fader", {-20.f});
  desk.send("/mix/n", {-10.f});
  desk.send("/scene/recall", {"zero"});
  desk.send("/mix/n", {-3.f});
  desk.send("/graph/undo");
  CHECK(desk.get("/mix/vox/fader") == -20);
  CHECK(desk.get("/mix/n") == -3);
  desk.send("/mix/vox/fader", {-7.f});
  desk.send("/graph/redo");
  CHECK(desk.get("/mix/vox/fader") == -7);
  CHECK(desk.get("/mix/n") == -3);
}

TEST_CASE("A recall that waits for its time is a step from then on, and takes back what it replaced then", "[scenes]") {
  Desk desk(kMix);
  desk.send("/scene/store", {"zero"});
  desk.send("/mix/vox/fader", {-20.f});
  desk.send("/graph/add", {"mix/x", "trim"});
  desk.send(desk.main, osc::Bundle{desk.at(40), {message("/scene/recall", {"zero", 1.f})}});
  desk.run(4);                  // it was handed to the engine
  desk.send("/mix/n", {-3.f});  // and was 0 when it was
  SECTION("taken back and made again") {
    desk.run(1500);
    CHECK(desk.get("/mix/vox/fader") == 0);
    CHECK(desk.get("/mix/n") == 0);
    desk.send("/graph/undo");
    CHECK(desk.get("/mix/vox/fader") == -20);
    CHECK(desk.get("/mix/n") == -3);
    desk.send("/graph/redo");
    CHECK(desk.get("/mix/vox/fader") == 0);
    CHECK(desk.get("/mix/n") == 0);
    CHECK(desk.control.graph().find("mix/x"));
  }
  SECTION("before its time the step before is the latest") {
    desk.send("/graph/undo");
    CHECK_FALSE(desk.control.graph().find("mix/x"));
    desk.run(1500);
    CHECK(desk.get("/mix/vox/fader") == 0);
    desk.send("/graph/undo");
    CHECK(desk.get("/mix/vox/fader") == -20);
  }
}

TEST_CASE("64 strips with 86 scenes make a small file", "[scenes]") {
  std::string text = "mixgraph: 1\nmix:\n";
  for (int i = 1; i <= 64; i++) text += fmt::format("  strip{0}: {{type: strip, from: in/{0}}}\n", i);
  Desk desk(text);
  Session all;  // with every value, as scenes without scope are
  for (int s = 0; s < 86; s++) {
    for (int i = 1; i <= 64; i++) desk.send(fmt::format("/mix/strip{}/fader", i), {float(-(s + i) % 60)});
    desk.send("/scene/store", {fmt::format("scene {}", s)});
    Scene scene;
    for (const Entry& entry : desk.control.workspace().document.names().entries())
      if (is_in_scenes(entry.parameter())) scene.values[entry.address.substr(1)] = value_in(desk.control.graph(), entry);
    all.scenes[fmt::format("scene {}", s)] = std::move(scene);
  }
  Session session = desk.control.workspace().document.session();
  session.graph = all.graph = desk.control.graph();
  const size_t bytes = write_session(session).size(), before = write_session(all).size();
  INFO(bytes << " bytes, with every value " << before);
  CHECK(bytes < 1'000'000);
  CHECK(bytes * 9 < before);
}

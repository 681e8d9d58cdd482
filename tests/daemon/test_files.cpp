// Loading and saving by OSC, also with names and disks that are against it.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "nodes/list.h"
#include "tests/config/folder.h"
#include "tests/support/desk.h"

using namespace mixgraph;
using Lines = std::vector<std::string>;

namespace {

const std::string kMix =
    "mixgraph: 1\n"
    "mix:\n"
    "  vox: {type: strip, from: in/1}\n"
    "master:\n"
    "  out: {type: output, from: mix/vox, to: [1, 2]}\n";

/// The only answer to a message.
std::string answer(Desk& desk, const std::string& address, std::vector<osc::Argument> arguments = {}) {
  desk.received();
  desk.send(address, std::move(arguments));
  const Lines lines = desk.lines();
  return lines.size() == 1 ? lines[0] : "answers: " + std::to_string(lines.size());
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Names that no disk can take, and folders that can't be looked into, are refused", "[files]") {
  const test::Folder folder;
  REQUIRE(symlink("loop", folder.path("loop").c_str()) == 0);
  folder.write("file", "");
  for (const std::string& session : {folder.path("song.yaml"), folder.path("loop/song.yaml"),
                                     folder.path("file/song.yaml"), folder.path("gone/song.yaml")}) {
    Desk desk(kMix, {.session_file = session});
    for (const size_t length : {200, 250, 251, 256, 4090, 5000})
      for (const char* command : {"/graph/save", "/graph/load"}) {
        const std::string name = std::string(length, 'x') + ".yaml";
        INFO(session << " " << command << " " << length);
        const std::string told = answer(desk, command, {name});
        const bool fits = length == 200 && session == folder.path("song.yaml");
        CHECK(told.starts_with(fits ? "/done" : "/error"));
      }
  }
}

TEST_CASE("What is saved says no more of channels than the file did", "[files]") {
  const test::Folder folder;
  folder.write("song.yaml", kMix);
  auto session = load_session(folder.path("song.yaml"), node_types());
  REQUIRE(session);
  Desk desk(kMix, {.session_file = folder.path("song.yaml")});
  CHECK(answer(desk, "/graph/add", {"mix/more", "strip", "from", "in/5"}).starts_with("/done"));
  CHECK(answer(desk, "/graph/save").starts_with("/done"));
  CHECK_FALSE(has(folder.read("song.yaml"), "puts"));
  session = load_session(folder.path("song.yaml"), node_types());
  REQUIRE(session);
  CHECK(channels_of(session->audio, session->graph).inputs == 5);
  // A file that says too few has them none the less.
  session = parse_session("mixgraph: 1\naudio: {inputs: 2, outputs: 8}\nmix:\n  a: {type: trim, from: in/5}\n", "a.yaml", ".",
                          node_types());
  REQUIRE(session);
  CHECK(channels_of(session->audio, session->graph).inputs == 5);
  CHECK(channels_of(session->audio, session->graph).outputs == 8);
  CHECK(has(write_session(*session), "audio: {inputs: 2, outputs: 8}"));
}

TEST_CASE("A save replaces only the file that was loaded", "[files]") {
  const test::Folder folder;
  folder.write("song.yaml", kMix);
  Desk first(kMix, {.session_file = folder.path("song.yaml")}), second(kMix, {.session_file = folder.path("song.yaml")});
  first.send("/mix/vox/fader", {-6.f});
  CHECK(answer(first, "/graph/save").starts_with("/done"));
  CHECK(answer(first, "/graph/save").starts_with("/done"));
  const std::string saved = folder.read("song.yaml");
  for (const std::vector<osc::Argument>& name : {std::vector<osc::Argument>{}, {"song.yaml"}}) {
    CHECK(has(answer(second, "/graph/save", name), "somebody has changed it"));
    CHECK(folder.read("song.yaml") == saved);
  }
  CHECK(answer(second, "/graph/save", {"other.yaml"}).starts_with("/done"));
  CHECK(answer(second, "/graph/load").starts_with("/done"));
  CHECK(second.get("/mix/vox/fader") == -6);
  CHECK(answer(second, "/graph/save").starts_with("/done"));
  std::filesystem::remove(folder.path("song.yaml"));  // what is gone can be written again
  CHECK(answer(second, "/graph/save").starts_with("/done"));
}

TEST_CASE("A session file that becomes a link is left alone, one that was a link is followed", "[files]") {
  const test::Folder folder;
  folder.write("real.yaml", kMix);
  folder.write("song.yaml", kMix);
  folder.write("precious", kMix);
  REQUIRE(symlink("real.yaml", folder.path("link.yaml").c_str()) == 0);
  Desk plain(kMix, {.session_file = folder.path("song.yaml")}), linked(kMix, {.session_file = folder.path("link.yaml"), .session_is_link = true});
  std::filesystem::remove(folder.path("song.yaml"));
  REQUIRE(symlink("precious", folder.path("song.yaml").c_str()) == 0);
  for (const char* command : {"/graph/save", "/graph/load", "/graph/revert", "/graph/diff"})
    CHECK(has(answer(plain, command), "is a link"));
  CHECK(folder.read("precious") == kMix);
  linked.send("/mix/vox/fader", {-6.f});
  CHECK(answer(linked, "/graph/save").starts_with("/done"));
  CHECK(std::filesystem::is_symlink(folder.path("link.yaml")));
  CHECK(has(folder.read("real.yaml"), "fader: -6"));
}

TEST_CASE("Without a session, the session's file is left alone", "[files]") {
  const test::Folder folder;
  Engine engine({});
  std::vector<std::string> told;
  Control control(engine, Session(), node_types(),
                  [&](const Client&, const osc::Packet& packet, bool) { told.push_back(osc::describe(std::get<osc::Message>(packet))); },
                  {.session_file = folder.path("song.yaml")});
  const auto save = [&](std::vector<osc::Argument> name) {
    control.receive({}, osc::encode(osc::Message{"/graph/save", std::move(name)}), {});
    return told.back();
  };
  CHECK(has(save({}), "runs without a session"));
  CHECK_FALSE(std::filesystem::exists(folder.path("song.yaml")));
  folder.write("song.yaml", kMix);
  CHECK(has(save({}), "runs without a session"));
  CHECK(folder.read("song.yaml") == kMix);
  CHECK(save({"other.yaml"}).starts_with("/done"));
}

TEST_CASE("Saves that were killed leave nothing for long, and saves wait for one another", "[files]") {
  const test::Folder folder;
  folder.write("song.yaml", kMix);
  const std::set<std::string> not_ours{".song.yaml.notes", ".song.yaml.backup", "song.mixgraph-aB3xyz.yaml", "x.mixgraph-aB3xyz", ".mixgraph-aB3xyz"};
  for (const std::string& name : not_ours) folder.write(name, "kept");
  for (const char* name : {".song.yaml.mixgraph-aB3xyz", ".song.yaml.mixgraph-aB3xyz.bak", ".other.yaml.mixgraph-aB3xyz"})
    folder.write(name, "half");
  Desk desk(kMix, {.session_file = folder.path("song.yaml")});
  const int handle = open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  REQUIRE(flock(handle, LOCK_EX) == 0);
  CHECK(has(answer(desk, "/graph/save"), "somebody else is saving"));
  close(handle);
  CHECK(answer(desk, "/graph/save").starts_with("/done"));
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) names.insert(entry.path().filename().string());
  for (const std::string& name : not_ours) CHECK(names.erase(name) == 1);
  CHECK(names == std::set<std::string>{"song.yaml", "song.yaml.bak"});
}

TEST_CASE("64 strips and 100 scenes are saved, and load again", "[files]") {
  const test::Folder folder;
  std::string text = "mixgraph: 1\nmix:\n";
  for (int i = 0; i < 64; i++) text += "  strip" + std::to_string(i) + ": {type: strip, from: in/" + std::to_string(i + 1) + "}\n";
  Desk desk(text, {.session_file = folder.path("song.yaml")});
  for (int i = 0; i < 100; i++) CHECK(answer(desk, "/scene/store", {"scene " + std::to_string(i)}).starts_with("/done"));
  CHECK(answer(desk, "/scene/store", {std::string(201, 'x')}).starts_with("/error"));
  REQUIRE(answer(desk, "/graph/save").starts_with("/done"));
  const auto again = load_session(folder.path("song.yaml"), node_types());
  REQUIRE(again);
  CHECK(again->scenes == desk.control.workspace().document.session().scenes);
  CHECK(again->graph == desk.control.graph());
}

TEST_CASE("Scenes are bounded by bytes, so that they can be saved", "[files]") {
  Desk desk(kMix);
  auto& scenes = const_cast<Session&>(desk.control.workspace().document.session()).scenes;
  const size_t most = kMaxYamlBytes / 4 * 3;
  Scene large;
  for (size_t i = 0; i < most / 200; i++) large.values["mix/" + std::to_string(i) + std::string(180 - std::to_string(i).size(), 'x')] = 1.0;
  scenes["large"] = std::move(large);
  CHECK(has(answer(desk, "/scene/store", {"one more"}), "24 MiB"));
  CHECK(answer(desk, "/scene/store", {"large"}).starts_with("/done"));
  CHECK(answer(desk, "/scene/store", {"one more"}).starts_with("/done"));
}

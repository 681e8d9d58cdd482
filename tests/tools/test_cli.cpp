#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "nodes/list.h"
#include "tests/tools/program.h"

using namespace mixgraph;
using namespace mixgraph::program;

namespace {
constexpr char kFine[] = "mixgraph: 1\nname: Fine\nmaster:\n  out: {type: output, from: in/1}\n";
}

TEST_CASE("Exit codes", "[tools][cli]") {
  const Folder folder;
  const std::string fine = folder.write("fine.yaml", kFine);
  CHECK(run_mixgraph({"--help"}).code == 0);
  CHECK(run_mixgraph({"--version"}).code == 0);
  CHECK(run_mixgraph({"validate", fine}).code == 0);
  CHECK(run_mixgraph({}).code == 2);
  CHECK(run_mixgraph({"master"}).code == 2);
  CHECK(run_mixgraph({"render", fine}).code == 2);
  CHECK(run_mixgraph({"render", fine, "-o", folder / "x.wav", "--length", "1", "--isa", "mmx"}).code == 2);
  CHECK(run_mixgraph({"render", fine, "-o", folder / "none/x.wav", "--length", "1"}).code == 1);
  CHECK(run_mixgraph({"render", fine, "-o", folder / "x.wav", "--length", "1", "--set", "/mix/none", "1"})
            .code == 3);
  CHECK(run_mixgraph({"validate", folder / "none.yaml"}).code == 3);
  CHECK(run_mixgraph({"describe", "kompressor"}).code == 2);
}

TEST_CASE("Every subcommand explains itself, with an example", "[tools][cli]") {
  const std::vector<std::vector<std::string>> commands{
      {"render"},         {"validate"},    {"describe"},
      {"devices"},        {"osc", "send"}, {"osc", "get"},
      {"osc", "watch"},   {"dot"},         {"bench", "console64"},
      {"bench", "nodes"}, {"bench", "moves"}, {"completion"},
  };
  for (auto command : commands) {
    command.push_back("--help");
    const Outcome outcome = run_mixgraph(command);
    CHECK(outcome.code == 0);
    CHECK(outcome.out.find("Examples:") != std::string::npos);
  }
}

TEST_CASE("validate prints every problem of a file with its place", "[tools][cli]") {
  const Folder folder;
  const std::string broken =
      folder.write("broken.yaml",
                   "mixgraph: 1\nname: Broken\nmix:\n  vox: {type: compressor, from: in/1, treshold: -20}\n"
                   "  bass: {type: compresor, from: in/2}\n");
  const Outcome outcome = run_mixgraph({"validate", broken});
  CHECK(outcome.code == 3);
  CHECK(outcome.err.find("broken.yaml:4:") != std::string::npos);
  CHECK(outcome.err.find("`threshold`") != std::string::npos);
  CHECK(outcome.err.find("broken.yaml:5:") != std::string::npos);
}

TEST_CASE("validate finds loops and missing files, and says on which line", "[tools][cli]") {
  const Folder folder;
  const std::string loop =
      folder.write("loop.yaml",
                   "mixgraph: 1\nname: Loop\nmix:\n  a: {type: trim, from: b}\n  b: {type: trim, from: a}\n"
                   "master:\n  out: {type: output, from: mix/a}\n");
  const Outcome looped = run_mixgraph({"validate", loop});
  CHECK(looped.code == 3);
  CHECK(looped.err.find("loop.yaml:4:3: ") != std::string::npos);
  CHECK(looped.err.find("loop: /mix/") != std::string::npos);

  const std::string missing =
      folder.write("missing.yaml",
                   "mixgraph: 1\nname: Missing\nmix:\n  kick: {type: player, file: kick.wav}\n"
                   "master:\n  out: {type: output, from: mix/kick}\n");
  const Outcome absent = run_mixgraph({"validate", missing});
  CHECK(absent.code == 3);
  CHECK(absent.err.find("missing.yaml:4:3: ") != std::string::npos);
  CHECK(absent.err.find("kick.wav") != std::string::npos);
}

TEST_CASE("describe --json lists every node type with all its rows", "[tools][cli]") {
  const Outcome outcome = run_mixgraph({"describe", "--json"});
  REQUIRE(outcome.code == 0);
  const auto json = nlohmann::json::parse(outcome.out);
  std::set<std::string> listed;
  for (const auto& type : json) listed.insert(type["type"].get<std::string>());
  for (const NodeType* type : node_types()) {
    REQUIRE(listed.count(std::string(type->id)) == 1);
    for (const auto& entry : json)
      if (entry["type"] == type->id) CHECK(entry["parameters"].size() == size_t(row_count(*type)));
  }
  for (const char* composite : {"strip", "bus", "master"}) CHECK(listed.count(composite) == 1);
}

TEST_CASE("describe in text and Markdown names every parameter", "[tools][cli]") {
  for (const NodeType* type : node_types()) {
    const std::string id(type->id);
    const Outcome text = run_mixgraph({"describe", id}),
                  markdown = run_mixgraph({"describe", id, "--markdown"});
    CHECK(text.code == 0);
    for (int r = 0; r < row_count(*type); r++) {
      CHECK(text.out.find("  " + std::string(row(*type, r).id)) != std::string::npos);
      CHECK(markdown.out.find("| `" + std::string(row(*type, r).id) + "`") != std::string::npos);
    }
  }
  CHECK(run_mixgraph({"describe", "kompressor"}).err.find("`compressor`") != std::string::npos);
}

TEST_CASE("dot names every node and cable", "[tools][cli]") {
  const Folder folder;
  const Outcome outcome = run_mixgraph({"dot", folder.write("fine.yaml", kFine)});
  CHECK(outcome.code == 0);
  CHECK(outcome.out.find("digraph \"Fine\"") == 0);
  CHECK(outcome.out.find("\"in/1\" -> \"master/out\"") != std::string::npos);
}

TEST_CASE("bash takes the completion script, and completes subcommands, options and choices",
          "[tools][cli]") {
  const Folder folder;
  const Outcome script = run_mixgraph({"completion", "bash"});
  REQUIRE(script.code == 0);
  folder.write("completion", script.out);
  const auto complete = [&](const std::string& words, int cursor) {
    folder.write("ask", "source '" + (folder / "completion") + "'\nCOMP_WORDS=(" + words +
                            ")\nCOMP_CWORD=" + std::to_string(cursor) +
                            "\n_mixgraph\necho \"${COMPREPLY[@]}\" > '" + (folder / "answer") + "'\n");
    REQUIRE(std::system(("bash '" + (folder / "ask") + "'").c_str()) == 0);
    return bytes_of(folder / "answer");
  };
  CHECK(complete("mixgraph re", 1) == "render\n");
  CHECK(complete("mixgraph osc se", 2) == "send\n");
  CHECK(complete("mixgraph render --outp", 2) == "--output\n");
  CHECK(complete("mixgraph render --format pcm", 3) == "pcm24 pcm16\n");
  for (const char* shell : {"zsh", "fish"}) {
    const Outcome other = run_mixgraph({"completion", shell});
    CHECK(other.code == 0);
    CHECK(other.out.find("console64") != std::string::npos);
  }
  CHECK(run_mixgraph({"completion", "csh"}).code == 2);
}

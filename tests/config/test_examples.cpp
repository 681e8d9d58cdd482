// The sessions that people are shown: the examples, the demo, and every piece of YAML in SESSIONS.md.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "config/session.h"
#include "folder.h"
#include "nodes/list.h"

using namespace mixgraph;

namespace {

const std::string kConfig = MIXGRAPH_SOURCE_DIR "/config";

std::string read_text(const std::string& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void check_loads(const std::string& path) {
  INFO(path);
  Result<Session> session = load_session(path, node_types());
  if (!session) {
    for (const Problem& p : session.problems()) FAIL_CHECK(p.text());
    return;
  }
  std::string folder = std::filesystem::path(path).parent_path().string();
  Result<Session> again = parse_session(write_session(*session), path, folder, node_types());
  INFO(write_session(*session));
  REQUIRE(again);
  CHECK(*again == *session);
}

std::vector<std::string> yaml_pieces(const std::string& text) {
  std::vector<std::string> pieces;
  const std::string opening = "```yaml\n";
  for (size_t at = text.find(opening); at != text.npos; at = text.find(opening, at)) {
    at += opening.size();
    size_t end = text.find("```", at);
    pieces.push_back(text.substr(at, end - at));
    at = end;
  }
  return pieces;
}

}  // namespace

TEST_CASE("the examples and the demo load, and survive being saved") {
  int count = 0;
  for (const char* folder : {"/examples", "/demo"})
    for (const auto& entry : std::filesystem::directory_iterator(kConfig + folder))
      if (entry.path().extension() == ".yaml") {
        check_loads(entry.path().string());
        count++;
      }
  CHECK(count >= 3);
}

TEST_CASE("every piece of YAML in SESSIONS.md loads") {
  std::vector<std::string> pieces = yaml_pieces(read_text(kConfig + "/SESSIONS.md"));
  CHECK(pieces.size() >= 6);
  for (const std::string& piece : pieces) {
    test::Folder folder;
    bool defines_type = piece.find("\ntype: ") != std::string::npos;
    folder.write(defines_type ? "type.yaml" : "song.yaml", piece);
    if (defines_type)
      folder.write("song.yaml", "mixgraph: 1\ninclude: type.yaml\nmix: {a: {type: slap, from: in/1}}\n");
    check_loads(folder.path("song.yaml"));
  }
}

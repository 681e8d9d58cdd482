// Saving replaces a file as a whole.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include "config/session.h"
#include "folder.h"
#include "types.h"

using namespace mixgraph;
using test::Folder;
using test::table_types;

namespace {

Session named(const std::string& name) {
  Session s;
  s.name = name;
  return s;
}
Problems save(const std::string& name, const std::string& path, const SaveTerms& terms = {}) {
  return save_text(write_session(named(name)), path, table_types(), terms);
}
std::vector<std::string> files_in(const Folder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("a saved session loads, and the one before it is kept") {
  Folder folder;
  std::string path = folder.path("song.yaml");
  for (const char* name : {"first", "second", "third", "third", "fourth"}) {
    CHECK(save(name, path).empty());
    Result<Session> again = load_session(path, table_types());
    REQUIRE(again);
    CHECK(again->name == name);
  }
  CHECK(folder.read("song.yaml.bak") == "mixgraph: 1\nname: third\n");
  CHECK(files_in(folder) == std::vector<std::string>{"song.yaml", "song.yaml.bak"});
}

TEST_CASE("a link stays a link, and permissions stay") {
  Folder folder;
  folder.write("real/song.yaml", "mixgraph: 1\n");
  ::chmod(folder.path("real/song.yaml").c_str(), 0640);
  REQUIRE(::symlink("real/song.yaml", folder.path("link.yaml").c_str()) == 0);
  CHECK(save("new", folder.path("link.yaml"), {.follow_link = true}).empty());
  CHECK(std::filesystem::is_symlink(folder.path("link.yaml")));
  CHECK(save("newer", folder.path("link.yaml"))[0].what == "is a link");
  CHECK(folder.read("real/song.yaml") == "mixgraph: 1\nname: new\n");
  struct stat status;
  REQUIRE(::stat(folder.path("real/song.yaml").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
}

TEST_CASE("what can't be saved is said, and leaves nothing behind") {
  Folder folder;
  Problems problems = save("x", folder.path("no/such/song.yaml"));
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].what == "can't be written: No such file or directory");
  std::filesystem::create_directory(folder.path("song.yaml"));
  CHECK(!save("x", folder.path("song.yaml")).empty());
  CHECK(files_in(folder) == std::vector<std::string>{"song.yaml"});
}

TEST_CASE("what can't be loaded is said") {
  Folder folder;
  CHECK(load_session(folder.path("gone.yaml"), table_types()).problems()[0].what == "there is no such file");
  CHECK(load_session(folder.path(), table_types()).problems()[0].what == "this is not a file");
  REQUIRE(::mkfifo(folder.path("pipe").c_str(), 0600) == 0);
  CHECK(load_session(folder.path("pipe"), table_types()).problems()[0].what == "this is not a file");
}

TEST_CASE("what can't be loaded again replaces nothing") {
  Folder folder;
  const std::string path = folder.path("song.yaml");
  CHECK(save("good", path).empty());
  const Problems problems = save_text("mixgraph: 1\nmix: {a: {type: nothing}}\n", path, table_types());
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].what == "what would be saved can't be loaded");
  CHECK(folder.read("song.yaml") == "mixgraph: 1\nname: good\n");
  CHECK(files_in(folder) == std::vector<std::string>{"song.yaml"});
}

// Names that lead out of a folder, in all the ways there are.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "graph/open_beneath.h"

using namespace mixgraph;
namespace fs = std::filesystem;

namespace {

/// root/{a.txt, in/b.txt, link -> a.txt, out -> .., abs -> /etc/passwd, in/up -> ../../secret, loop -> loop,
/// pipe}, secret
struct Tree {
  Tree() {
    std::string name = (fs::temp_directory_path() / "mixgraph-XXXXXX").string();
    top = mkdtemp(name.data());
    root = (top / "root").string();
    fs::create_directories(top / "root" / "in");
    for (const char* file : {"root/a.txt", "root/in/b.txt", "secret"}) std::ofstream(top / file) << file;
    fs::create_symlink("a.txt", top / "root/link");
    fs::create_symlink("..", top / "root/out");
    fs::create_symlink("/etc/passwd", top / "root/abs");
    fs::create_symlink("../../secret", top / "root/in/up");
    fs::create_symlink("loop", top / "root/loop");
    fs::create_symlink("in", top / "root/inlink");
    REQUIRE(mkfifo((top / "root/pipe").c_str(), 0600) == 0);
  }
  ~Tree() { fs::remove_all(top); }
  fs::path top;
  std::string root;
};

std::string refusal(const std::string& root, const std::string& name) {
  const auto file = open_file_beneath(root, name);
  INFO(name);
  REQUIRE_FALSE(file);
  CHECK(file.problems()[0].where == name);
  CHECK_FALSE(file.problems()[0].hint.empty());
  return file.problems()[0].what;
}

std::string content(const OpenFile& file) {
  char bytes[64];
  return {bytes, size_t(std::max<ssize_t>(0, read(file.fd(), bytes, sizeof bytes)))};
}

}  // namespace

TEST_CASE("files beneath a folder are opened, by relative or absolute names") {
  const Tree tree;
  for (const std::string& name : {std::string("a.txt"), std::string("./a.txt"), tree.root + "/a.txt"}) {
    const auto file = open_file_beneath(tree.root, name);
    REQUIRE(file);
    CHECK(content(*file) == "root/a.txt");
  }
  CHECK(content(*open_file_beneath(tree.root, "in//b.txt")) == "root/in/b.txt");
  fs::create_symlink(tree.root, tree.top / "media");  // the folder itself is whatever the session says
  CHECK(content(*open_file_beneath((tree.top / "media").string(), "a.txt")) == "root/a.txt");
}

TEST_CASE("names that lead elsewhere are refused") {
  const Tree tree;
  for (const char* name :
       {"..", "../secret", "in/../../secret", "in/../a.txt", "/etc/passwd", "/", "", "a/../../secret"})
    CHECK(refusal(tree.root, name) == "lies outside the folder for it");
  CHECK(refusal(tree.root, std::string("a.txt\0.wav", 10)) == "lies outside the folder for it");
  for (const char* name : {"link", "out/secret", "abs", "in/up", "loop", "inlink/b.txt"})
    CHECK(refusal(tree.root, name) == "is a link, or is beneath one");
}

TEST_CASE("what is no regular file is refused, and nobody waits for a pipe") {
  const Tree tree;
  for (const char* name : {"in", ".", "pipe", "in/"}) CHECK(refusal(tree.root, name) == "is not a file");
  CHECK(refusal(tree.root, "none") == "there is no such file");
  CHECK(refusal(tree.root, "none/none") == "there is no such file");
  CHECK(refusal(tree.root, "a.txt/b") == "is a link, or is beneath one");
  CHECK(refusal((tree.top / "gone").string(), "x") == "there is no such file");
}

TEST_CASE("step by step, names lead where they lead at once") {
  const Tree tree;
  const OpenFile root(open(tree.root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (const char* name :
       {"a.txt", "in/b.txt", "link", "out/secret", "abs", "in/up", "loop", "inlink/b.txt", "none"}) {
    INFO(name);
    const OpenFile at_once(open_beneath(root.fd(), name, O_RDONLY));
    const OpenFile in_steps(open_beneath(root.fd(), name, O_RDONLY, 0, Walk::in_steps));
    CHECK((at_once.fd() >= 0) == (in_steps.fd() >= 0));
    CHECK((in_steps.fd() >= 0) == (name == std::string("a.txt") || name == std::string("in/b.txt")));
  }
}

TEST_CASE("folders are made beneath a folder, never through a link") {
  const Tree tree;
  REQUIRE(make_folder_beneath(tree.root, "new/deep"));
  CHECK(fs::is_directory(tree.top / "root/new/deep"));
  CHECK(make_folder_beneath((tree.top / "fresh").string(), ""));
  for (const char* name : {"out/x", "inlink/x", "../x", "a.txt/x", "loop"}) {
    INFO(name);
    CHECK_FALSE(make_folder_beneath(tree.root, name));
  }
  CHECK_FALSE(fs::exists(tree.top / "x"));
  CHECK_FALSE(fs::exists(tree.top / "root/in/x"));
}

#pragma once
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/sound_files.h"

namespace mixgraph::test {

/// A folder for one test, removed after it.
class Folder {
 public:
  std::string path(const std::string& name = "") const { return name.empty() ? folder_.path() : folder_.path(name); }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name)) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream stream(path(name));
    return {std::istreambuf_iterator<char>(stream), {}};
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace mixgraph::test

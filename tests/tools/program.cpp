#include "tests/tools/program.h"

#include <sys/wait.h>

#include <cmath>
#include <cstdlib>
#include <sstream>

namespace mixgraph::program {

std::string Folder::write(const std::string& name, const std::string& text) const {
  std::ofstream(*this / name, std::ios::binary) << text;
  return *this / name;
}

std::string bytes_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

Outcome run_mixgraph(const std::vector<std::string>& arguments) {
  const Folder folder;
  std::string line = "'" MIXGRAPH_BINARY_DIR "/mixgraph'";
  for (std::string argument : arguments) {
    for (size_t at = 0; (at = argument.find('\'', at)) != argument.npos; at += 4) argument.replace(at, 1, "'\\''");
    line += " '" + argument + "'";
  }
  line += " > '" + (folder / "out") + "' 2> '" + (folder / "err") + "' < /dev/null";
  const int status = std::system(line.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, bytes_of(folder / "out"), bytes_of(folder / "err")};
}

std::vector<float> sine(double frequency, double amplitude, double seconds, int rate, double phase) {
  std::vector<float> samples(size_t(std::lround(seconds * rate)));
  for (size_t i = 0; i < samples.size(); i++)
    samples[i] = float(amplitude * std::sin(2 * M_PI * frequency * double(i) / rate + phase));
  return samples;
}

}  // namespace mixgraph::program

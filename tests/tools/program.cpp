#include "tests/tools/program.h"

#include <sndfile.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace mixgraph {
namespace fs = std::filesystem;

Folder::Folder() {
  std::string name = (fs::temp_directory_path() / "mixgraph-test-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  path_ = name;
}
Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string Folder::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
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
  for (const std::string& argument : arguments) line += " '" + argument + "'";
  line += " > '" + (folder / "out") + "' 2> '" + (folder / "err") + "' < /dev/null";
  const int status = std::system(line.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, bytes_of(folder / "out"), bytes_of(folder / "err")};
}

void write_wav(const std::string& path, const std::vector<std::vector<float>>& channels, int rate) {
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = int(channels.size());
  info.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  if (!file) throw std::runtime_error(path);
  std::vector<float> mixed;
  for (size_t i = 0; i < channels[0].size(); i++)
    for (const auto& channel : channels) mixed.push_back(channel[i]);
  sf_write_float(file, mixed.data(), sf_count_t(mixed.size()));
  sf_close(file);
}

std::vector<std::vector<float>> read_sound(const std::string& path) {
  SF_INFO info{};
  SNDFILE* file = sf_open(path.c_str(), SFM_READ, &info);
  if (!file) throw std::runtime_error(path);
  std::vector<float> mixed(size_t(info.frames * info.channels));
  sf_read_float(file, mixed.data(), sf_count_t(mixed.size()));
  sf_close(file);
  std::vector<std::vector<float>> channels(size_t(info.channels));
  for (size_t i = 0; i < mixed.size(); i++) channels[i % channels.size()].push_back(mixed[i]);
  return channels;
}

std::vector<float> sine(double frequency, double amplitude, double seconds, int rate, double phase) {
  std::vector<float> samples(size_t(std::lround(seconds * rate)));
  for (size_t i = 0; i < samples.size(); i++) samples[i] = float(amplitude * std::sin(2 * M_PI * frequency * double(i) / rate + phase));
  return samples;
}

}  // namespace mixgraph

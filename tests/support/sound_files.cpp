#include "tests/support/sound_files.h"

#include <sndfile.h>
#include <unistd.h>

#include <stdexcept>

namespace mixgraph {
namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "mixgraph_XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  path_ = name;
}
TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  fs::remove_all(path_, error);
}

void write_sound(const std::string& path, const Channels& sound, int rate) {
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = int(sound.size());
  info.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  if (!file) throw std::runtime_error(path + ": " + sf_strerror(nullptr));
  std::vector<float> interleaved;
  for (size_t i = 0; i < sound[0].size(); i++)
    for (auto& channel : sound) interleaved.push_back(channel[i]);
  sf_writef_float(file, interleaved.data(), sf_count_t(sound[0].size()));
  sf_close(file);
}

Sound read_sound(const std::string& path) {
  SF_INFO info{};
  SNDFILE* file = sf_open(path.c_str(), SFM_READ, &info);
  if (!file) throw std::runtime_error(path + ": " + sf_strerror(nullptr));
  size_t width = size_t(info.channels);
  std::vector<float> interleaved(size_t(info.frames) * width);
  size_t frames = size_t(sf_readf_float(file, interleaved.data(), info.frames));
  sf_close(file);
  Sound sound{Channels(width, std::vector<float>(frames)), info.samplerate, info.format};
  for (size_t i = 0; i < frames; i++)
    for (size_t c = 0; c < width; c++) sound.channels[c][i] = interleaved[i * width + c];
  return sound;
}

}  // namespace mixgraph

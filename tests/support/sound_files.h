#pragma once
#include <filesystem>
#include <string>

#include "tests/support/node_runner.h"

namespace mixgraph {

/// A new folder that goes with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string path() const { return path_.string(); }
  std::string path(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// Writes a WAV of 32-bit floats; throws std::runtime_error if it can't.
void write_sound(const std::string& path, const Channels& sound, int rate = 48000);

struct Sound {
  Channels channels;
  int rate = 0, format = 0;  ///< libsndfile's format
  size_t frames() const { return channels.empty() ? 0 : channels[0].size(); }
};
/// Reads any sound file; throws std::runtime_error if it can't.
Sound read_sound(const std::string& path);

}  // namespace mixgraph

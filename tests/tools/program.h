#pragma once
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace mixgraph {

/// A new folder that goes with the test.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

/// What a program did.
struct Outcome {
  int code = -1;
  std::string out, err;
};

/// Runs the built `mixgraph` with arguments and waits for it.
Outcome run_mixgraph(const std::vector<std::string>& arguments);

/// A file's bytes.
std::string bytes_of(const std::string& path);
/// Writes a float WAV: one vector per channel.
void write_wav(const std::string& path, const std::vector<std::vector<float>>& channels, int rate = 48000);
/// Reads a sound file: one vector per channel.
std::vector<std::vector<float>> read_sound(const std::string& path);
/// A sine of an amplitude and phase (radians).
std::vector<float> sine(double frequency, double amplitude, double seconds, int rate = 48000, double phase = 0);

}  // namespace mixgraph

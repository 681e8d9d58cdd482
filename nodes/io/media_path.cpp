#include "nodes/io/media_path.h"

#include <sndfile.h>

#include <algorithm>
#include <filesystem>

namespace mixgraph {
namespace fs = std::filesystem;
namespace {

constexpr char kFormats[] = "a WAV, FLAC, AIFF, CAF, Ogg or MP3 file of 1 or 2 channels";

Problem outside(const fs::path& root, const std::string& name) {
  return Problem{name, "lies outside the folder for it",
                 "a file beneath " + root.string() + ", named without \"..\""};
}

}  // namespace

Result<std::string> path_beneath(const std::string& root, const std::string& name) {
  std::error_code error;
  fs::path folder = fs::absolute(root.empty() ? "." : root, error).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  fs::path given(name);
  if (given.is_absolute()) given = given.lexically_relative(folder);
  bool climbs = std::any_of(given.begin(), given.end(), [](const fs::path& part) { return part == ".."; });
  if (climbs || given.empty() || given == "." || name.find('\0') != std::string::npos)
    return outside(folder, name);
  return (folder / given).lexically_normal().string();
}

Result<SoundInfo> read_sound_info(const std::string& root, const std::string& name) {
  auto path = path_beneath(root, name);
  if (!path) return path.problems();
  std::error_code error;
  if (!fs::exists(*path, error))
    return Problem{name, "there is no such file",
                   "a sound file beneath " + fs::absolute(root, error).string()};
  if (!fs::is_regular_file(*path, error)) return Problem{name, "is not a file", kFormats};
  SF_INFO info{};
  SNDFILE* file = sf_open(path->c_str(), SFM_READ, &info);
  if (!file) return Problem{name, std::string("can't be read: ") + sf_strerror(nullptr), kFormats};
  sf_close(file);
  if (info.channels > 2) return Problem{name, "has " + std::to_string(info.channels) + " channels", kFormats};
  if (info.frames == SF_COUNT_MAX) return Problem{name, "doesn't say how long it is", kFormats};
  if (info.samplerate < 1000 || info.samplerate > 1000000)
    return Problem{name, "has a sample rate of " + std::to_string(info.samplerate) + " Hz",
                   "1000 to 1000000 Hz"};
  if (info.frames <= 0) return Problem{name, "holds no sound", kFormats};
  return SoundInfo{info.channels, double(info.samplerate), uint64_t(info.frames)};
}

}  // namespace mixgraph

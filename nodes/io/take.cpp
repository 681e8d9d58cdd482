#include "nodes/io/take.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <vector>

#include "nodes/io/media_path.h"

namespace mixgraph {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kLeastFree = 64 << 20;  // bytes; recording stops below it
constexpr double kSecondsToStart = 120;
constexpr int kMostTakes = 100000;
constexpr char kPart[] = ".part";

int bytes_per_sample(SampleFormat format) {
  return format == SampleFormat::float32 ? 4 : format == SampleFormat::pcm24 ? 3 : 2;
}

uint64_t free_bytes(const std::string& path) {
  struct statvfs disk {};
  if (statvfs(path.c_str(), &disk) != 0) return 0;
  return uint64_t(disk.f_bavail) * disk.f_frsize;
}

Problem failed(const std::string& path, const std::string& what) {
  return Problem{path, what + ": " + std::strerror(errno), "a folder that can be written to"};
}

/// "vox" of "vox.wav".
std::string stem_of(const TakeSettings& settings) {
  std::string name = settings.name.empty() ? "take" : settings.name;
  return name.ends_with(".wav") ? name.substr(0, name.size() - 4) : name;
}

/// Gives the file its last name, unless there is such a file; and makes the folder remember it.
bool rename_part(const std::string& path) {
  std::string part = path + kPart;
  if (renameat2(AT_FDCWD, part.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
    bool unknown = errno == EINVAL || errno == ENOSYS;  // some file systems can't do it in one step
    if (!unknown || fs::exists(path) || std::rename(part.c_str(), path.c_str()) != 0) return false;
  }
  int folder = ::open(fs::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool synced = folder >= 0 && fsync(folder) == 0;
  if (folder >= 0) close(folder);
  return synced;
}

/// How many frames a file's header says that it has; 0 if it can't be read.
uint64_t frames_in(const std::string& path) {
  SF_INFO info{};
  SNDFILE* sound = sf_open(path.c_str(), SFM_READ, &info);
  if (!sound) return 0;
  sf_close(sound);
  return uint64_t(info.frames);
}

/// Rewrites the header of a file that nobody is recording.
bool repair(const std::string& path) {
  int file = ::open((path + kPart).c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return false;
  bool ours = flock(file, LOCK_EX | LOCK_NB) == 0;
  if (ours) {
    SF_INFO info{};
    if (SNDFILE* sound = sf_open_fd(file, SFM_RDWR, &info, SF_FALSE)) {
      sf_command(sound, SFC_UPDATE_HEADER_NOW, nullptr, 0);
      sf_close(sound);
      fsync(file);
    }
  }
  bool repaired = ours && frames_in(path + kPart) > 0 && rename_part(path);
  close(file);
  return repaired;
}

}  // namespace

Result<std::string> take_path(const TakeSettings& settings, int number) {
  char digits[16];
  std::snprintf(digits, sizeof digits, "-%03d.wav", number);
  return path_beneath(settings.root, stem_of(settings) + digits);
}

Problems check_takes(const TakeSettings& settings) {
  auto path = take_path(settings, 1);
  if (!path) return path.problems();
  fs::path folder = fs::path(*path).parent_path();
  std::error_code error;
  while (!fs::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  if (!fs::is_directory(folder, error))
    return {Problem{settings.name, folder.string() + " is not a folder", "a file name"}};
  if (access(folder.c_str(), W_OK) != 0)
    return {failed(settings.name, "can't be written in " + folder.string())};
  return {};
}

Result<std::unique_ptr<Take>> Take::start(const TakeSettings& settings) {
  auto first = take_path(settings, 1);
  if (!first) return first.problems();
  std::string folder = fs::path(*first).parent_path().string();
  std::error_code error;
  fs::create_directories(folder, error);
  double needed = kSecondsToStart * settings.rate * settings.channels * bytes_per_sample(settings.format);
  if (free_bytes(folder) < kLeastFree + uint64_t(needed))
    return Problem{folder, "has less space than for two minutes of recording", "a disk with more space"};
  for (int number = 1; number < kMostTakes; number++) {
    std::string path = *take_path(settings, number);
    if (fs::exists(path, error)) continue;
    int file = ::open((path + kPart).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0 && errno == EEXIST) continue;
    if (file < 0) return failed(path, "can't be created");
    std::unique_ptr<Take> take(new Take(settings, path, file));
    if (!take->open())
      return Problem{path, std::string("can't be begun: ") + sf_strerror(nullptr), "another file name"};
    return take;
  }
  return Problem{*first, "all numbers are taken", "another file name"};
}

Take::Take(const TakeSettings& settings, std::string path, int file)
    : settings_(settings), path_(std::move(path)), file_(file) {}

bool Take::open() {
  constexpr int kFormats[] = {SF_FORMAT_FLOAT, SF_FORMAT_PCM_24, SF_FORMAT_PCM_16};
  SF_INFO info{};
  info.samplerate = int(settings_.rate + 0.5);
  info.channels = settings_.channels;
  info.format = SF_FORMAT_RF64 | kFormats[int(settings_.format)];
  if (flock(file_, LOCK_EX | LOCK_NB) != 0) return false;
  sound_ = sf_open_fd(file_, SFM_WRITE, &info, SF_FALSE);
  if (!sound_) return false;
  sf_command(sound_, SFC_RF64_AUTO_DOWNGRADE, nullptr, SF_TRUE);
  sf_command(sound_, SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);  // it holds the time of day
  sf_command(sound_, SFC_SET_CLIPPING, nullptr, SF_TRUE);
  sf_command(sound_, SFC_SET_UPDATE_HEADER_AUTO, nullptr, SF_TRUE);
  return true;
}

Take::~Take() {
  finish();
}

bool Take::write(const float* samples, size_t frames) {
  if (!sound_) return false;
  sf_count_t written = std::max<sf_count_t>(0, sf_writef_float(sound_, samples, sf_count_t(frames)));
  frames_ += uint64_t(written);
  return size_t(written) == frames && keep_safe(frames);
}

bool Take::write_silence(uint64_t frames) {
  std::vector<float> silence(4096 * size_t(settings_.channels));
  while (frames > 0) {
    size_t count = size_t(std::min<uint64_t>(frames, 4096));
    if (!write(silence.data(), count)) return false;
    frames -= count;
  }
  return true;
}

/// Once per second of sound: begins to bring it to the disk, without waiting, and looks how much space is
/// left.
bool Take::keep_safe(size_t frames) {
  since_check_ += frames;
  if (double(since_check_) < settings_.rate) return true;
  since_check_ = 0;
  sync_file_range(file_, 0, 0, SYNC_FILE_RANGE_WRITE);
  return free_bytes(path_ + kPart) >= kLeastFree;
}

bool Take::finish() {
  if (file_ < 0) return false;
  if (sound_) sf_close(sound_);  // says that it succeeded even on a full disk
  bool complete = sound_ && fsync(file_) == 0;
  uint64_t found = frames_in(path_ + kPart);
  // After a failed write there may be less than was meant to be; what can be read is kept.
  bool named = found > 0 && rename_part(path_);
  if (frames_ == 0 && found == 0) named = unlink((path_ + kPart).c_str()) == 0;
  close(file_);
  file_ = -1;
  sound_ = nullptr;
  return complete && named && found == frames_;
}

int repair_takes(const TakeSettings& settings) {
  auto first = take_path(settings, 1);
  if (!first) return 0;
  fs::path folder = fs::path(*first).parent_path();
  std::string prefix = fs::path(stem_of(settings)).filename().string() + "-",
              suffix = std::string(".wav") + kPart;
  int repaired = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    std::string name = entry.path().filename().string();
    if (name.size() <= prefix.size() + suffix.size() || !name.starts_with(prefix) || !name.ends_with(suffix))
      continue;
    std::string digits = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
    if (digits.find_first_not_of("0123456789") != std::string::npos) continue;
    repaired += repair((folder / name.substr(0, name.size() - std::strlen(kPart))).string());
  }
  return repaired;
}

}  // namespace mixgraph

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

#include "graph/open_beneath.h"

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

uint64_t free_bytes(int file) {
  struct statvfs disk {};
  if (fstatvfs(file, &disk) != 0) return 0;
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

bool exists(const OpenFile& folder, const std::string& name) {
  return faccessat(folder.fd(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/// Gives the file its last name, unless there is such a file; and makes the folder remember it.
bool rename_part(const OpenFile& folder, const std::string& name) {
  const std::string part = name + kPart;
  if (renameat2(folder.fd(), part.c_str(), folder.fd(), name.c_str(), RENAME_NOREPLACE) != 0) {
    bool unknown = errno == EINVAL || errno == ENOSYS;  // some file systems can't do it in one step
    if (!unknown || exists(folder, name) ||
        renameat(folder.fd(), part.c_str(), folder.fd(), name.c_str()) != 0)
      return false;
  }
  return fsync(folder.fd()) == 0;
}

/// How many frames a file's header says that it has; 0 if it can't be read.
uint64_t frames_in(const OpenFile& folder, const std::string& name) {
  const OpenFile file(openat(folder.fd(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.fd() < 0) return 0;
  SF_INFO info{};
  SNDFILE* sound = sf_open_fd(file.fd(), SFM_READ, &info, SF_FALSE);
  if (!sound) return 0;
  sf_close(sound);
  return uint64_t(info.frames);
}

/// Rewrites the header of a file that nobody is recording.
bool repair(const OpenFile& folder, const std::string& name) {
  const OpenFile file(
      openat(folder.fd(), (name + kPart).c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.fd() < 0 || flock(file.fd(), LOCK_EX | LOCK_NB) != 0) return false;
  SF_INFO info{};
  if (SNDFILE* sound = sf_open_fd(file.fd(), SFM_RDWR, &info, SF_FALSE)) {
    sf_command(sound, SFC_UPDATE_HEADER_NOW, nullptr, 0);
    sf_close(sound);
    fsync(file.fd());
  }
  return frames_in(folder, name + kPart) > 0 && rename_part(folder, name);
}

/// The folder of the takes beneath the root, as a name; empty: the root itself.
std::string folder_of(const std::string& name) {
  return fs::path(name).parent_path().string();
}

}  // namespace

Result<std::string> take_name(const TakeSettings& settings, int number) {
  char digits[16];
  std::snprintf(digits, sizeof digits, "-%03d.wav", number);
  return name_beneath(settings.root, stem_of(settings) + digits);
}

Problems check_takes(const TakeSettings& settings) {
  auto name = take_name(settings, 1);
  if (!name) return name.problems();
  std::error_code error;
  const fs::path root = fs::absolute(settings.root.empty() ? "." : settings.root, error);
  fs::path folder = root / folder_of(*name);
  while (!fs::exists(fs::symlink_status(folder, error)) && folder.has_relative_path())
    folder = folder.parent_path();
  const bool beneath_root = folder.native().size() > root.native().size();
  if (beneath_root && fs::is_symlink(fs::symlink_status(folder, error)))
    return {Problem{settings.name, folder.string() + " is a link", "a folder"}};
  if (!fs::is_directory(folder, error))
    return {Problem{settings.name, folder.string() + " is not a folder", "a file name"}};
  if (access(folder.c_str(), W_OK) != 0)
    return {failed(settings.name, "can't be written in " + folder.string())};
  return {};
}

Result<std::unique_ptr<Take>> Take::start(const TakeSettings& settings) {
  auto first = take_name(settings, 1);
  if (!first) return first.problems();
  auto folder = make_folder_beneath(settings.root, folder_of(*first));
  if (!folder) return folder.problems();
  double needed = kSecondsToStart * settings.rate * settings.format.channels * bytes_per_sample(settings.samples);
  if (free_bytes(folder->fd()) < kLeastFree + uint64_t(needed))
    return Problem{settings.root, "has less space than for two minutes of recording",
                   "a disk with more space"};
  for (int number = 1; number < kMostTakes; number++) {
    const std::string name = fs::path(*take_name(settings, number)).filename().string();
    if (exists(*folder, name)) continue;
    int file = openat(folder->fd(), (name + kPart).c_str(),
                      O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (file < 0 && errno == EEXIST) continue;
    if (file < 0) return failed(name, "can't be created");
    std::unique_ptr<Take> take(new Take(settings, std::move(*folder), name, file));
    if (!take->open())
      return Problem{name, std::string("can't be begun: ") + sf_strerror(nullptr), "another file name"};
    return take;
  }
  return Problem{*first, "all numbers are taken", "another file name"};
}

Take::Take(const TakeSettings& settings, OpenFile folder, std::string name, int file)
    : settings_(settings), folder_(std::move(folder)), name_(std::move(name)), file_(file) {}

bool Take::open() {
  constexpr int kFormats[] = {SF_FORMAT_FLOAT, SF_FORMAT_PCM_24, SF_FORMAT_PCM_16};
  SF_INFO info{};
  info.samplerate = int(settings_.rate + 0.5);
  info.channels = settings_.format.channels;
  info.format = SF_FORMAT_RF64 | kFormats[int(settings_.samples)];
  if (flock(file_, LOCK_EX) != 0) return false;  // who looks for takes to repair may have it for a moment
  sound_ = sf_open_fd(file_, SFM_WRITE, &info, SF_FALSE);
  if (!sound_) return false;
  set_format_in_file(sound_, settings_.format);
  sf_command(sound_, SFC_RF64_AUTO_DOWNGRADE, nullptr, SF_TRUE);
  // No SFC_SET_ADD_PEAK_CHUNK, as in tools/render/sound_file.cpp: told not to, libsndfile 1.2.0 adds that chunk, with the time of day.
  sf_command(sound_, SFC_SET_CLIPPING, nullptr, SF_TRUE);
  sf_command(sound_, SFC_SET_UPDATE_HEADER_AUTO, nullptr, SF_TRUE);
  return true;
}

Take::~Take() {
  finish();
}

bool Take::write(const float* samples, size_t frames) {
  if (!sound_) return false;
  errno = 0;
  sf_count_t written = std::max<sf_count_t>(0, sf_writef_float(sound_, samples, sf_count_t(frames)));
  frames_ += uint64_t(written);
  if (size_t(written) != frames) why_ = std::string("can't be written") + (errno != 0 ? std::string(": ") + std::strerror(errno) : "");
  return size_t(written) == frames && keep_safe(frames);
}

bool Take::write_silence(uint64_t frames) {
  std::vector<float> silence(4096 * size_t(settings_.format.channels));
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
  const bool fits = free_bytes(file_) >= kLeastFree;
  if (!fits) why_ = "ends early: the disk is all but full";
  return fits;
}

Problem Take::trouble() const { return {name_, why_, "what was written is kept; make room, and record again"}; }

bool Take::finish() {
  if (file_ < 0) return false;
  if (sound_) sf_close(sound_);  // says that it succeeded even on a full disk
  bool complete = sound_ && fsync(file_) == 0;
  if (why_.empty()) why_ = complete ? "is not whole on the disk" : std::string("can't be finished: ") + std::strerror(errno);
  uint64_t found = frames_in(folder_, name_ + kPart);
  // After a failed write there may be less than was meant to be; what can be read is kept.
  bool named = found > 0 && rename_part(folder_, name_);
  if (frames_ == 0 && found == 0) named = unlinkat(folder_.fd(), (name_ + kPart).c_str(), 0) == 0;
  close(file_);
  file_ = -1;
  sound_ = nullptr;
  return complete && named && found == frames_;
}

int repair_takes(const TakeSettings& settings) {
  auto first = take_name(settings, 1);
  if (!first) return 0;
  std::error_code error;
  const fs::path path = fs::path(settings.root.empty() ? "." : settings.root) / folder_of(*first);
  if (!fs::is_directory(path, error)) return 0;
  auto folder = make_folder_beneath(settings.root, folder_of(*first));
  if (!folder) return 0;
  std::string prefix = fs::path(stem_of(settings)).filename().string() + "-",
              suffix = std::string(".wav") + kPart;
  int repaired = 0;
  for (fs::directory_iterator entry(path, error); !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (name.size() <= prefix.size() + suffix.size() || !name.starts_with(prefix) || !name.ends_with(suffix))
      continue;
    std::string digits = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
    if (digits.find_first_not_of("0123456789") != std::string::npos) continue;
    repaired += repair(*folder, name.substr(0, name.size() - std::strlen(kPart)));
  }
  return repaired;
}

}  // namespace mixgraph

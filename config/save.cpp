#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <thread>

#include "config/file_text.h"
#include "config/session.h"
#include "graph/open_beneath.h"

namespace mixgraph {
namespace {

namespace fs = std::filesystem;

constexpr char kUntouched[] = "the old file is untouched";
constexpr std::string_view kTemporary = ".mixgraph-";  ///< behind the name of the file, and then:
constexpr size_t kRandom = 6;  ///< letters

/// Links are followed, so that they stay and what they point to is replaced.
std::string real_path(const std::string& path) {
  std::error_code error;
  fs::path real = fs::weakly_canonical(fs::absolute(path, error), error);
  return error ? path : real.string();
}

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

/// The name of a temporary file, still with the letters that mkostemp() replaces.
std::string temporary_of(const std::string& path) {
  const fs::path file(path);
  return (fs::path(folder_of(path)) / ("." + file.filename().string() + std::string(kTemporary) + std::string(kRandom, 'X'))).string();
}

bool is_temporary(std::string_view name) {
  if (name.ends_with(".bak")) name.remove_suffix(4);
  const size_t end = kTemporary.size() + kRandom;
  return name.starts_with('.') && name.size() > 1 + end && name.substr(name.size() - end).starts_with(kTemporary);
}

OpenFile open_folder(const std::string& path) {
  return OpenFile(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

enum class Lock : uint8_t { ours, others, none };

/// Waits for those who save in the same folder, but not for ever. A lock of the folder leaves no file behind. None: the file
/// system has no such locks, and it is done without.
Lock lock(const OpenFile& folder) {
  using namespace std::chrono_literals;
  for (int i = 0; i < 50; i++) {
    if (::flock(folder.fd(), LOCK_EX | LOCK_NB) == 0) return Lock::ours;
    if (errno != EWOULDBLOCK) return Lock::none;
    std::this_thread::sleep_for(10ms);
  }
  return Lock::others;
}

/// Those of all files there. The folder is locked, so that nobody is at work on them.
void remove_temporaries(const std::string& path) {
  std::error_code error;
  for (fs::directory_iterator entry(folder_of(path), error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    if (is_temporary(entry->path().filename().string())) ::unlink(entry->path().c_str());
}

/// Replaces a file by steps of which each leaves either the old or the new content in place.
class Replacement {
 public:
  explicit Replacement(std::string path) : path_(std::move(path)), folder_(open_folder(path_)) {}
  ~Replacement() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  /// Keeps others away, and looks whether the file is the one that may be replaced.
  std::optional<Problem> begin(std::optional<uint64_t> replaces) {
    if (folder_.fd() < 0) return failure("can't be written");
    const Lock got = lock(folder_);
    if (got == Lock::others) return Problem{path_, "somebody else is saving in its folder", "try again"};
    if (got == Lock::ours) remove_temporaries(path_);
    struct stat old {};
    if (::lstat(path_.c_str(), &old) != 0) return {};
    if (S_ISLNK(old.st_mode)) return Problem{path_, "is a link", "the file itself"};
    if (!replaces) return {};
    const auto text = read_file(path_);
    if (text && hash_of(*text) == *replaces) return {};
    return Problem{path_, "is not the file that was loaded: somebody has changed it, or it could not be read",
                   "load it, or save under another name"};
  }

  std::optional<Problem> write(const std::string& text) {
    temporary_ = temporary_of(path_);
    const OpenFile file(::mkostemp(temporary_.data(), O_CLOEXEC));
    if (file.fd() < 0) {
      const Problem problem = failure("can't be written");
      temporary_.clear();
      return problem;
    }
    for (size_t done = 0; done < text.size();) {
      ssize_t count = ::write(file.fd(), text.data() + done, text.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return failure("can't be written");
      done += size_t(count);
    }
    if (::fchmod(file.fd(), mode()) < 0 || ::fsync(file.fd()) < 0) return failure("can't be written");
    return {};
  }

  /// What the disk has of it, as if it were the file itself.
  Problems check(const std::string& text, const std::string& named, NodeTypes types) const {
    const auto found = read_file(temporary_);
    if (!found) return found.problems();
    if (*found != text) return {{path_, "the disk doesn't give back what was written", kUntouched}};
    const auto session = parse_session(*found, named, folder_of(named), types);
    if (session) return {};
    Problems problems{{path_, "what would be saved can't be loaded", kUntouched}};
    problems.insert(problems.end(), session.problems().begin(), session.problems().end());
    return problems;
  }

  std::optional<Problem> keep_old() {
    std::string copy = path_ + ".bak", next = temporary_ + ".bak";
    if (::link(path_.c_str(), next.c_str()) < 0) {
      if (errno == ENOENT) return {};
      return failure("no copy of the old one can be kept");
    }
    if (::rename(next.c_str(), copy.c_str()) < 0) {
      std::optional<Problem> problem = failure("no copy of the old one can be kept");
      ::unlink(next.c_str());
      return problem;
    }
    // Renaming a link to the same file over it does nothing and leaves the other name.
    ::unlink(next.c_str());
    return {};
  }

  std::optional<Problem> put_in_place() {
    if (::rename(temporary_.c_str(), path_.c_str()) < 0) return failure("can't be replaced");
    temporary_.clear();
    if (::fsync(folder_.fd()) == 0) return {};
    return Problem{path_, std::string("was written, but its folder can't be synced: ") + std::strerror(errno), ""};
  }

 private:
  mode_t mode() const {
    struct stat old;
    if (::stat(path_.c_str(), &old) == 0) return old.st_mode & 0777;
    return 0644;
  }
  Problem failure(const char* what) const {
    return {path_, std::string(what) + ": " + std::strerror(errno), kUntouched};
  }

  const std::string path_;
  const OpenFile folder_;
  std::string temporary_;
};

}  // namespace

Problems save_text(const std::string& text, const std::string& path, NodeTypes types, const SaveTerms& terms) {
  Replacement file(terms.follow_link ? real_path(path) : path);
  std::optional<Problem> problem = file.begin(terms.replaces);
  if (!problem) problem = file.write(text);
  if (problem) return {*problem};
  if (Problems problems = file.check(text, path, types); !problems.empty()) return problems;
  problem = file.keep_old();
  if (!problem) problem = file.put_in_place();
  return problem ? Problems{*problem} : Problems{};
}

void clean_up_after_saves(const std::string& path) {
  const std::string real = real_path(path);
  const OpenFile folder = open_folder(real);
  if (folder.fd() >= 0 && ::flock(folder.fd(), LOCK_EX | LOCK_NB) == 0) remove_temporaries(real);
}

}  // namespace mixgraph

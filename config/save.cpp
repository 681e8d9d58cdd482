#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>

#include "config/session.h"

namespace mixgraph {
namespace {

namespace fs = std::filesystem;

/// Replaces a file by steps of which each leaves either the old or the new content in place.
class Replacement {
 public:
  explicit Replacement(const std::string& path) : path_(real_path(path)) {}
  ~Replacement() {
    if (file_ >= 0) ::close(file_);
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  std::optional<Problem> write(const std::string& text) {
    temporary_ =
        (fs::path(path_).parent_path() / ("." + fs::path(path_).filename().string() + ".XXXXXX")).string();
    file_ = ::mkostemp(temporary_.data(), O_CLOEXEC);
    if (file_ < 0) return temporary_.clear(), failure("can't be written");
    for (size_t done = 0; done < text.size();) {
      ssize_t count = ::write(file_, text.data() + done, text.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return failure("can't be written");
      done += size_t(count);
    }
    if (::fchmod(file_, mode()) < 0 || ::fsync(file_) < 0) return failure("can't be written");
    int file = std::exchange(file_, -1);
    if (::close(file) < 0) return failure("can't be written");
    return {};
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
    std::string folder = fs::path(path_).parent_path().string();
    int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = handle >= 0 && ::fsync(handle) == 0;
    std::optional<Problem> problem;
    if (!synced)
      problem = Problem{
          path_, std::string("was written, but its folder can't be synced: ") + std::strerror(errno), ""};
    if (handle >= 0) ::close(handle);
    return problem;
  }

 private:
  /// Links are followed, so that they stay and what they point to is replaced.
  static std::string real_path(const std::string& path) {
    std::error_code error;
    fs::path real = fs::weakly_canonical(fs::absolute(path, error), error);
    return error ? path : real.string();
  }
  mode_t mode() const {
    struct stat old;
    if (::stat(path_.c_str(), &old) == 0) return old.st_mode & 0777;
    return 0644;
  }
  Problem failure(const char* what) const {
    return {path_, std::string(what) + ": " + std::strerror(errno), "the old file is untouched"};
  }

  std::string path_, temporary_;
  int file_ = -1;
};

}  // namespace

Problems save_session(const Session& session, const std::string& path) {
  return save_text(write_session(session), path);
}

Problems save_text(const std::string& text, const std::string& path) {
  Replacement file(path);
  std::optional<Problem> problem = file.write(text);
  if (!problem) problem = file.keep_old();
  if (!problem) problem = file.put_in_place();
  return problem ? Problems{*problem} : Problems{};
}

}  // namespace mixgraph

#include "daemon/journal/journal_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "daemon/journal/journal_format.h"

namespace mixgraph {
namespace {

/// Without O_NONBLOCK, opening a pipe waits for somebody to read it.
constexpr int kGrowing = O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW;

}  // namespace

const FileCalls& system_calls() {
  static const FileCalls calls{
      [](const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); },
      ::write,
      ::fsync,
      ::ftruncate,
      [](const char* from, const char* to) { return std::rename(from, to); },
      ::link};
  return calls;
}

FileHandle::~FileHandle() {
  if (file_ >= 0) ::close(file_);
}

Problem JournalFile::failure(const char* step) const {
  return {path_, std::string(step) + ": " + std::strerror(errno), ""};
}

std::optional<Problem> JournalFile::write_all(int file, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = calls_.write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = ENOSPC;
    if (count <= 0) return failure("can't be written");
    bytes.remove_prefix(size_t(count));
  }
  return {};
}

std::optional<Problem> JournalFile::open(size_t good_bytes) {
  file_ = FileHandle(calls_.open(path_.c_str(), kGrowing, 0600));
  if (!file_) return failure("can't be opened");
  size_ = good_bytes;
  if (calls_.ftruncate(file_.get(), off_t(size_)) < 0) return failure("can't be cut");
  return size_ == 0 ? append(kJournalMagic) : std::nullopt;
}

std::optional<Problem> JournalFile::append(std::string_view record) {
  auto problem = write_all(file_.get(), record);
  if (!problem)
    size_ += record.size();
  else
    calls_.ftruncate(file_.get(), off_t(size_));  // if this fails too, readers drop what is torn
  return problem;
}

std::optional<Problem> JournalFile::find() const {
  struct stat open, there;
  if (::fstat(file_.get(), &open) == 0 && ::stat(path_.c_str(), &there) == 0 && open.st_ino == there.st_ino && open.st_dev == there.st_dev) return {};
  return Problem{path_, "is gone: somebody has removed or replaced it", ""};
}

std::optional<Problem> JournalFile::sync() const {
  if (calls_.fsync(file_.get()) < 0) return failure("can't be synced");
  return {};
}

std::optional<Problem> JournalFile::prepare(std::string_view record) {
  const std::string next = path_ + ".new";
  ::mkdir(std::filesystem::path(path_).parent_path().c_str(), 0700);  // somebody may have removed it too
  next_ = FileHandle(calls_.open(next.c_str(), kGrowing | O_TRUNC, 0600));
  if (!next_) return failure("can't be made anew");
  auto problem = write_all(next_.get(), kJournalMagic);
  if (!problem) problem = write_all(next_.get(), record);
  if (!problem && calls_.fsync(next_.get()) < 0) problem = failure("can't be synced anew");
  next_size_ = kJournalMagic.size() + record.size();
  if (problem) {
    next_ = FileHandle();
    ::unlink(next.c_str());
  }
  return problem;
}

std::optional<Problem> JournalFile::replace(std::string_view records, bool keep_old) {
  const std::string next = path_ + ".new";
  auto problem = write_all(next_.get(), records);
  if (!problem && keep_old) problem = keep_backup();
  if (!problem && calls_.rename(next.c_str(), path_.c_str()) < 0) problem = failure("can't be replaced");
  if (problem) {
    next_ = FileHandle();
    ::unlink(next.c_str());
    return problem;
  }
  file_ = std::exchange(next_, FileHandle());
  size_ = next_size_ + records.size();
  return {};
}

std::optional<Problem> JournalFile::keep_backup() const {
  const std::string copy = path_ + ".bak", next = copy + ".new";
  ::unlink(next.c_str());
  if (calls_.link(path_.c_str(), next.c_str()) < 0)
    return errno == ENOENT ? std::nullopt : std::optional(failure("no copy of it can be kept"));
  if (calls_.rename(next.c_str(), copy.c_str()) == 0) return {};
  const Problem problem = failure("no copy of it can be kept");
  ::unlink(next.c_str());
  return problem;
}

std::optional<Problem> JournalFile::sync_folder() const {
  const std::string folder = std::filesystem::path(path_).parent_path().string();
  const FileHandle handle(calls_.open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  if (!handle || calls_.fsync(handle.get()) < 0) return failure("its folder can't be synced");
  return {};
}

}  // namespace mixgraph

#pragma once
#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "graph/problem.h"

namespace mixgraph {

/// The system calls that write a journal, so that tests can make each of them fail.
struct FileCalls {
  int (*open)(const char* path, int flags, mode_t mode);
  ssize_t (*write)(int file, const void* bytes, size_t count);
  int (*fsync)(int file);
  int (*ftruncate)(int file, off_t size);
  int (*rename)(const char* from, const char* to);
  int (*link)(const char* from, const char* to);
};
/// Those of the system. [any]
const FileCalls& system_calls();

/// An open file that closes itself. [any]
class FileHandle {
 public:
  explicit FileHandle(int file = -1) : file_(file) {}
  FileHandle(FileHandle&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~FileHandle();
  int get() const { return file_; }
  explicit operator bool() const { return file_ >= 0; }

 private:
  int file_;
};

/// A journal's files: `path`, which grows; `path`.bak, the one before the last replacement. Each step leaves
/// on the disk what a reader can read. Not thread-safe by itself. [any]
class JournalFile {
 public:
  explicit JournalFile(std::string path, const FileCalls& calls = system_calls())
      : path_(std::move(path)), calls_(calls) {}

  /// Opens the file to go on behind its first `good_bytes`, or makes a new one if these are 0.
  std::optional<Problem> open(size_t good_bytes);
  /// Writes behind all others. On a problem the file ends as before, or in a torn record.
  std::optional<Problem> append(std::string_view record);
  /// A problem if the file is no longer where it was made: somebody has removed or replaced it.
  std::optional<Problem> find() const;
  /// Waits until all that was appended is on the disk. May run while append() does.
  std::optional<Problem> sync() const;

  /// A new file, next to the old one: its first record, on the disk.
  std::optional<Problem> prepare(std::string_view record);
  /// Adds the records that came meanwhile, and puts it in the old one's place, which becomes `.bak`.
  std::optional<Problem> replace(std::string_view records, bool keep_old);
  /// Waits until the folder says so on the disk too.
  std::optional<Problem> sync_folder() const;

  const std::string& path() const { return path_; }
  size_t size() const { return size_; }  ///< bytes

 private:
  std::optional<Problem> write_all(int file, std::string_view bytes) const;
  std::optional<Problem> keep_backup() const;
  Problem failure(const char* step) const;

  std::string path_;
  FileCalls calls_;
  FileHandle file_, next_;
  size_t size_ = 0, next_size_ = 0;
};

}  // namespace mixgraph

#pragma once
#include <fcntl.h>

#include <string>
#include <utility>

#include "graph/problem.h"

/// Files that are named by session files and over the network: opened beneath a folder, and nowhere else.
/// [any, but audio]
namespace mixgraph {

/// An open file or folder, closed at the end.
class OpenFile {
 public:
  explicit OpenFile(int fd) : fd_(fd) {}
  OpenFile(OpenFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OpenFile& operator=(OpenFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~OpenFile();
  int fd() const { return fd_; }

 private:
  int fd_;
};

/// The name of a file in relation to the folder: "a/b.wav". Names are relative to the folder; absolute ones
/// must lie within it, and ".." is refused. Whether the file exists is not looked at. The problem's `where`
/// is the name.
Result<std::string> name_beneath(const std::string& folder, const std::string& name);

/// Opens a regular file for reading. Neither the file nor any folder on the way to it may be a link; the
/// folder itself may. The problem's `where` is the name.
Result<OpenFile> open_file_beneath(const std::string& folder, const std::string& name);
/// Opens a folder, to be used with openat() and its like; makes those that are not there. `name` may be
/// empty: the folder itself.
Result<OpenFile> make_folder_beneath(const std::string& folder, const std::string& name);

/// The call of the system for it, and the same in steps, for kernels before 5.6 and where that call is not
/// allowed.
enum class Walk { at_once, in_steps };
/// Like openat(2) with a name that has passed name_beneath(); neither leaves the folder nor follows a link.
/// -1 with errno: ELOOP or ENOTDIR for a link.
int open_beneath(int folder, const std::string& name, int flags, mode_t mode = 0, Walk walk = Walk::at_once);

}  // namespace mixgraph

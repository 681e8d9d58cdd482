#include "graph/open_beneath.h"

#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace mixgraph {
namespace fs = std::filesystem;
namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

Problem problem_of(const std::string& folder, const std::string& name, int error) {
  std::error_code ignored;
  const std::string root = fs::absolute(folder.empty() ? "." : folder, ignored).string();
  if (error == ENOENT) return {name, "there is no such file", "a file beneath " + root};
  if (error == ELOOP || error == ENOTDIR || error == EXDEV)
    return {name, "is a link, or is beneath one", "the file itself, beneath " + root};
  if (error == EISDIR) return {name, "is not a file", "a file beneath " + root};
  return {name, std::string("can't be opened: ") + std::strerror(error), "a file beneath " + root};
}

/// Opens all folders of a name, one in the other; `make` those that are not there. -1 with errno.
int open_folders(int folder, const fs::path& name, bool make) {
  OpenFile at(fcntl(folder, F_DUPFD_CLOEXEC, 0));
  for (const fs::path& part : name) {
    if (make && mkdirat(at.fd(), part.c_str(), 0777) != 0 && errno != EEXIST) return -1;
    OpenFile next(openat(at.fd(), part.c_str(), kFolder | O_NOFOLLOW));
    if (next.fd() < 0) return -1;
    at = std::move(next);
  }
  return fcntl(at.fd(), F_DUPFD_CLOEXEC, 0);
}

int open_in_steps(int folder, const fs::path& name, int flags, mode_t mode) {
  const OpenFile parent(open_folders(folder, name.parent_path(), false));
  if (parent.fd() < 0) return -1;
  return openat(parent.fd(), name.filename().c_str(), flags | O_NOFOLLOW, mode);
}

}  // namespace

OpenFile::~OpenFile() {
  if (fd_ >= 0) close(fd_);
}

Result<std::string> name_beneath(const std::string& root, const std::string& name) {
  std::error_code error;
  fs::path folder = fs::absolute(root.empty() ? "." : root, error).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  fs::path given(name);
  if (given.is_absolute()) given = given.lexically_relative(folder);
  const bool climbs =
      std::any_of(given.begin(), given.end(), [](const fs::path& part) { return part == ".."; });
  if (climbs || given.empty() || name.find('\0') != std::string::npos || (given == "." && name != "."))
    return Problem{name, "lies outside the folder for it",
                   "a file beneath " + folder.string() + ", named without \"..\""};
  const fs::path normal = given.lexically_normal();
  if (normal == "." || !normal.has_filename())
    return Problem{name, "is not a file", "a file beneath " + folder.string()};
  return normal.string();
}

int open_beneath(int folder, const std::string& name, int flags, mode_t mode, Walk walk) {
  if (walk == Walk::at_once) {
    open_how how{};
    how.flags = uint64_t(flags | O_CLOEXEC);
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    const long fd = syscall(SYS_openat2, folder, name.c_str(), &how, sizeof how);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return int(fd);
  }
  return open_in_steps(folder, name, flags | O_CLOEXEC, mode);
}

Result<OpenFile> open_file_beneath(const std::string& root, const std::string& name) {
  const auto relative = name_beneath(root, name);
  if (!relative) return relative.problems();
  const OpenFile folder(::open(root.empty() ? "." : root.c_str(), kFolder));
  if (folder.fd() < 0) return problem_of(root, name, errno);
  // Without O_NONBLOCK, opening a pipe waits for somebody to write into it.
  OpenFile file(open_beneath(folder.fd(), *relative, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  if (file.fd() < 0) return problem_of(root, name, errno);
  struct stat status {};
  if (fstat(file.fd(), &status) != 0) return problem_of(root, name, errno);
  if (!S_ISREG(status.st_mode)) return problem_of(root, name, EISDIR);
  return file;
}

Result<OpenFile> make_folder_beneath(const std::string& root, const std::string& name) {
  std::error_code ignored;
  fs::create_directories(root.empty() ? "." : root, ignored);
  OpenFile folder(::open(root.empty() ? "." : root.c_str(), kFolder));
  if (folder.fd() < 0) return problem_of(root, root, errno);
  if (name.empty()) return folder;
  const auto relative = name_beneath(root, name);
  if (!relative) return relative.problems();
  OpenFile inner(open_folders(folder.fd(), *relative, true));
  if (inner.fd() < 0) return problem_of(root, name, errno);
  return inner;
}

}  // namespace mixgraph

#include "config/file_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "config/yaml.h"
#include "graph/open_beneath.h"

namespace mixgraph {
namespace {

Problem unreadable(const std::string& name) {
  return {name, std::string("can't be read: ") + std::strerror(errno), ""};
}

Result<std::string> read_open(const OpenFile& file, const std::string& name) {
  struct stat status {};
  if (fstat(file.fd(), &status) != 0) return unreadable(name);
  if (!S_ISREG(status.st_mode)) return Problem{name, "this is not a file", ""};
  std::string text(std::min(size_t(status.st_size), kMaxYamlBytes) + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(file.fd(), text.data() + size, text.size() - size);
    if (count < 0 && errno != EINTR) return unreadable(name);
    if (count == 0) break;
    if (count > 0) size += size_t(count);
  }
  text.resize(size);
  return text;
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const OpenFile file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (file.fd() < 0 && errno == ENOENT) return Problem{path, "there is no such file", ""};
  if (file.fd() < 0) return unreadable(path);
  return read_open(file, path);
}

Result<std::string> read_file_beneath(const std::string& folder, const std::string& name) {
  const auto file = open_file_beneath(folder, name);
  if (!file) return file.problems();
  return read_open(*file, name);
}

}  // namespace mixgraph

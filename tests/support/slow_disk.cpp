// Loaded before the C library (LD_PRELOAD), it makes a disk slow or bad: while the file MIXGRAPH_DISK_SWITCH is there, each open,
// stat, read, write, fsync and rename beneath the folder MIXGRAPH_DISK takes as many milliseconds as that file says, or, with
// `fail`, ends with EIO; with `hang` it doesn't end before the file is gone.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

template <class F>
F next(const char* name, F) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

bool is_beneath(const char* path) {
  static const char* const folder = std::getenv("MIXGRAPH_DISK");
  return folder && path && std::strncmp(path, folder, std::strlen(folder)) == 0;
}

bool is_file_beneath(int fd) {
  char link[64], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
  if (length <= 0) return false;
  path[length] = 0;
  return is_beneath(path);
}

void sleep_ms(long ms) {
  const timespec time{ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, nullptr);
}

/// What the switch says; an empty text: the disk is well.
void read_switch(char* text, size_t size) {
  static const char* const path = std::getenv("MIXGRAPH_DISK_SWITCH");
  text[0] = 0;
  const long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0) : -1;
  if (fd < 0) return;
  const long length = syscall(SYS_read, fd, text, size - 1);
  text[length > 0 ? length : 0] = 0;
  syscall(SYS_close, fd);
}

/// Suffers what the disk does; false: the call fails.
bool suffer() {
  char text[32];
  read_switch(text, sizeof text);
  while (std::strncmp(text, "hang", 4) == 0) sleep_ms(10), read_switch(text, sizeof text);
  if (std::strncmp(text, "fail", 4) == 0) return errno = EIO, false;
  if (text[0] != 0) sleep_ms(std::atol(text));
  return true;
}

}  // namespace

#define SLOW(condition, failure) \
  if ((condition) && !suffer()) return failure

extern "C" {

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = va_arg(more, mode_t);
  va_end(more);
  SLOW(is_beneath(path), -1);
  return next("open", &open)(path, flags, mode);
}
int open64(const char*, int, ...) __attribute__((alias("open")));
int openat(int folder, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = va_arg(more, mode_t);
  va_end(more);
  SLOW(is_beneath(path) || is_file_beneath(folder), -1);
  return next("openat", &openat)(folder, path, flags, mode);
}
FILE* fopen(const char* path, const char* mode) {
  SLOW(is_beneath(path), nullptr);
  return next("fopen", &fopen)(path, mode);
}
FILE* fopen64(const char*, const char*) __attribute__((alias("fopen")));
int stat(const char* path, struct stat* to) {
  SLOW(is_beneath(path), -1);
  return next("stat", &stat)(path, to);
}
int lstat(const char* path, struct stat* to) {
  SLOW(is_beneath(path), -1);
  return next("lstat", &lstat)(path, to);
}
ssize_t read(int fd, void* to, size_t size) {
  SLOW(is_file_beneath(fd), -1);
  return next("read", &read)(fd, to, size);
}
ssize_t write(int fd, const void* from, size_t size) {
  SLOW(is_file_beneath(fd), -1);
  return next("write", &write)(fd, from, size);
}
int fsync(int fd) {
  SLOW(is_file_beneath(fd), -1);
  return next("fsync", &fsync)(fd);
}
int fdatasync(int fd) {
  SLOW(is_file_beneath(fd), -1);
  return next("fdatasync", &fdatasync)(fd);
}
int rename(const char* from, const char* to) {
  SLOW(is_beneath(from), -1);
  return next("rename", &rename)(from, to);
}

}  // extern "C"

// Loaded before the C library (LD_PRELOAD), it makes a disk slow or bad: while the file MIXGRAPH_DISK_SWITCH is there, each open,
// stat, read, write, fsync, rename and the like beneath the folder MIXGRAPH_DISK takes as many milliseconds as that file says, or, with
// `fail`, ends with EIO; with `hang` it doesn't end before the file says something else. With `random` (and any number, so that it
// says something else) each call does as chance has it: of a hundred, six take up to 200 ms, three fail, one hangs.
// Whatever the disk does, each such call of the process's first thread, which is the one that mustn't wait for it, is a line in the
// file MIXGRAPH_DISK_WITNESS.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
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

bool fail() {
  errno = EIO;
  return false;
}

/// Until the switch says something else than this.
void hang(const char* text) {
  char now[32];
  do sleep_ms(10), read_switch(now, sizeof now);
  while (std::strcmp(text, now) == 0);
}

bool suffer_at_random(const char* text) {
  thread_local unsigned seed = unsigned(syscall(SYS_gettid));
  const int dice = rand_r(&seed) % 100;
  if (dice == 0) hang(text);
  if (dice >= 1 && dice < 4) return fail();
  if (dice >= 4 && dice < 10) sleep_ms(rand_r(&seed) % 200);
  return true;
}

void testify(const char* call) {
  static const char* const path = std::getenv("MIXGRAPH_DISK_WITNESS");
  if (!path || syscall(SYS_gettid) != getpid()) return;
  const long fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  char line[64];
  const int length = std::snprintf(line, sizeof line, "%s\n", call);
  syscall(SYS_write, fd, line, length);
  syscall(SYS_close, fd);
}

/// Suffers what the disk does; false: the call fails.
bool suffer() {
  char text[32];
  read_switch(text, sizeof text);
  if (std::strncmp(text, "random", 6) == 0) return suffer_at_random(text);
  if (std::strncmp(text, "hang", 4) == 0) hang(text);
  if (std::strncmp(text, "fail", 4) == 0) return fail();
  if (text[0] != 0) sleep_ms(std::atol(text));
  return true;
}

}  // namespace

#define SLOW(condition, failure) \
  if ((condition) && (testify(__func__), !suffer())) return failure

/// A kernel without openat2, as what calls it goes on with openat then.
extern "C" long syscall(long number, ...) noexcept {
  va_list more;
  va_start(more, number);
  long a[6];
  for (long& argument : a) argument = va_arg(more, long);
  va_end(more);
  if (number == SYS_openat2) return errno = ENOSYS, -1;
  static const auto real = reinterpret_cast<long (*)(long, ...)>(dlsym(RTLD_NEXT, "syscall"));
  return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

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
int fstat(int fd, struct stat* to) {
  SLOW(is_file_beneath(fd), -1);
  return next("fstat", &fstat)(fd, to);
}
int fstat64(int, struct stat64*) __attribute__((alias("fstat")));
ssize_t read(int fd, void* to, size_t size) {
  SLOW(is_file_beneath(fd), -1);
  return next("read", &read)(fd, to, size);
}
ssize_t pread(int fd, void* to, size_t size, off_t at) {
  SLOW(is_file_beneath(fd), -1);
  return next("pread", &pread)(fd, to, size, at);
}
ssize_t write(int fd, const void* from, size_t size) {
  SLOW(is_file_beneath(fd), -1);
  return next("write", &write)(fd, from, size);
}
ssize_t pwrite(int fd, const void* from, size_t size, off_t at) {
  SLOW(is_file_beneath(fd), -1);
  return next("pwrite", &pwrite)(fd, from, size, at);
}
ssize_t writev(int fd, const iovec* parts, int count) {
  SLOW(is_file_beneath(fd), -1);
  return next("writev", &writev)(fd, parts, count);
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
int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  SLOW(is_beneath(from) || is_file_beneath(from_folder), -1);
  return next("renameat", &renameat)(from_folder, from, to_folder, to);
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  SLOW(is_beneath(from) || is_file_beneath(from_folder), -1);
  return next("renameat2", &renameat2)(from_folder, from, to_folder, to, flags);
}
int access(const char* path, int how) {
  SLOW(is_beneath(path), -1);
  return next("access", &access)(path, how);
}
int mkdir(const char* path, mode_t mode) {
  SLOW(is_beneath(path), -1);
  return next("mkdir", &mkdir)(path, mode);
}
int mkdirat(int folder, const char* path, mode_t mode) {
  SLOW(is_beneath(path) || is_file_beneath(folder), -1);
  return next("mkdirat", &mkdirat)(folder, path, mode);
}
int unlink(const char* path) {
  SLOW(is_beneath(path), -1);
  return next("unlink", &unlink)(path);
}
int unlinkat(int folder, const char* path, int flags) {
  SLOW(is_beneath(path) || is_file_beneath(folder), -1);
  return next("unlinkat", &unlinkat)(folder, path, flags);
}
int ftruncate(int fd, off_t size) {
  SLOW(is_file_beneath(fd), -1);
  return next("ftruncate", &ftruncate)(fd, size);
}
int mkostemp(char* path, int flags) {
  SLOW(is_beneath(path), -1);
  return next("mkostemp", &mkostemp)(path, flags);
}
int link(const char* from, const char* to) {
  SLOW(is_beneath(from), -1);
  return next("link", &link)(from, to);
}
DIR* opendir(const char* path) {
  SLOW(is_beneath(path), nullptr);
  return next("opendir", &opendir)(path);
}

}  // extern "C"

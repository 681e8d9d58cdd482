#include "daemon/life/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace mixgraph {
namespace {

long long variable(const char* name, long long fallback) {
  const char* text = getenv(name);
  return text ? std::atoll(text) : fallback;
}

}  // namespace

Notify::Notify() {
  if (const char* address = getenv("NOTIFY_SOCKET")) address_ = address;
  const bool possible = address_.size() > 1 && address_.size() < sizeof(sockaddr_un::sun_path) &&
                        (address_[0] == '/' || address_[0] == '@');
  if (!possible) return;
  if (address_[0] == '@') address_[0] = '\0';
  socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const long long interval = variable("WATCHDOG_USEC", 0);
  if (interval > 0 && variable("WATCHDOG_PID", getpid()) == getpid())
    watchdog_interval_ = std::chrono::microseconds(interval);
}

Notify::~Notify() {
  if (socket_ >= 0) close(socket_);
}

void Notify::reloading() const {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const long long microseconds = now.tv_sec * 1'000'000LL + now.tv_nsec / 1000;
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void Notify::status(std::string_view text) const {
  std::string line = "STATUS=" + std::string(text);
  for (char& c : line)
    if (c == '\n') c = ' ';
  send(line);
}

void Notify::extend(std::chrono::microseconds time) const {
  send("EXTEND_TIMEOUT_USEC=" + std::to_string(time.count()));
}

void Notify::send(std::string_view text) const {
  if (socket_ < 0) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  const auto size = socklen_t(offsetof(sockaddr_un, sun_path) + address_.size());
  (void)sendto(socket_, text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), size);
}

}  // namespace mixgraph

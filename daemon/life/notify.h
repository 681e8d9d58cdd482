#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mixgraph {

/// Tells a service manager (systemd) how the service is: one datagram per message to the socket that
/// NOTIFY_SOCKET names, a path or an abstract name that begins with `@`. Without one, nothing is sent. Never
/// waits. [any]
class Notify {
 public:
  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
  Notify();
  ~Notify();
  Notify(const Notify&) = delete;
  Notify& operator=(const Notify&) = delete;

  void ready() const { send("READY=1"); }
  void stopping() const { send("STOPPING=1"); }
  /// A reload begins; ready() ends it.
  void reloading() const;
  void watchdog() const { send("WATCHDOG=1"); }
  /// One line for people.
  void status(std::string_view text) const;
  /// The start or the stop may take so much longer.
  void extend(std::chrono::microseconds time) const;
  /// How often watchdog() is expected; empty: not at all, or not of this process.
  std::optional<std::chrono::microseconds> watchdog_interval() const { return watchdog_interval_; }

 private:
  void send(std::string_view text) const;

  int socket_ = -1;
  std::string address_;  // a leading NUL: abstract
  std::optional<std::chrono::microseconds> watchdog_interval_;
};

}  // namespace mixgraph

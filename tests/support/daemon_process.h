#pragma once
#include <sys/types.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace mixgraph {

/// A daemon of its own for a test: started on a free port, stopped at the end. It keeps its live state in a folder of
/// its own, unless `--state` names one.
class DaemonProcess {
 public:
  /// Sockets by name that are handed over as a service manager does (LISTEN_FDS).
  using HandedSockets = std::vector<std::pair<std::string, int>>;

  /// What a crash or a stall leads to: the end (--no-restart), so that no test passes in spite of one, or, in
  /// tests of just that, another life of the same process.
  enum class OnFailure { end, restart };

  /// Starts `mixgraphd` with these arguments, and these variables ("NAME=value") in its environment, and
  /// reads its start line, if it gets that far.
  explicit DaemonProcess(const std::vector<std::string>& arguments,
                         const std::vector<std::string>& environment = {},
                         OnFailure on_failure = OnFailure::end, const HandedSockets& sockets = {});
  ~DaemonProcess();
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;

  /// The OSC port of the start line; 0: there was none.
  int port() const { return port_; }
  /// All that it printed so far.
  const std::string& output() const { return output_; }
  pid_t pid() const { return child_; }
  void signal(int number);
  /// Reads what it prints until `text` is there. False: it was not in time, or the daemon ended.
  bool wait_for(const std::string& text, std::chrono::milliseconds patience = std::chrono::seconds(10));
  /// Fills the pipe that its standard output and error are, which nobody reads until wait_for() or wait() does.
  void fill_stderr();
  /// Waits for its end and returns its exit code; 128 + signal if it was killed; -1: it runs on.
  int wait(std::chrono::milliseconds patience = std::chrono::seconds(5));

 private:
  bool read_some(int timeout_ms);

  pid_t child_ = -1;
  int from_child_ = -1;
  int port_ = 0;
  int exit_code_ = -1;
  std::string output_;
  std::string state_;  // the folder
};

}  // namespace mixgraph

#pragma once
#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace mixgraph {

bool jack_is_installed();

/// The name of the one JACK server that tests use, for this process alone from now on. JACK's registry of
/// servers has eight places and forgets a killed server only when its name comes again; so there is one name,
/// and one test that uses it at a time.
std::string jack_server_name();

/// Starts a program that finds the server of this name; `quiet`: its output is thrown away.
pid_t spawn(const std::vector<std::string>& arguments, const std::string& server, bool quiet);
/// The exit code; -1 if the process had to be killed after `limit`.
int finish(pid_t child, std::chrono::seconds limit);

/// `jackd` with its dummy driver at 48 kHz with periods of 64 frames; gone at the end, with all it left
/// behind.
class JackServer {
 public:
  /// `loopbacks`: ports of its device "loopback".
  explicit JackServer(const std::string& name, int loopbacks = 0);
  ~JackServer();
  JackServer(const JackServer&) = delete;
  JackServer& operator=(const JackServer&) = delete;

  /// Waits until it serves clients.
  bool answers() const;
  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// Ends it by a signal, and waits for that.
  void end(int number);
  /// Starts it again after end().
  void start();

 private:
  std::string name_;
  int loopbacks_;
  pid_t pid_ = -1;
};

}  // namespace mixgraph

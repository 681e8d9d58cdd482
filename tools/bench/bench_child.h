#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace mixgraph {

/// A program that a benchmark starts and talks to: ended with all that it started. Mistakes end in an
/// exception. [any]
class Child {
 public:
  explicit Child(const std::vector<std::string>& command);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Reads what it prints, up to and with the first line that holds `mark`, and returns that line.
  std::string line_with(const std::string& mark, int timeout_ms);
  /// Memory that it holds, in MB.
  double resident_mb() const;

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string text_;
};

/// A new folder for a session and its files; gone at the end. [any]
class BenchFolder {
 public:
  BenchFolder();
  ~BenchFolder();
  BenchFolder(const BenchFolder&) = delete;
  BenchFolder& operator=(const BenchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// mixgraphd of this build, with a session, on the clock and a port of its own.
class BenchDaemon {
 public:
  explicit BenchDaemon(const std::string& session, const std::vector<std::string>& more = {});
  int port() const { return port_; }
  double resident_mb() const { return child_.resident_mb(); }

 private:
  Child child_;
  int port_;
};

}  // namespace mixgraph

#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/osc/osc.h"
#include "daemon/net/osc_client.h"

namespace mixgraph {

/// OSC messages and the answers that are expected, from a file; tests/transcripts/README.md has its lines.
class Transcript {
 public:
  /// Talks to a daemon at 127.0.0.1.
  explicit Transcript(int port) : port_(port) {}

  /// Plays a file, and asks for the clock in the end. Returns what went wrong: "file:line: ...". Empty:
  /// nothing.
  std::string play(const std::string& file);

 private:
  struct Line;
  std::string perform(const Line& line);
  std::string open(const std::string& kind, const std::string& name);
  std::string send(const std::vector<uint8_t>& packet);
  std::string expect(const Line& line, bool skip_others);
  std::string expect_nothing(int milliseconds);
  std::string begin_bundle(const Line& line);
  std::string end_bundle();
  std::optional<osc::Message> next(int milliseconds);

  struct Client {
    std::unique_ptr<OscClient> socket;
    std::deque<osc::Message> received;
  };
  int port_;
  std::map<std::string, Client> clients_;
  std::string current_;
  std::vector<osc::Bundle> open_bundles_;
};

}  // namespace mixgraph

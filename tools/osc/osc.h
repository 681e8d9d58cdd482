#pragma once
#include <string>
#include <vector>

#include "tools/osc/osc_link.h"

namespace mixgraph {

/// What `mixgraph osc send`, `get` and `watch` are told.
struct OscOptions : OscPeer {
  std::string address;
  std::vector<std::string> values;
  int wait_ms = 1000;  ///< for answers; 0: don't
  bool bare = false;   ///< print values without addresses and types
  std::vector<std::string> patterns;
  int interval_ms = 0;  ///< between values of one parameter; 0: the daemon's default
  double seconds = 0;   ///< 0: until interrupted
  int count = 0;        ///< lines; 0: until interrupted
};

// Each returns an ExitCode.

/// Sends a message, and prints what is answered.
int osc_send(const OscOptions& options);
/// Asks for a value, and prints it.
int osc_get(const OscOptions& options);
/// Subscribes, and prints what comes, until interrupted.
int osc_watch(const OscOptions& options);

/// Prints a message on stdout, or an /error on stderr. `bare`: its values alone. [any]
void print_message(const osc::Message& message, bool bare);

}  // namespace mixgraph

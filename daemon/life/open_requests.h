#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/net/osc_server.h"

namespace mixgraph {

/// What the next life of this process is told in the name of a client, as if it came from there again.
struct OpenRequest {
  UdpOrigin from;  ///< port 0: nobody who can be answered
  std::vector<uint8_t> packet;
  bool operator==(const OpenRequest&) const = default;
};

/// Open requests in a file that is only in memory, and that the next life inherits. [control]
class OpenRequests {
 public:
  /// `inherited`: the file descriptor that an earlier life left; -1: a new file is made.
  explicit OpenRequests(int inherited);
  OpenRequests(const OpenRequests&) = delete;
  OpenRequests& operator=(const OpenRequests&) = delete;

  int descriptor() const { return descriptor_; }
  /// What is there. Of a file that was not written to its end, what is whole.
  std::vector<OpenRequest> read() const;
  /// Replaces what is there, if it differs.
  void write(const std::vector<OpenRequest>& notes);

 private:
  int descriptor_;
  std::vector<OpenRequest> latest_;
};

}  // namespace mixgraph

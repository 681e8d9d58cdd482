#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/net/osc_server.h"

namespace mixgraph {

/// What the next life of this process is told in the name of a client, with the rights that the client had.
struct OpenRequest {
  UdpOrigin from;            ///< port 0: a connection, which ends with this life
  std::string role;          ///< Role::text() of the client's
  bool confirmed = false;    ///< the client has shown that it is there
  int64_t due_ns = 0;        ///< when a bundle is due, by the monotonic clock, which lives on; its tag says nothing
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
  /// Replaces what is there.
  void write(const std::vector<OpenRequest>& requests);

 private:
  int descriptor_;
};

}  // namespace mixgraph

#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/net/osc_server.h"

namespace mixgraph {

/// What the next life of this process is told in the name of a client, as if it came from there again.
struct Note {
  UdpOrigin from;  ///< port 0: nobody who can be answered
  std::vector<uint8_t> packet;
  bool operator==(const Note&) const = default;
};

/// Notes in a file that is only in memory, and that the next life inherits. [control]
class Notes {
 public:
  /// `inherited`: the file descriptor that an earlier life left; -1: a new file is made.
  explicit Notes(int inherited);
  Notes(const Notes&) = delete;
  Notes& operator=(const Notes&) = delete;

  int descriptor() const { return descriptor_; }
  /// What is there. Of a file that was not written to its end, what is whole.
  std::vector<Note> read() const;
  /// Replaces what is there, if it differs.
  void write(const std::vector<Note>& notes);

 private:
  int descriptor_;
  std::vector<Note> latest_;
};

}  // namespace mixgraph

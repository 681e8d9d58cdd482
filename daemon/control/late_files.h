#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daemon/control/turns.h"
#include "graph/prepared.h"

namespace mixgraph {

/// Tries again and again, on a worker, to make the nodes that were started without their files: a disk may be mounted late.
/// [control]
class LateFiles {
 public:
  LateFiles(Workspace& workspace, Turns& turns) : workspace_(workspace), turns_(turns) {}
  /// From time to time has it tried again, and tells of those that have got them.
  void tick();

 private:
  void tell_found(const std::vector<Preparation>& lacking);
  void try_again(const Preparation& lacking);

  Workspace& workspace_;
  Turns& turns_;
  std::map<std::string, Preparation> lacked_;  // by path, as of the last look
  size_t turn_ = 0;                             // who is first
  int64_t next_ns_ = 0;                         // monotonic
};

}  // namespace mixgraph

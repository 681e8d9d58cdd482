#pragma once
#include <memory>
#include <vector>

#include "graph/automated_row.h"

namespace mixgraph {

/// The rows that automation has, for the audio thread, which keeps in it which of them it has to look at.
struct AutomationTable {
  uint64_t serial = 0;
  std::vector<std::shared_ptr<AutomatedRow>> rows;  ///< by instance and row
  std::vector<AutomatedRow*> awake;                 ///< [audio]; room for all of them
  std::vector<AutomatedRow*> asleep;                ///< the same; a heap: which wakes first is on top

  /// nullptr: there is none. [audio]
  AutomatedRow* find(uint32_t instance, int row) const;
};

}  // namespace mixgraph

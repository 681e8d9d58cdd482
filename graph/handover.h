#pragma once
#include <atomic>
#include <cstdint>

#include "graph/order.h"
#include "graph/queue.h"

namespace mixgraph {

struct Program;

/// All that the conductor (control thread) and the performer (audio thread) of an engine tell each other.
struct Handover {
  static constexpr size_t kMostBatches = 1 << 14;  ///< on their way, waiting for their time, and on their way back

  Queue<Batch*> batches{kMostBatches};           ///< to the performer
  Queue<Batch*> done{kMostBatches};              ///< back to the conductor, which deletes them
  std::atomic<Program*> incoming{nullptr};       ///< the program to take over at the next block
  std::atomic<uint64_t> taken{0}, faded{0};      ///< serials: of the program that runs, of the latest whose fades are over
  std::atomic<uint64_t> cleared{0};              ///< turn from which on none of the crew looks at what ran before
  std::atomic<uint64_t> frame{0}, horizon{0};    ///< Engine::frame(), Engine::horizon()
  std::atomic<uint64_t> blocks{0}, faults{0}, bad_samples{0}, limited_samples{0}, late{0}, postponed{0};
  std::atomic<uint64_t> tasks{0};                ///< of the program that was handed over last
};

}  // namespace mixgraph

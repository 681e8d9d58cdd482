#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "graph/glide.h"
#include "graph/transport.h"

namespace mixgraph {

struct AutomationTable;

/// A change of one row on its way to the audio thread. It names the instance; the program that runs says where that is.
struct Order {
  uint32_t instance;
  int16_t row;
  Course course;
  float length;  ///< frames; 0: the shortest that doesn't click
  double value;  ///< in the unit
  double goal;   ///< the same in the row's domain
};

/// A row of an instance as one number, in the order of the instances and then of their rows. [any]
inline uint64_t row_key(uint32_t instance, int row) { return uint64_t(instance) << 16 | uint16_t(row); }

/// Orders that begin together, at one sample. What is about the same row comes after what has an earlier frame, or the same
/// one and an earlier number: whenever it was sent, and whenever it arrives.
struct Batch {
  uint64_t frame = 0;   ///< of the engine's clock; of what is at once: the frame that control knew when it was said
  uint64_t number = 0;  ///< in the order of their coming
  bool timed = false;   ///< the frame was asked for
  bool late = false;    ///< and was over when it was said
  bool postponed = false;  ///< it didn't fit into its tick [audio]
  std::vector<Order> orders;
  std::span<Glide> glides;  ///< for the pool of the audio thread, so that it suffices
  std::optional<TransportChange> transport = {};           ///< begins with the orders
  std::shared_ptr<AutomationTable> automation = nullptr;   ///< comes at once, and stays until there is another
};
/// For a heap whose top is what comes first.
inline bool comes_after(const Batch* a, const Batch* b) {
  return a->frame != b->frame ? a->frame > b->frame : a->number > b->number;
}

}  // namespace mixgraph

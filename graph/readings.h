#pragma once
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "graph/plan.h"

namespace mixgraph {

/// The latest readings of all meters of a plan, in the order of its nodes. What several programs measured, and at several
/// times, becomes one until it is told. [control]
class Readings {
 public:
  /// The nodes whose meters are told from now on. Those that were there before keep their readings.
  void know(const Plan& target);
  /// Takes in what the performer has posted since the last call, and lets it post again.
  void absorb(MeterBoard& board);
  /// All of them, until the next call of anything here; from then on they are folded afresh.
  std::span<const float> tell();

 private:
  struct Place {
    TypeRef type;
    size_t first;          // in values_
    uint64_t telling = 0;  // for which it has been measured
  };
  void find_places(MeterBoard& board) const;

  std::vector<Place> places_;                     // of nodes that have meters
  std::unordered_map<uint32_t, uint32_t> by_id_;  // in places_, by id of the instance
  std::vector<float> values_;
  uint64_t plan_ = 0, telling_ = 1;
};

}  // namespace mixgraph

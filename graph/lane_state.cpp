#include "graph/lane_state.h"

#include <utility>

namespace mixgraph {

// A state is rows of lanes. By words, as some are halves of pointers.
void swap_lanes(const Kernel& single, void* a, int a_lanes, int a_lane, void* b, int b_lanes, int b_lane) {
  const size_t rows = single.bytes / sizeof(uint32_t);
  auto *x = static_cast<uint32_t*>(a) + a_lane, *y = static_cast<uint32_t*>(b) + b_lane;
  for (size_t i = 0; i < rows; i++) std::swap(x[i * size_t(a_lanes)], y[i * size_t(b_lanes)]);
}

void make_lane(const Kernel& single, void* state, int lanes, int lane, const Setup& setup) {
  void* const alone = *single.create(setup);
  swap_lanes(single, state, lanes, lane, alone, 1, 0);
  single.destroy(alone);
}

}  // namespace mixgraph

#pragma once
#include <cstdint>

namespace mixgraph {

/// What a node did that no node should.
enum class Fault : uint8_t {
  none,
  not_finite,  ///< it put out an infinity or something that is no number
  runaway,     ///< it put out more than kRunaway (graph/mixing.h)
};

}  // namespace mixgraph

#pragma once
#include <algorithm>

#include "tests/support/deck.h"
#include "tests/support/engine_runner.h"

namespace mixgraph {

/// The runner plays so many frames more; a fresh engine on its graph hears the same, from the start. The largest difference
/// in the last tenth of a second, of all outputs.
inline float unlike_fresh(EngineRunner& r, int frames = 4800) {
  const auto heard = r.run(frames);
  const size_t start = r.engine.frame() - size_t(frames), first = size_t(std::max(0, frames - 4800));
  EngineRunner fresh(r.engine.settings(), r.types());
  fresh.graph = r.graph;
  fresh.input = r.input;
  fresh.update();
  fresh.run(int(start));
  const auto wanted = fresh.run(frames);
  float most = 0;
  for (size_t c = 0; c < heard.size(); c++) most = std::max(most, difference(heard[c], wanted[c], first, size_t(frames)));
  return most;
}

}  // namespace mixgraph

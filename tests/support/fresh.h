#pragma once
#include <algorithm>

#include "tests/support/deck.h"
#include "tests/support/engine_runner.h"

namespace mixgraph {

/// Both play so many frames, the runner and a fresh engine on the runner's graph, which hears the same. The largest
/// difference in the last tenth of a second, of all outputs.
inline float unlike_fresh(EngineRunner& r, int frames = 4800) {
  constexpr uint64_t kGrid = 512;  // of what nodes do now and then
  r.run(int((kGrid - r.engine.frame() % kGrid) % kGrid));
  EngineRunner fresh(r.engine.settings(), r.types());
  fresh.graph = r.graph;
  fresh.input = [&r, start = r.engine.frame()](int channel, uint64_t frame) { return r.input(channel, start + frame); };
  fresh.update();
  const auto wanted = fresh.run(frames), heard = r.run(frames);
  float most = 0;
  for (size_t c = 0; c < heard.size(); c++)
    most = std::max(most, difference(heard[c], wanted[c], size_t(std::max(0, frames - 4800)), size_t(frames)));
  return most;
}

}  // namespace mixgraph

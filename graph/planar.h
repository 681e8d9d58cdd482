#pragma once

namespace mixgraph {

/// Lane-interleaved frames as one lane after the other, each with room for kMaxBlock frames. [audio]
void make_planar(float* to, const float* from, int lanes, int frames);

}  // namespace mixgraph

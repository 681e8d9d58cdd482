#include "graph/mixing.h"

namespace mixgraph {

void mix_column(float* to, int to_stride, Column from, const float* gains, int frames) {
  for (int i = 0; i < frames; i++) to[i * to_stride] = from.data[i * from.stride] * from.gain * (gains ? gains[i] : 1.f);
}

Guarded guard(float* samples, int frames, float ceiling) {
  int bad = 0, limited = 0;
  for (int i = 0; i < frames; i++) {
    bool finite = is_finite(samples[i]);
    float x = finite ? samples[i] : 0.f;
    float held = x > ceiling ? ceiling : x < -ceiling ? -ceiling : x;
    bad += !finite;
    limited += held != x;
    samples[i] = held;
  }
  return {uint64_t(bad), uint64_t(limited)};
}

}  // namespace mixgraph

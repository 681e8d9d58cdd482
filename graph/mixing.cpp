#include "graph/mixing.h"

#include <algorithm>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace mixgraph {

void mix_column(float* to, int to_stride, Column from, const float* gains, int frames) {
  for (int i = 0; i < frames; i++) to[i * to_stride] = from.data[i * from.stride] * from.gain * (gains ? gains[i] : 1.f);
}

void copy_far(float* to, const float* from, size_t count) {
#if defined(__SSE__)
  for (size_t i = 0; i < count; i += 4) _mm_stream_ps(to + i, _mm_loadu_ps(from + i));
#else
  std::copy_n(from, count, to);
#endif
}

// Such stores aren't in order with the one that says that they are done.
void end_copies() {
#if defined(__SSE__)
  _mm_sfence();
#endif
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

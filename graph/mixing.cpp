#include "graph/mixing.h"

#include <cstring>

namespace mixgraph {
namespace {

int32_t as_bits(float x) {
  int32_t i;
  std::memcpy(&i, &x, 4);
  return i;
}

}  // namespace

void mix_column(float* to, int to_stride, Column from, const float* gains, bool add, int frames) {
  for (int i = 0; i < frames; i++) {
    float x = from.data[i * from.stride] * from.gain * (gains ? gains[i] : 1.f);
    to[i * to_stride] = add ? to[i * to_stride] + x : x;
  }
}

Guarded guard(float* samples, int frames, float ceiling) {
  int bad = 0, limited = 0;
  for (int i = 0; i < frames; i++) {
    // A bit test: it holds whatever floating-point options the compiler was given.
    bool finite = (as_bits(samples[i]) & 0x7f800000) != 0x7f800000;
    float x = finite ? samples[i] : 0.f;
    float held = x > ceiling ? ceiling : x < -ceiling ? -ceiling : x;
    bad += !finite;
    limited += held != x;
    samples[i] = held;
  }
  return {uint64_t(bad), uint64_t(limited)};
}

}  // namespace mixgraph

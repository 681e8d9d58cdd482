#include "graph/mixing.h"

#include <cstring>

// Compiled for several instruction sets, chosen when the program is loaded. Sanitizers can't run in that choice.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define MIXGRAPH_CLONES [[gnu::target_clones("default", "avx2", "arch=skylake-avx512"), gnu::optimize("O3")]]
#else
#define MIXGRAPH_CLONES
#endif

namespace mixgraph {
namespace {

int32_t as_bits(float x) {
  int32_t i;
  std::memcpy(&i, &x, 4);
  return i;
}
float as_float(int32_t i) {
  float x;
  std::memcpy(&x, &i, 4);
  return x;
}

}  // namespace

MIXGRAPH_CLONES void copy_lanes(float* to, const float* from, int lanes, const int32_t* mask, bool add, int frames) {
  for (int i = 0; i < frames; i++, to += lanes, from += lanes) {
    if (add)
      for (int l = 0; l < lanes; l++) to[l] += as_float(as_bits(from[l]) & mask[l]);
    else
      for (int l = 0; l < lanes; l++) to[l] = as_float(as_bits(from[l]) & mask[l]);
  }
}

MIXGRAPH_CLONES void sum_lanes(float* to, const float* from, int lanes, const int32_t* mask, float gain, bool add, int frames) {
  for (int i = 0; i < frames; i++, from += lanes) {
    alignas(64) float sums[16] = {};
    if (lanes % 16 == 0)
      for (int g = 0; g < lanes; g += 16)
        for (int l = 0; l < 16; l++) sums[l] += as_float(as_bits(from[g + l]) & mask[g + l]);
    else
      for (int l = 0; l < lanes; l++) sums[l % 16] += as_float(as_bits(from[l]) & mask[l]);
    for (int l = 0; l < 8; l++) sums[l] += sums[l + 8];
    for (int l = 0; l < 4; l++) sums[l] += sums[l + 4];
    float sum = ((sums[0] + sums[2]) + (sums[1] + sums[3])) * gain;
    to[i] = add ? to[i] + sum : sum;
  }
}

namespace {

using Four = float __attribute__((vector_size(16), aligned(4), may_alias));
using Pick = int32_t __attribute__((vector_size(16)));

bool is_planar(const Column* columns) {
  bool planar = true;
  for (int l = 0; l < 4; l++) planar = planar && columns[l].data && columns[l].stride == 1;
  return planar;
}

// Four planar columns into four lanes, four frames at a time; returns the frames done.
template <bool kAdd>
int transpose_four(float* to, int lanes, const Column* columns, int frames) {
  const float* from[4];
  float gain[4];
  for (int l = 0; l < 4; l++) from[l] = columns[l].data, gain[l] = columns[l].gain;
  int i = 0;
  for (; i + 4 <= frames; i += 4, to += 4 * lanes) {
    Four a[4], b[4];
    for (int l = 0; l < 4; l++) a[l] = *reinterpret_cast<const Four*>(from[l] + i) * gain[l];
    b[0] = __builtin_shuffle(a[0], a[1], Pick{0, 4, 1, 5}), b[1] = __builtin_shuffle(a[2], a[3], Pick{0, 4, 1, 5});
    b[2] = __builtin_shuffle(a[0], a[1], Pick{2, 6, 3, 7}), b[3] = __builtin_shuffle(a[2], a[3], Pick{2, 6, 3, 7});
    Four frame[4] = {__builtin_shuffle(b[0], b[1], Pick{0, 1, 4, 5}), __builtin_shuffle(b[0], b[1], Pick{2, 3, 6, 7}),
                     __builtin_shuffle(b[2], b[3], Pick{0, 1, 4, 5}), __builtin_shuffle(b[2], b[3], Pick{2, 3, 6, 7})};
    for (int k = 0; k < 4; k++) {
      auto& target = *reinterpret_cast<Four*>(to + k * lanes);
      target = kAdd ? target + frame[k] : frame[k];
    }
  }
  return i;
}

void gather_column(float* to, int lanes, const Column& c, bool add, int first, int frames) {
  for (int i = first; i < frames; i++) {
    float x = c.data ? c.data[i * c.stride] * c.gain : 0.f;
    to[i * lanes] = add ? to[i * lanes] + x : x;
  }
}

}  // namespace

void gather_lanes(float* to, int lanes, const Column* columns, bool add, int frames) {
  for (int l = 0; l < lanes; l += 4) {
    int done = 0;
    if (l + 4 <= lanes && is_planar(columns + l))
      done = add ? transpose_four<true>(to + l, lanes, columns + l, frames) : transpose_four<false>(to + l, lanes, columns + l, frames);
    for (int k = l; k < l + 4 && k < lanes; k++) gather_column(to + k, lanes, columns[k], add, done, frames);
  }
}

void mix_column(float* to, int to_stride, Column from, const float* gains, bool add, int frames) {
  for (int i = 0; i < frames; i++) {
    float x = from.data[i * from.stride] * from.gain * (gains ? gains[i] : 1.f);
    to[i * to_stride] = add ? to[i * to_stride] + x : x;
  }
}

MIXGRAPH_CLONES Guarded guard(float* samples, int frames, float ceiling) {
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

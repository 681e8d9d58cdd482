#include "graph/planar.h"

#include <cstring>

#include "graph/node.h"

namespace mixgraph {
namespace {

using Four = float __attribute__((vector_size(16)));
constexpr int kFour = 4;

Four load(const float* from) {
  Four x;
  std::memcpy(&x, from, sizeof x);
  return x;
}
void store(float* to, Four x) { std::memcpy(to, &x, sizeof x); }

/// Four lanes of four frames.
void turn(float* to, const float* from, int lanes) {
  const Four a = load(from), b = load(from + lanes), c = load(from + 2 * lanes), d = load(from + 3 * lanes);
  const Four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store(to, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
  store(to + kMaxBlock, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
  store(to + 2 * kMaxBlock, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
  store(to + 3 * kMaxBlock, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
}

}  // namespace

void make_planar(float* to, const float* from, int lanes, int frames) {
  const int whole = frames / kFour * kFour, wide = lanes / kFour * kFour;
  for (int l = 0; l < wide; l += kFour)
    for (int i = 0; i < whole; i += kFour) turn(to + l * kMaxBlock + i, from + i * lanes + l, lanes);
  for (int l = 0; l < lanes; l++)
    for (int i = l < wide ? whole : 0; i < frames; i++) to[l * kMaxBlock + i] = from[i * lanes + l];
}

}  // namespace mixgraph

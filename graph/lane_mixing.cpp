#include <algorithm>
#include <cstring>
#include <utility>

#include "graph/lanes.h"
#include "graph/mixing.h"

// Compiled once per instruction set (CMakeLists.txt).
namespace mixgraph::MIXGRAPH_ISA {
namespace {

float masked(float x, int32_t mask) { return from_bits(bits(x) & mask); }

/// Two negative zeros give a positive one.
template <class V>
V added(V a, V b) {
  return (a + b) + V{0.f};
}

void copy_lanes(float* to, const float* from, int lanes, const int32_t* mask, Into into, int frames) {
  for (int i = 0; i < frames; i++, to += lanes, from += lanes) {
    if (into == Into::all)
      for (int l = 0; l < lanes; l++) to[l] = masked(from[l], mask[l]);
    else if (into == Into::some)
      for (int l = 0; l < lanes; l++) to[l] = from_bits((bits(from[l]) & mask[l]) | (bits(to[l]) & ~mask[l]));
    else
      for (int l = 0; l < lanes; l++) to[l] = from_bits((bits(added(to[l], from[l])) & mask[l]) | (bits(to[l]) & ~mask[l]));
  }
}

NativeFloat load(const float* from) {
  NativeFloat x;
  std::memcpy(&x, from, sizeof x);
  return x;
}

// The order in which lanes are summed is that of sixteen accumulators, whose halves are then added four times; it is the
// same whatever the native width. From here on they are `kParts` native vectors.
constexpr int kParts = 16 / kNative;
struct Sixteen {
  NativeFloat part[kParts];
};

template <bool kWhole>
[[gnu::always_inline]] inline void add_summand(Sixteen& sums, const Summand& from, int frame) {
  const float* at = from.data + frame * from.stride;
#pragma GCC unroll 4
  for (int p = 0; p < kParts; p++) {
    NativeFloat x = load(at + p * kNative);
    if (!kWhole) x = NativeFloat(NativeInt(x) & NativeInt(load(reinterpret_cast<const float*>(from.mask) + p * kNative)));
    sums.part[p] += x;
  }
}

/// The lower and the upper half of sixteen, and so on until one native vector is left.
NativeFloat halved(Sixteen sums) {
  for (int count = kParts; count > 1; count /= 2)
    for (int p = 0; p < count / 2; p++) sums.part[p] += sums.part[p + count / 2];
  return sums.part[0];
}

/// a and b consist of segments of kSize values, one per frame; the halves of each are added, and a's frames come first.
template <int kSize, size_t... I>
NativeFloat fold(NativeFloat a, NativeFloat b, std::index_sequence<I...>) {
  constexpr int half = kSize / 2;
  NativeFloat low = __builtin_shufflevector(a, b, int(I) / half * kSize + int(I) % half...);
  return low + __builtin_shufflevector(a, b, int(I) / half * kSize + int(I) % half + half...);
}
/// One native vector per frame becomes one value per frame.
template <int kSize>
[[gnu::always_inline]] inline NativeFloat fold_all(NativeFloat* frames) {
  for (int i = 0; i < kSize / 2; i++) frames[i] = fold<kSize>(frames[2 * i], frames[2 * i + 1], std::make_index_sequence<kNative>());
  if constexpr (kSize > 2) return fold_all<kSize / 2>(frames);
  return frames[0];
}

/// sum_of(sums, i) adds frame i of all summands.
template <class Sum>
[[gnu::always_inline]] inline void sum_frames(float* to, int to_stride, int frames, Sum sum_of) {
  for (int first = 0; first < frames; first += kNative) {
    NativeFloat sums[kNative] = {};
    auto sum_frame = [&](int i) {
      Sixteen all{};
      sum_of(all, first + i);
      sums[i] = halved(all);
    };
    if (first + kNative <= frames) {
#pragma GCC unroll 16
      for (int i = 0; i < kNative; i++) sum_frame(i);
    } else {
      for (int i = 0; i < frames - first; i++) sum_frame(i);
    }
    const NativeFloat sum = fold_all<kNative>(sums);
    if (to_stride == 1)
      std::memcpy(to + first, &sum, sizeof sum);
    else
      for (int i = 0; i < std::min(kNative, frames - first); i++) to[(first + i) * to_stride] = sum[i];
  }
}

template <int kCount>
void sum_whole(float* to, int to_stride, const Summand* from, int frames) {
  sum_frames(to, to_stride, frames, [=](Sixteen& sums, int i) {
#pragma GCC unroll 8
    for (int k = 0; k < kCount; k++) add_summand<true>(sums, from[k], i);
  });
}

inline constexpr size_t kMostVectors = 64 / kNative;
/// Sums of up to 64 values that lie one after the other: value i of summand k is at(k)[i], in partial sum k mod 16. The first
/// vectors of `part` hold them.
template <class At>
[[gnu::always_inline]] inline void sum_values(NativeFloat (*part)[kMostVectors], size_t count, size_t vectors, At at) {
  size_t parts = std::min<size_t>(count, 16);
  for (size_t k = 0; k < count; k++)
    for (size_t v = 0; v < vectors; v++) {
      const NativeFloat x = load(at(k) + v * kNative);
      part[k % 16][v] = k < 16 ? x + NativeFloat{0.f} : part[k % 16][v] + x;
    }
  for (size_t half = 8; half > 0; parts = std::min(parts, half), half /= 2)
    for (size_t p = half; p < parts; p++)
      for (size_t v = 0; v < vectors; v++) part[p - half][v] += part[p][v];
}
/// The same for summands of one value each, which lie frame after frame.
void sum_columns(float* to, int to_stride, const Summand* from, size_t count, int frames) {
  NativeFloat part[16][kMostVectors];
  sum_values(part, count, (size_t(frames) + kNative - 1) / kNative, [=](size_t k) { return from[k].data + k % 16; });
  for (int i = 0; i < frames; i++) to[i * to_stride] = part[0][size_t(i) / kNative][i % kNative];
}
void sum_buffers(float* to, const float* const* from, size_t count, size_t values) {
  for (size_t first = 0; first < values; first += 64) {
    NativeFloat part[16][kMostVectors];
    const size_t vectors = (std::min<size_t>(values - first, 64) + kNative - 1) / kNative;
    sum_values(part, count, vectors, [=](size_t k) { return from[k] + first; });
    std::memcpy(to + first, part[0], vectors * sizeof(NativeFloat));
  }
}

void sum(float* to, int to_stride, const Summand* from, size_t count, int frames) {
  if (std::all_of(from, from + count, [](const Summand& s) { return s.stride == 1; })) return sum_columns(to, to_stride, from, count, frames);
  const bool whole = std::all_of(from, from + count, [](const Summand& s) { return s.whole; });
  if (whole && count == 1) return sum_whole<1>(to, to_stride, from, frames);
  if (whole && count == 2) return sum_whole<2>(to, to_stride, from, frames);
  if (whole && count == 4) return sum_whole<4>(to, to_stride, from, frames);
  if (whole && count == 8) return sum_whole<8>(to, to_stride, from, frames);
  sum_frames(to, to_stride, frames, [=](Sixteen& sums, int i) {
    for (size_t k = 0; k < count; k++) from[k].whole ? add_summand<true>(sums, from[k], i) : add_summand<false>(sums, from[k], i);
  });
}

using Four = float __attribute__((vector_size(16)));

Four load_four(const float* from) {
  Four x;
  std::memcpy(&x, from, sizeof x);
  return x;
}
template <class Half, size_t... I>
auto side_by_side(Half low, Half high, std::index_sequence<I...>) {
  return __builtin_shufflevector(low, high, int(I)...);
}
/// Four frames of the columns 0, 4, 8 ... side by side.
template <int kCount>
auto load_quarters(const Column* columns, int frame) {
  if constexpr (kCount == 1)
    return load_four(columns->data + frame);
  else
    return side_by_side(load_quarters<kCount / 2>(columns, frame), load_quarters<kCount / 2>(columns + 2 * kCount, frame),
                        std::make_index_sequence<kCount * 4>());
}
/// Within each quarter: a[0 or 2], b[0 or 2], a[1 or 3], b[1 or 3]; and a's two, then b's two.
template <int kUpper, size_t... I>
NativeFloat zip(NativeFloat a, NativeFloat b, std::index_sequence<I...>) {
  return __builtin_shufflevector(a, b, int(I) / 4 * 4 + kUpper * 2 + int(I) % 4 / 2 + int(I) % 2 * kNative...);
}
template <int kUpper, size_t... I>
NativeFloat join(NativeFloat a, NativeFloat b, std::index_sequence<I...>) {
  return __builtin_shufflevector(a, b, int(I) / 4 * 4 + kUpper * 2 + int(I) % 2 + int(I) % 4 / 2 * kNative...);
}

/// kNative planar columns into as many lanes, four frames at a time; returns the frames done.
template <bool kAdd, bool kGain>
int transpose(float* to, int lanes, const Column* columns, int frames) {
  constexpr std::make_index_sequence<kNative> all;
  alignas(64) float gain[4][kNative];
  for (int l = 0; kGain && l < kNative; l++)
    for (int r = 0; r < 4; r++) gain[r][l] = columns[l / 4 * 4 + r].gain;
  int i = 0;
  for (; i + 4 <= frames; i += 4, to += 4 * lanes) {
    NativeFloat row[4];
    for (int r = 0; r < 4; r++) {
      row[r] = load_quarters<kNative / 4>(columns + r, i);
      if (kGain) row[r] *= load(gain[r]);
    }
    NativeFloat a = zip<0>(row[0], row[1], all), b = zip<0>(row[2], row[3], all), c = zip<1>(row[0], row[1], all), d = zip<1>(row[2], row[3], all);
    NativeFloat frame[4] = {join<0>(a, b, all), join<1>(a, b, all), join<0>(c, d, all), join<1>(c, d, all)};
    for (int k = 0; k < 4; k++) {
      if (kAdd) frame[k] = added(load(to + k * lanes), frame[k]);
      std::memcpy(to + k * lanes, &frame[k], sizeof frame[k]);
    }
  }
  return i;
}

void gather_column(float* to, int lanes, const Column& c, Into into, int first, int frames) {
  if (!c.data && into != Into::all) return;
  for (int i = first; i < frames; i++) {
    float x = c.data ? c.data[i * c.stride] * c.gain : 0.f;
    to[i * lanes] = into == Into::add ? added(to[i * lanes], x) : x;
  }
}

void gather_lanes(float* to, int lanes, const Column* columns, Into into, int frames) {
  const bool add = into == Into::add;
  for (int l = 0; l < lanes; l += kNative) {
    int done = 0, count = std::min(kNative, lanes - l);
    bool planar = count == kNative, unity = true;
    for (int k = l; k < l + count; k++) planar = planar && columns[k].data && columns[k].stride == 1, unity = unity && columns[k].gain == 1;
    if (planar && unity)
      done = add ? transpose<true, false>(to + l, lanes, columns + l, frames) : transpose<false, false>(to + l, lanes, columns + l, frames);
    else if (planar)
      done = add ? transpose<true, true>(to + l, lanes, columns + l, frames) : transpose<false, true>(to + l, lanes, columns + l, frames);
    for (int k = l; done < frames && k < l + count; k++) gather_column(to + k, lanes, columns[k], into, done, frames);
  }
}

/// Whether the sum of squares is above the limit or, having met a value that isn't finite, not a number.
bool unsound(float squares) { return !(squares <= kRunaway * kRunaway); }

/// Eight sums at a time, of several frames, so that one doesn't wait for the other.
template <int kGroups>
uint64_t unsound_of(const float* from, int lanes, int frames) {
  constexpr int kSums = 8, kTogether = kSums / kGroups;
  Pack<1> squares[kSums] = {0.f, 0.f, 0.f, 0.f, 0.f, 0.f, 0.f, 0.f};
  auto add = [&](int i, int k) {
    Pack<1> x;
    x.v[0] = load(from + i * lanes + k % kGroups * kNative);
    squares[k] = madd(x, x, squares[k]);
  };
  int i = 0;
  for (; i + kTogether <= frames; i += kTogether) {
#pragma GCC unroll 8
    for (int k = 0; k < kSums; k++) add(i + k / kGroups, k);
  }
  for (; i < frames; i++) {
#pragma GCC unroll 4
    for (int k = 0; k < kGroups; k++) add(i, k);
  }
  uint64_t found = 0;
  for (int g = 0; g < kGroups; g++) {
    for (int k = g + kGroups; k < kSums; k += kGroups) squares[g] += squares[k];
    if (any(negated(squares[g] <= Pack<1>(kRunaway * kRunaway))))
      for (int l = 0; l < kNative; l++) found |= uint64_t(unsound(squares[g][l])) << (g * kNative + l);
  }
  return found;
}

uint64_t unsound_lanes(const float* from, int lanes, int frames) {
  uint64_t found = 0;
  int l = 0;
  if (lanes == 1) {  // frames side by side
    int whole = frames / kNative * kNative;
    found = unsound_of<1>(from, kNative, frames / kNative) != 0;
    from += whole, frames -= whole;
  }
  for (; l + 4 * kNative <= lanes; l += 4 * kNative) found |= unsound_of<4>(from + l, lanes, frames) << l;
  for (; l + 2 * kNative <= lanes; l += 2 * kNative) found |= unsound_of<2>(from + l, lanes, frames) << l;
  for (; l + kNative <= lanes; l += kNative) found |= unsound_of<1>(from + l, lanes, frames) << l;
  for (; l < lanes; l++) {
    float squares = 0;
    for (int i = 0; i < frames; i++) squares += from[i * lanes + l] * from[i * lanes + l];
    found |= uint64_t(unsound(squares)) << l;
  }
  return found;
}

/// Whether all of whole native vectors are zero.
bool are_zero(const float* from, size_t count) {
  NativeInt found{};
  for (size_t i = 0; i < count; i += kNative) found |= NativeInt(load(from + i));
  return !any_bit(found & 0x7fffffff);
}
bool is_silent(const float* from, size_t count) {
  size_t whole = count / kNative * kNative, first = std::min<size_t>(whole, 64);  // sound is told from silence early
  return are_zero(from, first) && are_zero(from + first, whole - first) && std::all_of(from + whole, from + count, [](float x) { return x == 0; });
}

}  // namespace

extern const Mixing kMixing{kNative, copy_lanes, gather_lanes, sum, sum_buffers, unsound_lanes, is_silent};

}  // namespace mixgraph::MIXGRAPH_ISA

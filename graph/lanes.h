#pragma once
// Lanes: a vector whose elements are independent instances of a node. `float` is one lane; Pack<U> is U native vectors
// in flight. Node kernels are templates over such a type V and use only the functions below, which round alike for every
// V of an instruction set, so an instance sounds the same whichever lane it runs in.
//
// This file is compiled once per instruction set (CMakeLists.txt), in a namespace of its own.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#ifndef MIXGRAPH_ISA
#define MIXGRAPH_ISA baseline
#endif

namespace mixgraph::MIXGRAPH_ISA {

#if defined(__AVX512F__)
inline constexpr int kNative = 16;
#elif defined(__AVX2__)
inline constexpr int kNative = 8;
#else
inline constexpr int kNative = 4;
#endif
using NativeFloat = float __attribute__((vector_size(kNative * 4)));
using NativeInt = int32_t __attribute__((vector_size(kNative * 4)));

/// U native vectors of int32; also the result of a comparison: all bits set where true.
template <int U>
struct IntPack {
  NativeInt v[U];
  IntPack() = default;
  IntPack(int32_t x) {
    for (auto& n : v) n = NativeInt{} + x;
  }
};

/// U native vectors of float: U * kNative lanes.
template <int U>
struct Pack {
  NativeFloat v[U];
  Pack() = default;
  Pack(float x) {
    for (auto& n : v) n = x - NativeFloat{};  // -0 too; the compiler sees a plain broadcast
  }
  float operator[](int lane) const { return v[lane / kNative][lane % kNative]; }
  void set(int lane, float x) { v[lane / kNative][lane % kNative] = x; }
  Pack& operator+=(Pack b) { return *this = *this + b; }
  Pack& operator-=(Pack b) { return *this = *this - b; }
  Pack& operator*=(Pack b) { return *this = *this * b; }

  [[gnu::always_inline]] friend inline Pack operator+(Pack a, Pack b) {
    for (int u = 0; u < U; u++) a.v[u] += b.v[u];
    return a;
  }
  [[gnu::always_inline]] friend inline Pack operator-(Pack a, Pack b) {
    for (int u = 0; u < U; u++) a.v[u] -= b.v[u];
    return a;
  }
  [[gnu::always_inline]] friend inline Pack operator*(Pack a, Pack b) {
    for (int u = 0; u < U; u++) a.v[u] *= b.v[u];
    return a;
  }
  [[gnu::always_inline]] friend inline Pack operator/(Pack a, Pack b) {
    for (int u = 0; u < U; u++) a.v[u] /= b.v[u];
    return a;
  }
  [[gnu::always_inline]] friend inline Pack operator-(Pack a) {
    for (int u = 0; u < U; u++) a.v[u] = -a.v[u];
    return a;
  }
  [[gnu::always_inline]] friend inline IntPack<U> operator<(Pack a, Pack b) {
    IntPack<U> m;
    for (int u = 0; u < U; u++) m.v[u] = a.v[u] < b.v[u];
    return m;
  }
  [[gnu::always_inline]] friend inline IntPack<U> operator<=(Pack a, Pack b) {
    IntPack<U> m;
    for (int u = 0; u < U; u++) m.v[u] = a.v[u] <= b.v[u];
    return m;
  }
  [[gnu::always_inline]] friend inline IntPack<U> operator!=(Pack a, Pack b) {
    IntPack<U> m;
    for (int u = 0; u < U; u++) m.v[u] = a.v[u] != b.v[u];
    return m;
  }
  [[gnu::always_inline]] friend inline IntPack<U> operator>(Pack a, Pack b) { return b < a; }
  [[gnu::always_inline]] friend inline IntPack<U> operator>=(Pack a, Pack b) { return b <= a; }
};

template <int U>
[[gnu::always_inline]] inline IntPack<U> operator+(IntPack<U> a, IntPack<U> b) {
  for (int u = 0; u < U; u++) a.v[u] += b.v[u];
  return a;
}
template <int U>
[[gnu::always_inline]] inline IntPack<U> operator-(IntPack<U> a, IntPack<U> b) {
  for (int u = 0; u < U; u++) a.v[u] -= b.v[u];
  return a;
}
template <int U>
[[gnu::always_inline]] inline IntPack<U> operator&(IntPack<U> a, IntPack<U> b) {
  for (int u = 0; u < U; u++) a.v[u] &= b.v[u];
  return a;
}
template <int U>
[[gnu::always_inline]] inline IntPack<U> operator|(IntPack<U> a, IntPack<U> b) {
  for (int u = 0; u < U; u++) a.v[u] |= b.v[u];
  return a;
}
template <int U>
[[gnu::always_inline]] inline IntPack<U> operator<<(IntPack<U> a, int n) {
  for (int u = 0; u < U; u++) a.v[u] <<= n;
  return a;
}
template <int U>
[[gnu::always_inline]] inline IntPack<U> operator>>(IntPack<U> a, int n) {
  for (int u = 0; u < U; u++) a.v[u] >>= n;
  return a;
}

/// What goes with V: its number of lanes, its integers, its comparison results.
template <class V>
struct LaneTraits;
template <>
struct LaneTraits<float> {
  static constexpr int lanes = 1;
  using Int = int32_t;
  using Mask = bool;
};
template <int U>
struct LaneTraits<Pack<U>> {
  static constexpr int lanes = U * kNative;
  using Int = IntPack<U>;
  using Mask = IntPack<U>;
};
template <class V>
inline constexpr int kLanes = LaneTraits<V>::lanes;
template <class V>
using IntOf = typename LaneTraits<V>::Int;
template <class V>
using MaskOf = typename LaneTraits<V>::Mask;

/// One lane of V, read and written: for set-up, not for inner loops.
inline float lane(float v, int) { return v; }
inline void set_lane(float& v, int, float x) { v = x; }
template <int U>
float lane(const Pack<U>& v, int i) {
  return v[i];
}
template <int U>
void set_lane(Pack<U>& v, int i, float x) {
  v.set(i, x);
}

/// a where the mask is true, else b.
inline float select(bool m, float a, float b) { return m ? a : b; }
template <int U>
[[gnu::always_inline]] inline Pack<U> select(IntPack<U> m, Pack<U> a, Pack<U> b) {
  for (int u = 0; u < U; u++)
#if defined(__aarch64__)
    b.v[u] = (NativeFloat)vbslq_f32((uint32x4_t)m.v[u], (float32x4_t)a.v[u], (float32x4_t)b.v[u]);
#else
    b.v[u] = m.v[u] ? a.v[u] : b.v[u];
#endif
  return b;
}
/// Whether any bit is set.
[[gnu::always_inline]] inline bool any_bit(NativeInt x) {
#if defined(__AVX512F__)
  return _mm512_test_epi32_mask((__m512i)x, (__m512i)x) != 0;
#elif defined(__AVX2__)
  return !_mm256_testz_si256((__m256i)x, (__m256i)x);
#elif defined(__aarch64__)
  return vmaxvq_u32((uint32x4_t)x) != 0;
#else
  int32_t found = 0;
  for (int i = 0; i < kNative; i++) found |= x[i];
  return found != 0;
#endif
}
/// Whether the mask is true in any lane.
inline bool any(bool m) { return m; }
template <int U>
[[gnu::always_inline]] inline bool any(IntPack<U> m) {
  NativeInt sum = m.v[0];
  for (int u = 1; u < U; u++) sum |= m.v[u];
  return any_bit(sum);
}
inline bool both(bool a, bool b) { return a && b; }
template <int U>
IntPack<U> both(IntPack<U> a, IntPack<U> b) {
  return a & b;
}
inline bool negated(bool a) { return !a; }
template <int U>
IntPack<U> negated(IntPack<U> a) {
  for (int u = 0; u < U; u++) a.v[u] = ~a.v[u];
  return a;
}

/// The smaller, the larger; b where they compare unordered.
inline float min(float a, float b) { return a < b ? a : b; }
inline float max(float a, float b) { return a > b ? a : b; }
template <int U>
[[gnu::always_inline]] inline Pack<U> min(Pack<U> a, Pack<U> b) {
  for (int u = 0; u < U; u++)
#if defined(__AVX512F__)
    b.v[u] = (NativeFloat)_mm512_maskz_min_ps(-1, (__m512)a.v[u], (__m512)b.v[u]);
#elif defined(__AVX2__)
    b.v[u] = (NativeFloat)_mm256_min_ps((__m256)a.v[u], (__m256)b.v[u]);
#elif defined(__SSE2__)
    b.v[u] = (NativeFloat)_mm_min_ps((__m128)a.v[u], (__m128)b.v[u]);
#else
    b.v[u] = a.v[u] < b.v[u] ? a.v[u] : b.v[u];
#endif
  return b;
}
template <int U>
[[gnu::always_inline]] inline Pack<U> max(Pack<U> a, Pack<U> b) {
  for (int u = 0; u < U; u++)
#if defined(__AVX512F__)
    b.v[u] = (NativeFloat)_mm512_maskz_max_ps(-1, (__m512)a.v[u], (__m512)b.v[u]);
#elif defined(__AVX2__)
    b.v[u] = (NativeFloat)_mm256_max_ps((__m256)a.v[u], (__m256)b.v[u]);
#elif defined(__SSE2__)
    b.v[u] = (NativeFloat)_mm_max_ps((__m128)a.v[u], (__m128)b.v[u]);
#else
    b.v[u] = a.v[u] > b.v[u] ? a.v[u] : b.v[u];
#endif
  return b;
}

inline int32_t bits(float x) {
  int32_t i;
  std::memcpy(&i, &x, 4);
  return i;
}
inline float from_bits(int32_t i) {
  float x;
  std::memcpy(&x, &i, 4);
  return x;
}
template <int U>
[[gnu::always_inline]] inline IntPack<U> bits(Pack<U> a) {
  IntPack<U> r;
  for (int u = 0; u < U; u++) r.v[u] = (NativeInt)a.v[u];
  return r;
}
template <int U>
[[gnu::always_inline]] inline Pack<U> from_bits(IntPack<U> a) {
  Pack<U> r;
  for (int u = 0; u < U; u++) r.v[u] = (NativeFloat)a.v[u];
  return r;
}
inline float to_float(int32_t i) { return float(i); }
template <int U>
[[gnu::always_inline]] inline Pack<U> to_float(IntPack<U> a) {
  Pack<U> r;
  for (int u = 0; u < U; u++) r.v[u] = __builtin_convertvector(a.v[u], NativeFloat);
  return r;
}

template <class V>
[[gnu::always_inline]] inline V abs(V a) {
  return from_bits(bits(a) & IntOf<V>(0x7fffffff));
}

/// a * b + c: fused where the instruction set has it, for every V alike.
inline float madd(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}
template <int U>
[[gnu::always_inline]] inline Pack<U> madd(Pack<U> a, Pack<U> b, Pack<U> c) {
  for (int u = 0; u < U; u++) {
#if defined(__AVX512F__)
    c.v[u] = (NativeFloat)_mm512_fmadd_ps((__m512)a.v[u], (__m512)b.v[u], (__m512)c.v[u]);
#elif defined(__AVX2__) && defined(__FMA__)
    c.v[u] = (NativeFloat)_mm256_fmadd_ps((__m256)a.v[u], (__m256)b.v[u], (__m256)c.v[u]);
#elif defined(__aarch64__)
    c.v[u] = (NativeFloat)vfmaq_f32((float32x4_t)c.v[u], (float32x4_t)a.v[u], (float32x4_t)b.v[u]);
#else
    c.v[u] = a.v[u] * b.v[u] + c.v[u];
#endif
  }
  return c;
}

inline float sqrt(float a) { return __builtin_sqrtf(a); }
template <int U>
[[gnu::always_inline]] inline Pack<U> sqrt(Pack<U> a) {
  for (int u = 0; u < U; u++) {
#if defined(__AVX512F__)
    a.v[u] = (NativeFloat)_mm512_mask_sqrt_ps((__m512)a.v[u], -1, (__m512)a.v[u]);
#elif defined(__AVX2__)
    a.v[u] = (NativeFloat)_mm256_sqrt_ps((__m256)a.v[u]);
#elif defined(__aarch64__)
    a.v[u] = (NativeFloat)vsqrtq_f32((float32x4_t)a.v[u]);
#else
    for (int i = 0; i < kNative; i++) a.v[u][i] = __builtin_sqrtf(a.v[u][i]);
#endif
  }
  return a;
}

/// log2 of x > 0 (normal numbers), absolute error below 2.6e-6: minimax polynomial about 1. Of 0 it is -127, of no number
/// something finite.
template <class V>
[[gnu::always_inline]] inline V log2(V x) {
  IntOf<V> b = bits(x) - IntOf<V>(0x3f2aaaab), e = b >> 23;
  V t = from_bits(bits(x) - (e << 23)) - V(1.f);
  V p = V(-0.270413905f);
  for (float c : {0.336940199f, -0.359554172f, 0.477890164f, -0.721353233f, 1.44274116f}) p = madd(p, t, V(c));
  return madd(p, t, to_float(e));
}

/// 2 to the x for x in -126..126, relative error below 6e-7. exp2_within(0) is exactly 1.
template <class V>
[[gnu::always_inline]] inline V exp2_within(V x) {
  const V kRound(12582912.f);
  V shifted = x + kRound, f = x - (shifted - kRound);
  V p = V(0.00111255073f);
  for (float c : {0.00966628268f, 0.0555740036f, 0.240223512f, 0.693142831f, 1.f}) p = madd(p, f, V(c));
  return from_bits(bits(p) + (bits(shifted) << 23));  // of kRound no bit is left
}
/// The same for any x, which is limited to that range.
template <class V>
[[gnu::always_inline]] inline V exp2(V x) {
  return exp2_within(min(max(x, V(-126.f)), V(126.f)));
}

/// sin of x in 0..pi/2, absolute error below 1e-7; cos and tan from it.
template <class V>
[[gnu::always_inline]] inline V sin_quarter(V x) {
  V s = x * x, p = V(2.60521026e-06f);
  for (float c : {-0.00019809069f, 0.00833305098f, -0.16666658f, 1.f}) p = madd(p, s, V(c));
  return p * x;
}

/// dB to amplitude and back; the latter down to -400 dB.
template <class V>
[[gnu::always_inline]] inline V gain_of(V db) {
  return exp2(db * V(0.166096405f));
}
template <class V>
[[gnu::always_inline]] inline V decibels_of(V gain) {
  return log2(max(abs(gain), V(1e-20f))) * V(6.02059991f);
}

}  // namespace mixgraph::MIXGRAPH_ISA

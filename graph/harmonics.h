#pragma once
// Compiled once per instruction set, as graph/lanes.h is.
#ifndef MIXGRAPH_ISA
#define MIXGRAPH_ISA baseline
#endif

namespace mixgraph::MIXGRAPH_ISA {

inline constexpr int kHarmonics = 16;  ///< up to the third order

/// The real spherical harmonics in ACN order and SN3D of a place whose x goes forward, y to the left and z up, each times its distance
/// from the middle to the power of its order: on the unit sphere, those of a direction. [any]
template <class V>
void spherical_harmonics(V x, V y, V z, V* to) {
  const V xx = x * x, yy = y * y, zz = z * z, rr = xx + yy + zz, h5 = V(5) * zz - rr;
  constexpr double kRoot3 = 1.7320508075688773, kRoot15 = 3.8729833462074169, kRoot58 = 0.79056941504209483, kRoot38 = 0.61237243569579452;
  const V all[kHarmonics] = {V(1),
                             y,
                             z,
                             x,
                             x * y * V(kRoot3),
                             y * z * V(kRoot3),
                             (V(3) * zz - rr) * V(0.5),
                             x * z * V(kRoot3),
                             (xx - yy) * V(kRoot3 / 2),
                             y * (V(3) * xx - yy) * V(kRoot58),
                             x * y * z * V(kRoot15),
                             y * h5 * V(kRoot38),
                             z * (V(5) * zz - V(3) * rr) * V(0.5),
                             x * h5 * V(kRoot38),
                             z * (xx - yy) * V(kRoot15 / 2),
                             x * (xx - V(3) * yy) * V(kRoot58)};
  for (int acn = 0; acn < kHarmonics; acn++) to[acn] = all[acn];
}

}  // namespace mixgraph::MIXGRAPH_ISA

#include "nodes/dsp/gliding.h"
#include "nodes/dsp/parts.h"
#include "nodes/dsp/svf.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

constexpr std::string_view kKinds[] = {"shelf", "bell"};
enum Kind { kShelf, kBell };
consteval Parameter gain_row(std::string_view id, std::string_view label) {
  return {.id = id, .label = label, .doc = "Boost or cut.", .unit = Unit::decibel, .min = -18, .max = 18};
}
consteval Parameter freq_row(std::string_view id, std::string_view label, double initial) {
  return {.id = id,
          .label = label,
          .doc = "Centre of a bell, half-gain corner of a shelf.",
          .unit = Unit::hertz,
          .curve = Curve::log,
          .min = 20,
          .max = 20000,
          .initial = initial};
}
consteval Parameter q_row(std::string_view id, std::string_view label, double initial) {
  return {.id = id,
          .label = label,
          .doc = "Narrowness of a bell; steepness of a shelf, which goes up to 1.4.",
          .curve = Curve::log,
          .min = 0.1,
          .max = 18,
          .initial = initial};
}
consteval Parameter kind_row(std::string_view id, std::string_view label) {
  return {.id = id,
          .label = label,
          .doc = "Shape of the band.",
          .curve = Curve::stepped,
          .choices = kKinds,
          .update = Update::rebuild};
}
constexpr Parameter kParameters[] = {
    gain_row("1/gain", "Low gain"),
    freq_row("1/freq", "Low frequency", 100),
    q_row("1/q", "Low Q", 0.71),
    kind_row("1/type", "Low type"),
    gain_row("2/gain", "Low-mid gain"),
    freq_row("2/freq", "Low-mid frequency", 400),
    q_row("2/q", "Low-mid Q", 1),
    gain_row("3/gain", "High-mid gain"),
    freq_row("3/freq", "High-mid frequency", 2500),
    q_row("3/q", "High-mid Q", 1),
    gain_row("4/gain", "High gain"),
    freq_row("4/freq", "High frequency", 8000),
    q_row("4/q", "High Q", 0.71),
    kind_row("4/type", "High type"),
};
static_assert(is_sound(kParameters));
constexpr int kBands = 4, kLast = kBands - 1;
/// Each band's rows: gain, freq and q from here on; the types of the outer bands.
constexpr int kRow[kBands] = {0, 4, 7, 10}, kFirstType = 3, kLastType = 13;
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

template <class V>
class Eq {
 public:
  static constexpr bool kPlain = true;
  explicit Eq(const Setup& setup)
      : rate_(float(setup.rate())),
        first_(float(setup.choice(kFirstType))),
        last_(float(setup.choice(kLastType))) {
    for (auto& band : designed_)
      for (V& value : band) value = V(std::numeric_limits<float>::quiet_NaN());
  }

  void process(Block<V> b) {
    glide_.run(
        b, [&](int index, uint64_t lanes, V* c) { design(b, index, lanes, c); },
        [&](int first, int count, auto c) {
          if (kLanes<V> == 1 && b.channels() == 2) return filter_sides(b, first, count, c);
          for (int channel = 0; channel < b.channels(); channel++) filter(b, channel, first, count, c);
        });
  }

 private:
  static constexpr int kWidth = kNative == 16 ? 2 : 1;  // as much as there are registers for
  using P = Parts<V, kWidth>;

  /// Only bands that moved since they were designed: a design takes the time of some hundred frames.
  void design(const Block<V>& b, int index, uint64_t lanes, V* c) {
    for (int band = 0; band < kBands; band++) {
      V now[3];
      for (int p = 0; p < 3; p++) now[p] = b.ramp(kRow[band] + p).at(index);
      for_lanes(lanes, [&](int l) {
        bool same = true;
        for (int p = 0; p < 3; p++) same = same && lane(now[p], l) == lane(designed_[band][p], l);
        if (same) return;
        for (int p = 0; p < 3; p++) set_lane(designed_[band][p], l, lane(now[p], l));
        auto designed = svf(section(band, l));
        for (int n = 0; n < kSvfCoefficients; n++)
          set_lane(c[band * kSvfCoefficients + n], l, float(designed.k[n]));
      });
    }
  }

  Section section(int band, int l) const {
    double gain = lane(designed_[band][0], l), freq = std::exp2(double(lane(designed_[band][1], l))),
           q = std::exp2(double(lane(designed_[band][2], l))), rate = lane(rate_, l);
    if (band == 0 && int(lane(first_, l)) == kShelf) return shelf(Shelf::low, freq, gain, q, rate);
    if (band == kLast && int(lane(last_, l)) == kShelf) return shelf(Shelf::high, freq, gain, q, rate);
    return bell(freq, gain, q, rate);
  }

  /// All bands in one pass: while one waits for its state, the others work.
  template <class C>
  void filter(const Block<V>& b, int channel, int first, int count, C c) {
    const V* in = b.in(channel);
    V* out = b.out(channel);
    Svf<V>* state = state_[channel];
    for_parts<V, kWidth, kBands * kSvfCoefficients>(!b.restless(), c, [&](int part, auto k) {
      Svf<typename P::Part> s[kBands];
      for (int band = 0; band < kBands; band++) s[band] = part_of<P>(state[band], part);
      for (int i = first; i < first + count; i++) {
        auto x = P::get(in[i], part);
#pragma GCC unroll 4
        for (int band = 0; band < kBands; band++)
          x = s[band].tick(x, [&](int n) -> decltype(auto) { return k(band * kSvfCoefficients + n, i); });
        P::set(out[i], part, x);
      }
      for (int band = 0; band < kBands; band++) put_part<P>(state[band], part, s[band]);
    });
  }

  /// One lane in stereo: both sides in one native vector.
  template <class C>
  void filter_sides(const Block<V>& b, int first, int count, C c) {
    using Sides = Pack<1>;
    float x[kMaxBlock][2], states[kBands][2][2];
    each_side(count, [&](int side, int i) { x[i][side] = lane(b.in(side)[first + i], 0); });
    for (int band = 0; band < kBands; band++)
      for (int side = 0; side < 2; side++) {
        states[band][0][side] = lane(state_[side][band].s1, 0);
        states[band][1][side] = lane(state_[side][band].s2, 0);
      }
    for_parts<V, 1, kBands * kSvfCoefficients>(!b.restless(), c, [&](int, auto k) {
      Svf<Sides> s[kBands];
      for (int band = 0; band < kBands; band++) s[band] = {pair(states[band][0]), pair(states[band][1])};
      for (int i = 0; i < count; i++) {
        Sides now = pair(x[i]);
#pragma GCC unroll 4
        for (int band = 0; band < kBands; band++)
          now = s[band].tick(now, [&](int n) { return Sides(lane(k(band * kSvfCoefficients + n, first + i), 0)); });
        put_pair(now, x[i]);
      }
      for (int band = 0; band < kBands; band++) put_pair(s[band].s1, states[band][0]), put_pair(s[band].s2, states[band][1]);
    });
    for (int band = 0; band < kBands; band++)
      for (int side = 0; side < 2; side++) {
        set_lane(state_[side][band].s1, 0, states[band][0][side]);
        set_lane(state_[side][band].s2, 0, states[band][1][side]);
      }
    each_side(count, [&](int side, int i) { set_lane(b.out(side)[first + i], 0, x[i][side]); });
  }
  template <class F>
  static void each_side(int count, F f) {
    for (int side = 0; side < 2; side++)
      for (int i = 0; i < count; i++) f(side, i);
  }

  Gliding<V, kBands * kSvfCoefficients> glide_;
  Svf<V> state_[2][kBands];  ///< [channel][band]
  V designed_[kBands][3];    ///< the gain, freq and q that the coefficients are for
  V rate_, first_, last_;    ///< types of the outer bands
};

}  // namespace

extern constexpr NodeType eq{
    .id = "eq",
    .label = "EQ",
    .doc = "Four-band equaliser whose bells and shelves keep their analogue shape up to 20 kHz.",
    .category = "tone",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .meters = {},
    .kernels = kLaneKernels<Eq>};

}  // namespace mixgraph::MIXGRAPH_ISA

#include "nodes/dsp/loop.h"
#include "nodes/dsp/svf.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

constexpr std::string_view kShapes[] = {"bell", "low_shelf", "high_shelf"};
enum Shape { kBell, kLowShelf, kHighShelf };
enum Field { kGain, kFreq, kQ, kType, kFields };
constexpr int kMoving = kType;  ///< fields before it are live
constexpr Parameter kBandRows[] = {
    {.id = "gain", .label = "Gain", .doc = "Boost or cut.", .unit = Unit::decibel, .min = -18, .max = 18},
    {.id = "freq",
     .label = "Frequency",
     .doc = "Centre of a bell, half-gain corner of a shelf.",
     .unit = Unit::hertz,
     .curve = Curve::log,
     .min = 20,
     .max = 20000,
     .initial = 1000},
    {.id = "q",
     .label = "Q",
     .doc = "Narrowness of a bell; steepness of a shelf, which goes up to 1.4.",
     .curve = Curve::log,
     .min = 0.1,
     .max = 18,
     .initial = 1},
    {.id = "type",
     .label = "Type",
     .doc = "Shape of the band.",
     .curve = Curve::stepped,
     .max = 2,
     .choices = kShapes,
     .update = Update::rebuild},
};
constexpr int kBands = 4;
constexpr int row(int band, Field field) { return band * kFields + field; }
constexpr auto kParameters = [] {
  auto rows = repeated<kBandRows, kBands>;
  constexpr struct {
    double freq, q;
    Shape type;
  } kInitial[kBands] = {{100, 0.71, kLowShelf}, {400, 1, kBell}, {2500, 1, kBell}, {8000, 0.71, kHighShelf}};
  for (int band = 0; band < kBands; band++) {
    rows[size_t(row(band, kFreq))].initial = kInitial[band].freq;
    rows[size_t(row(band, kQ))].initial = kInitial[band].q;
    rows[size_t(row(band, kType))].initial = kInitial[band].type;
  }
  return rows;
}();
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

template <class V>
struct Bands {
  Svf<V> band[kBands];
};

template <class V>
class Eq {
 public:
  explicit Eq(const Setup& setup) : rate_(float(setup.rate())) {
    for (int band = 0; band < kBands; band++) {
      type_[band] = V(float(setup.choice(row(band, kType))));
      for (V& value : designed_[band]) value = V(std::numeric_limits<float>::quiet_NaN());
    }
  }

  /// All bands in one pass: while one waits for its state, the others work.
  void process(Block<V> b) {
    glide_.run(
        b, [&](int index, uint64_t lanes, V* c) { design(b, index, lanes, c); },
        [&](auto frames) {
          loop<kNative == 16 ? 2 : 1>(frames, b, state_, [](auto x, auto& bands, auto k) __attribute__((always_inline)) {
#pragma GCC unroll 4
            for (int band = 0; band < kBands; band++)
              x = bands.band[band].tick(x, [&](int n) -> decltype(auto) { return k(band * kSvfCoefficients + n); });
            return x;
          });
        });
  }

 private:
  /// Only bands that moved since they were designed: a design takes the time of some hundred frames.
  void design(const Block<V>& b, int index, uint64_t lanes, V* c) {
    for (int band = 0; band < kBands; band++) {
      V now[kMoving];
      for (int field = 0; field < kMoving; field++) now[field] = b.ramp(row(band, Field(field))).at(index);
      for_lanes(lanes, [&](int l) {
        bool same = true;
        for (int field = 0; field < kMoving; field++) same = same && lane(now[field], l) == lane(designed_[band][field], l);
        if (same) return;
        for (int field = 0; field < kMoving; field++) set_lane(designed_[band][field], l, lane(now[field], l));
        auto designed = svf(section(band, l));
        for (int n = 0; n < kSvfCoefficients; n++)
          set_lane(c[band * kSvfCoefficients + n], l, float(designed.k[n]));
      });
    }
  }

  Section section(int band, int l) const {
    const double gain = lane(designed_[band][kGain], l), freq = std::exp2(double(lane(designed_[band][kFreq], l))),
                 q = std::exp2(double(lane(designed_[band][kQ], l))), rate = lane(rate_, l);
    switch (Shape(int(lane(type_[band], l)))) {
      case kLowShelf: return shelf(Shelf::low, freq, gain, q, rate);
      case kHighShelf: return shelf(Shelf::high, freq, gain, q, rate);
      case kBell: break;
    }
    return bell(freq, gain, q, rate);
  }

  Gliding<V, kBands * kSvfCoefficients> glide_;
  Bands<V> state_[2];              ///< by channel
  V designed_[kBands][kMoving];    ///< the fields that the coefficients are for
  V rate_, type_[kBands];
};

}  // namespace

extern constexpr NodeType eq = declared({
    .id = "eq",
    .label = "EQ",
    .doc = "Four-band equaliser whose bells and shelves keep their analogue shape up to 20 kHz.",
    .category = "tone",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .kernels = kLaneKernels<Eq>,
    .multichannel = Multichannel::apart,
});

}  // namespace mixgraph::MIXGRAPH_ISA

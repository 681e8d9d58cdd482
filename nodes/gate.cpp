#include "nodes/dsp/detector.h"
#include "nodes/dsp/loop.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kThreshold, kRange, kAttack, kHold, kRelease, kHysteresis };
constexpr Parameter kParameters[] = {
    {.id = "threshold",
     .label = "Threshold",
     .doc = "Peak level from which on the gate opens.",
     .unit = Unit::decibel,
     .min = -80,
     .max = 0,
     .initial = -40,
     .main = true},
    {.id = "range",
     .label = "Range",
     .doc = "How far the gain falls when the gate is closed.",
     .unit = Unit::decibel,
     .min = 0,
     .max = 80,
     .initial = 60},
    {.id = "attack",
     .label = "Attack",
     .doc = "Time in which the gain rises 63 % of its way to open.",
     .unit = Unit::millisecond,
     .curve = Curve::log,
     .min = 0.1,
     .max = 100,
     .initial = 1},
    {.id = "hold",
     .label = "Hold",
     .doc = "How long the gate stays open after the last peak; longer than half a period of the lowest note.",
     .unit = Unit::millisecond,
     .min = 0,
     .max = 2000,
     .initial = 50},
    {.id = "release",
     .label = "Release",
     .doc = "Time in which the gain falls 63 % of its way to closed.",
     .unit = Unit::millisecond,
     .curve = Curve::log,
     .min = 5,
     .max = 4000,
     .initial = 150},
    {.id = "hysteresis",
     .label = "Hysteresis",
     .doc = "How far below the threshold peaks still keep an open gate open.",
     .unit = Unit::decibel,
     .min = 0,
     .max = 12,
     .initial = 4},
};
constexpr Port kIn[] = {{"in"}, {.id = "key", .normalled = 0}}, kOut[] = {{"out"}};
constexpr Meter kMeters[] = {{.id = "gain_reduction",
                              .label = "Gain reduction",
                              .doc = "How far the gain is reduced, in dB.",
                              .rest = 0}};

enum Coefficient {
  kOpenPower,   ///< from which on a peak opens the gate
  kKeepPower,   ///< from which on it keeps it open
  kOpenFrames,  ///< age of the last peak from which on the gate is closed
  kFloor,       ///< gain when closed
  kUp,          ///< followers of the gain, per frame
  kDown,
  kCoefficients
};

double power_of(double decibels) {
  return std::exp(decibels * 0.23025850929940457);
}

constexpr float kClosed = 1e9f;  ///< longer than any hold: one that is raised doesn't open the gate

template <class V>
struct Opening {
  V age = V(kClosed);  ///< frames since the last peak, while the gate is open
  Follower<V> gain;
  V least = V(1.f);    ///< in the block
};

template <class V>
class Gate {
 public:
  explicit Gate(const Setup& setup)
      : rate_(float(setup.rate())) {
    opening_.gain.value = V(float(std::sqrt(power_of(-setup.number(kRange)))));
  }

  /// The gate stays open until the last peak is as old as the hold is now; a peak that opens it must be higher than one
  /// that keeps it open.
  void process(Block<V> b) {
    opening_.least = V(1.f);
    glide_.run(
        b, [&](int index, uint64_t lanes, V* c) { design(b, index, lanes, c); },
        [&](auto frames) {
          V x[kMaxBlock];
          key_power(b, frames.first, frames.count, x, [](int, V in, int) { return in; });
          loop<2>(frames, x, x, opening_, [](auto power, auto& opening, auto k) __attribute__((always_inline)) {
            using T = decltype(power);
            const T none(0.f), one(1.f), closed(kClosed);
            T older = opening.age + one;
            auto held = older < k(kOpenFrames);
            auto peak = (k(kOpenPower) <= power) | ((opening.age < closed) & (k(kKeepPower) <= power));
            auto open = peak | held;
            opening.age = select(peak, none, select(held, older, closed));
            opening.gain.follow(select(open, one, k(kFloor)), select(open, k(kUp), k(kDown)));
            opening.least = min(opening.least, opening.gain.value);
            return opening.gain.value;
          });
          apply_gain(b, frames.first, frames.count, x);
        });
    b.meter(0) = -decibels_of(opening_.least);
  }

 private:
  void design(const Block<V>& b, int index, uint64_t lanes, V* c) const {
    V now[std::size(kParameters)];
    for (int row = 0; row < int(std::size(kParameters)); row++) now[row] = b.ramp(row).at(index);
    for_lanes(lanes, [&](int l) {
      auto linear = [&](int row) { return double(lane(now[row], l)); };
      auto log = [&](int row) { return std::exp2(double(lane(now[row], l))); };
      auto put = [&](int n, double x) { set_lane(c[n], l, float(x)); };
      double rate = lane(rate_, l);
      put(kOpenPower, power_of(linear(kThreshold)));
      put(kKeepPower, power_of(linear(kThreshold) - linear(kHysteresis)));
      put(kOpenFrames, std::floor(linear(kHold) * rate / 1000 + 0.5) + 1);
      put(kFloor, std::sqrt(power_of(-linear(kRange))));
      put(kUp, follow_share(log(kAttack), rate));
      put(kDown, follow_share(log(kRelease), rate));
    });
  }

  Gliding<V, kCoefficients> glide_;
  V rate_;
  Opening<V> opening_;
};

}  // namespace

extern constexpr NodeType gate = declared({
    .id = "gate",
    .label = "Gate",
    .doc = "Noise gate with hysteresis, hold and key input.",
    .category = "dynamics",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .meters = kMeters,
    .kernels = kLaneKernels<Gate>,
    .multichannel = Multichannel::together,
    .wide_kernels = kOneLaneKernel<Gate>,
});

}  // namespace mixgraph::MIXGRAPH_ISA

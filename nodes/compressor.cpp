#include "nodes/dsp/detector.h"
#include "nodes/dsp/loop.h"
#include "nodes/dsp/svf.h"
#include "nodes/dsp/toggle.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kThreshold, kRatio, kKnee, kAttack, kRelease, kMakeup, kMix, kDetector, kKeyHighpass };
constexpr std::string_view kDetectors[] = {"peak", "rms"};
constexpr Parameter kParameters[] = {
    {.id = "threshold",
     .label = "Threshold",
     .doc = "Level above which the gain is reduced.",
     .unit = Unit::decibel,
     .min = -60,
     .max = 0,
     .initial = -18,
     .main = true},
    {.id = "ratio",
     .label = "Ratio",
     .doc = "How many dB more go in for one dB more to come out.",
     .unit = Unit::ratio,
     .curve = Curve::log,
     .min = 1,
     .max = 20,
     .initial = 3},
    {.id = "knee",
     .label = "Knee",
     .doc = "Range around the threshold in which the reduction sets in by degrees.",
     .unit = Unit::decibel,
     .min = 0,
     .max = 24,
     .initial = 6},
    {.id = "attack",
     .label = "Attack",
     .doc = "Time in which the reduction goes 63 % of its way up.",
     .unit = Unit::millisecond,
     .curve = Curve::log,
     .min = 0.1,
     .max = 250,
     .initial = 10},
    {.id = "release",
     .label = "Release",
     .doc = "Time in which the reduction goes 63 % of its way down.",
     .unit = Unit::millisecond,
     .curve = Curve::log,
     .min = 5,
     .max = 4000,
     .initial = 120},
    {.id = "makeup",
     .label = "Make-up",
     .doc = "Gain after the compression.",
     .unit = Unit::decibel,
     .min = -12,
     .max = 24},
    {.id = "mix",
     .label = "Mix",
     .doc = "Share of the compressed signal; the rest is the input, for parallel compression.",
     .unit = Unit::percent,
     .min = 0,
     .max = 100,
     .initial = 100},
    {.id = "detector",
     .label = "Detector",
     .doc = "Whether the level is that of peaks or a mean over 10 ms.",
     .curve = Curve::stepped,
     .choices = kDetectors,
     .update = Update::rebuild},
    {.id = "key_highpass",
     .label = "Key high-pass",
     .doc = "Cut-off of the detector's low-cut filter, 12 dB per octave; off at its lowest.",
     .unit = Unit::hertz,
     .curve = Curve::log,
     .min = 10,
     .max = 1000,
     .initial = 10},
};
constexpr Port kIn[] = {{"in"}, {.id = "key", .normalled = 0}}, kOut[] = {{"out"}};
constexpr Meter kMeters[] = {{.id = "gain_reduction",
                              .label = "Gain reduction",
                              .doc = "How far the gain is reduced, in dB, before make-up.",
                              .rest = 0}};

constexpr double kRmsTime = 10;                        ///< ms
constexpr double kPowerLog2 = 3.0102999566398120;      ///< dB per doubling of power
constexpr double kAmplitudeLog2 = 6.0205999132796239;  ///< dB per doubling of amplitude
/// A hard knee is one of 0.01 dB, which keeps its reciprocal within bounds.
constexpr double kHardKnee = 0.01;

enum Coefficient {
  kHold,       ///< share of the mean power that stays, per frame
  kTake,       ///< and of the new power that comes in
  kSlope,      ///< gain in log2 of amplitude, per log2 of power above the threshold: 0 or less
  kKneeEnd,    ///< half the knee minus the threshold, along the slope
  kKneeWidth,  ///< along the slope
  kBend,       ///< half the reciprocal of that width
  kFall,       ///< followers of the gain, per frame
  kRise,
  kWet,  ///< share of the mix, with the make-up
  kDry,
  kOwnCoefficients
};
/// The key's filter follows.
constexpr int kKey = kOwnCoefficients, kCoefficients = kKey + kSvfCoefficients;

/// In log2 of amplitude: 0 or less.
template <class V>
struct Reduction {
  Follower<V> gain;
  V least = V(0.f);  ///< in the block
};

/// Feed-forward, in the logarithmic domain, with a branching smoother behind the gain computer: D.
/// Giannoulis, M. Massberg, J. D. Reiss, "Digital Dynamic Range Compressor Design", J. Audio Eng. Soc. 60
/// (2012). Attack and release are then independent, each to 63 %.
/// C: how many channels there is room for.
template <class V, int C>
class CompressorOf {
 public:
  explicit CompressorOf(const Setup& setup)
      : key_on_(setup.rate()), rate_(float(setup.rate())), rms_(float(setup.choice(kDetector))) {}

  void process(Block<V> b) {
    for (Svf<V>& s : key_) s = {select(key_on_.on(), s.s1, V(0.f)), select(key_on_.on(), s.s2, V(0.f))};
    key_on_.begin(b, [&](int index) { return V(float(std::log2(1.001 * kParameters[kKeyHighpass].min))) < b.ramp(kKeyHighpass).at(index); });
    const bool filtered = any(key_on_.on());
    reduction_.least = V(0.f);
    glide_.run(
        b, [&](int index, uint64_t lanes, V* c) { design(b, index, lanes, c); },
        [&](auto frames) { frames.in_chunks(kChunk<V>, [&](auto chunk) { run(b, chunk, filtered); }); });
    b.meter(0) = V(0.f) - reduction_.least * V(float(kAmplitudeLog2));
  }

 private:
  template <class Frames>
  void run(const Block<V>& b, const Frames& frames, bool filtered) {
    V x[kChunk<V>];
    read_power(b, frames, filtered, x);
    if (any(V(0.f) < rms_)) average(frames, x);
    loop(frames, x, [](auto power, auto k) __attribute__((always_inline)) {
      using T = decltype(power);
      T over = min(madd(log2(power), k(kSlope), k(kKneeEnd)), T(0.f)), bent = max(over, k(kKneeWidth));
      T share = bent * k(kBend);
      // At most one half; more only while the knee moves, and its width and reciprocal don't agree.
      if constexpr (k.moves) share = min(share, T(0.5f));
      return madd(share, bent, over - bent);
    });
    loop<kNative == 16 ? 4 : 2>(frames, x, x, reduction_, [](auto goal, auto& reduction, auto k) __attribute__((always_inline)) {
      reduction.gain.follow(goal, select(goal < reduction.gain.value, k(kFall), k(kRise)));
      reduction.least = min(reduction.least, reduction.gain.value);
      return reduction.gain.value;
    });
    loop(frames, x, [](auto gain, auto k) __attribute__((always_inline)) { return madd(exp2_within(gain), k(kWet), k(kDry)); });
    apply_gain(b, frames.first, frames.count, x);
  }

  template <class Frames>
  void read_power(const Block<V>& b, const Frames& frames, bool filtered, V* power) {
    const int first = frames.first;
    if (!filtered) return key_power(b, first, frames.count, power, [](int, V in, int) { return in; });
    key_power(b, first, frames.count, power, [&](int channel, V in, int i) {
      V heard = key_[channel].tick(in, [&](int n) -> decltype(auto) { return frames.c(kKey + n, first + i); });
      return madd(key_on_.amount(first + i), heard - in, in);
    });
  }

  template <class Frames>
  void average(const Frames& frames, V* power) {
    // Bounded, so that no signal can spoil the mean for good.
    for (int i = 0; i < frames.count; i++) {
      const int at = frames.first + i;
      power[i] = mean_ = madd(frames.c(kHold, at), mean_, frames.c(kTake, at) * min(power[i], V(1e20f)));
    }
  }

  void design(const Block<V>& b, int index, uint64_t lanes, V* c) const {
    V now[std::size(kParameters)];
    for (int row = 0; row < int(std::size(kParameters)); row++) now[row] = b.ramp(row).at(index);
    for_lanes(lanes, [&](int l) {
      auto linear = [&](int row) { return double(lane(now[row], l)); };
      auto log = [&](int row) { return std::exp2(double(lane(now[row], l))); };
      auto put = [&](int n, double x) { set_lane(c[n], l, float(x)); };
      double rate = lane(rate_, l), take = lane(rms_, l) > 0 ? follow_share(kRmsTime, rate) : 1;
      put(kHold, 1 - take);
      put(kTake, take);
      // Along the slope, which is nearly flat at least.
      double slope = std::min((1 / log(kRatio) - 1) / 2, -1e-9), knee = linear(kKnee) > kHardKnee ? linear(kKnee) : kHardKnee;
      float width = float(slope * knee / kPowerLog2);
      put(kSlope, slope);
      put(kKneeEnd, slope * (knee / 2 - linear(kThreshold)) / kPowerLog2);
      put(kKneeWidth, width);
      put(kBend, std::nextafter(float(0.5 / width), 0.f));  // so that a share is never above one half
      put(kFall, follow_share(log(kAttack), rate));
      put(kRise, follow_share(log(kRelease), rate));
      put(kWet, linear(kMix) / 100 * std::exp2(linear(kMakeup) / kAmplitudeLog2));
      put(kDry, 1 - linear(kMix) / 100);
      auto key = svf(high_pass(log(kKeyHighpass), 0.70710678118654752, rate));
      for (int n = 0; n < kSvfCoefficients; n++) put(kKey + n, key.k[n]);
    });
  }

  Gliding<V, kCoefficients> glide_;
  Svf<V> key_[C];  ///< by channel; 0 while the filter is off
  Toggle<V> key_on_;
  V mean_ = V(0.f);
  Reduction<V> reduction_;
  V rate_, rms_;
};
template <class V>
using Compressor = CompressorOf<V, 2>;
template <class V>
using WideCompressor = CompressorOf<V, kMostChannels>;

}  // namespace

extern constexpr NodeType compressor = declared({
    .id = "compressor",
    .label = "Compressor",
    .doc = "Feed-forward compressor with soft knee, key input and parallel mix.",
    .category = "dynamics",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .meters = kMeters,
    .kernels = kLaneKernels<Compressor>,
    .multichannel = Multichannel::together,
    .wide_kernels = kOneLaneKernel<WideCompressor>,
});

}  // namespace mixgraph::MIXGRAPH_ISA

#include "nodes/dsp/detector.h"
#include "nodes/dsp/gliding.h"
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
     .change = Change::rebuild},
    {.id = "key_highpass",
     .label = "Key high-pass",
     .doc = "Cut-off of the detector's low-cut filter, 12 dB per octave; off at its lowest.",
     .unit = Unit::hertz,
     .curve = Curve::log,
     .min = 10,
     .max = 1000,
     .initial = 10},
};
static_assert(is_sound(kParameters));
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
  kKneeEnd,    ///< half the knee minus the threshold, in log2 of power
  kKneeWidth,  ///< in log2 of power
  kBend,       ///< half the reciprocal of the knee's width
  kSlope,      ///< reduction in log2 of amplitude, per log2 of power above the threshold
  kUp,         ///< followers of the reduction, per frame
  kDown,
  kGain,  ///< make-up, in log2 of amplitude
  kWet,   ///< shares of the mix
  kDry,
  kOwnCoefficients
};
/// The key's filter follows.
constexpr int kKey = kOwnCoefficients, kCoefficients = kKey + kSvfCoefficients;

/// Feed-forward, in the logarithmic domain, with a branching smoother behind the gain computer: D.
/// Giannoulis, M. Massberg, J. D. Reiss, "Digital Dynamic Range Compressor Design", J. Audio Eng. Soc. 60
/// (2012). Attack and release are then independent, each to 63 %.
template <class V>
class Compressor {
 public:
  static constexpr bool kPlain = true;
  explicit Compressor(const Setup& setup)
      : key_on_(setup.rate()), rate_(float(setup.rate())), rms_(float(setup.choice(kDetector))) {}

  void process(Block<V> b) {
    V most = V(0.f);
    for (Svf<V>& s : key_) s = {select(key_on_.on(), s.s1, V(0.f)), select(key_on_.on(), s.s2, V(0.f))};
    key_on_.begin(b, [&](int index) { return V(float(std::log2(1.001 * kParameters[kKeyHighpass].min))) < b.ramp(kKeyHighpass).at(index); });
    bool filtered = any(key_on_.on());
    glide_.run(
        b, [&](int index, uint64_t lanes, V* c) { design(b, index, lanes, c); },
        [&](int first, int count, auto c) {
          for_parts<V, kWidth, kCoefficients>(!b.restless(), c, [&](int part, auto k) {
            PerFrame<Part> x;
            if (filtered)
              detect_filtered(b, part, first, count, k, x);
            else
              key_power<P>(
                  b, part, first, count, [](int, Part in, int) { return in; }, x);
            compute_gain(part, first, count, k, x, most);
            apply_gain<P>(b, part, first, count, x);
          });
        });
    b.meter(0) = most * V(float(kAmplitudeLog2));
  }

 private:
  static constexpr int kWidth = 1;
  using P = Parts<V, kWidth>;
  using Part = typename P::Part;

  template <class K>
  void detect_filtered(const Block<V>& b, int part, int first, int count, K k, PerFrame<Part>& power) {
    Svf<Part> s[2];
    for (int channel = 0; channel < 2; channel++) s[channel] = part_of<P>(key_[channel], part);
    auto filter = [&](int channel, Part in, int i) {
      Part heard = s[channel].tick(in, [&](int n) { return k(kKey + n, i); });
      return madd(P::get(key_on_.amount(i), part), heard - in, in);
    };
    key_power<P>(b, part, first, count, filter, power);
    for (int channel = 0; channel < 2; channel++) put_part<P>(key_[channel], part, s[channel]);
  }

  /// From power to gain, in place.
  template <class K>
  void compute_gain(int part, int first, int count, K k, PerFrame<Part>& x, V& most) {
    Part mean = P::get(mean_, part), peak = P::get(most, part);
    auto reduction = part_of<P>(reduction_, part);
    for (int i = first; i < first + count; i++) {
      mean = madd(k(kHold, i), mean, k(kTake, i) * x[i]);
      Part over = max(log2(max(mean, Part(1e-12f))) + k(kKneeEnd, i), Part(0.f)),
           bent = min(over, k(kKneeWidth, i));
      // At most one half; more only while the knee moves, and its width and reciprocal don't agree.
      Part share = min(bent * k(kBend, i), Part(0.5f));
      Part wanted = madd(share, bent, over - bent) * k(kSlope, i),
           away = wanted - reduction.value;
      reduction.follow(away, select(Part(0.f) < away, k(kUp, i), k(kDown, i)));
      peak = max(peak, reduction.value);
      x[i] = madd(exp2(k(kGain, i) - reduction.value), k(kWet, i), k(kDry, i));
    }
    P::set(mean_, part, mean);
    put_part<P>(reduction_, part, reduction);
    P::set(most, part, peak);
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
      double knee = linear(kKnee) > kHardKnee ? linear(kKnee) : kHardKnee;
      put(kKneeEnd, (knee / 2 - linear(kThreshold)) / kPowerLog2);
      put(kKneeWidth, knee / kPowerLog2);
      put(kBend, kPowerLog2 / (2 * knee));
      put(kSlope, (1 - 1 / log(kRatio)) / 2);
      put(kUp, follow_share(log(kAttack), rate));
      put(kDown, follow_share(log(kRelease), rate));
      put(kGain, linear(kMakeup) / kAmplitudeLog2);
      put(kWet, linear(kMix) / 100);
      put(kDry, 1 - linear(kMix) / 100);
      auto key = svf(high_pass(log(kKeyHighpass), 0.70710678118654752, rate));
      for (int n = 0; n < kSvfCoefficients; n++) put(kKey + n, key.k[n]);
    });
  }

  Gliding<V, kCoefficients> glide_;
  Svf<V> key_[2];  ///< by channel; 0 while the filter is off
  Toggle<V> key_on_;
  V mean_ = V(0.f);
  Follower<V> reduction_;
  V rate_, rms_;
};

}  // namespace

extern constexpr NodeType compressor{
    .id = "compressor",
    .label = "Compressor",
    .doc = "Feed-forward compressor with soft knee, key input and parallel mix.",
    .category = "dynamics",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .meters = kMeters,
    .kernels = kLaneKernels<Compressor>};

}  // namespace mixgraph::MIXGRAPH_ISA

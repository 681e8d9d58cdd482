#include "graph/node.h"
#include "nodes/dsp/for_channels.h"
#include "nodes/dsp/gliding.h"
#include "nodes/dsp/moving_average.h"
#include "nodes/dsp/release.h"
#include "nodes/dsp/ring.h"
#include "nodes/dsp/running_max.h"
#include "nodes/dsp/true_peak.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kCeiling, kGain, kRelease, kLookahead, kHold };
constexpr std::string_view kLookaheads[] = {"2", "5", "10"};
constexpr double kLookaheadMs[] = {2, 5, 10};
constexpr Parameter kParameters[] = {
    {.id = "ceiling",
     .label = "Ceiling",
     .doc = "Level that the true peak is kept below.",
     .unit = Unit::decibel_true_peak,
     .min = -24,
     .max = 0,
     .initial = -1,
     .main = true},
    {.id = "gain", .label = "Gain", .doc = "Level of the input.", .unit = Unit::decibel, .min = 0, .max = 24},
    {.id = "release",
     .label = "Release",
     .doc = "Time constant of the gain's return after a peak and its hold.",
     .unit = Unit::millisecond,
     .curve = Curve::log,
     .min = 10,
     .max = 1000,
     .initial = 80},
    {.id = "lookahead",
     .label = "Look-ahead",
     .doc = "Time in which the gain goes down before a peak; the latency is 32 frames more.",
     .unit = Unit::millisecond,
     .curve = Curve::stepped,
     .max = 2,
     .initial = 1,
     .choices = kLookaheads,
     .update = Update::rebuild},
    {.id = "hold",
     .label = "Hold",
     .doc = "Time for which the gain stays down after a peak; short holds distort the bass.",
     .unit = Unit::millisecond,
     .max = 50,
     .initial = 10,
     .update = Update::rebuild},
};
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};
enum MeterRow { kReduction };
constexpr Meter kMeters[] = {{.id = "gain_reduction",
                              .label = "Gain reduction",
                              .doc = "How far the limiter turns the level down.",
                              .rest = 0}};

int frames_of(const Setup& setup, double ms) {
  return int(std::lround(ms * setup.rate() / 1000));
}
int lookahead_of(const Setup& setup) {
  return frames_of(setup, kLookaheadMs[setup.choice(kLookahead)]);
}
int latency_of(const Setup& setup) {
  return lookahead_of(setup) + TruePeak::kDelay;
}

/// Peaks are measured with eight points per frame and held over the look-ahead and the hold. From the held
/// level comes the reduction (1 - gain) that is needed; it falls exponentially, and two moving averages as
/// long as the look-ahead together turn its steps into slopes that are complete when the peak comes out of
/// the delay. All means of reductions that are enough are enough, so samples stay below the highest ceiling
/// since they came in; rounding is clipped to it.
class Limiter {
 public:
  explicit Limiter(const Setup& setup)
      : detector_(setup.channels()),
        delay_(setup.channels(), latency_of(setup)),
        held_(lookahead_of(setup) + 2 + frames_of(setup, setup.number(kHold))),
        first_(first_length(setup)),
        second_(lookahead_of(setup) + 2 - first_length(setup)),
        highest_(latency_of(setup) + 1),
        per_release_(float(1000 / setup.rate())) {}

  /// The delay, the maxima over the look-ahead with the hold and over the latency, and the averages.
  static size_t memory(const Setup& setup) {
    const int held = 2 * lookahead_of(setup) + frames_of(setup, setup.number(kHold));
    return size_t((setup.channels() + 1) * latency_of(setup) + held) * sizeof(float);
  }

  void process(Block<float> b) {
    float level[kMaxBlock], ceiling[kMaxBlock];
    fill(b, kCeiling, ceiling);
    for (int c = 0; c < b.channels(); c++) measure(b, c, ceiling, level);
    held_.process(level, b.frames());
    for (int i = 0; i < b.frames(); i++) level[i] = needed_reduction(level[i], ceiling[i]);
    release(b, level);
    first_.process(level, b.frames());
    second_.process(level, b.frames());
    highest_.process(ceiling, b.frames());
    for (int c = 0; c < b.channels(); c++) put_out(b, c, level, ceiling);
    float deepest = level[b.frames() - 1];
    for (int i = 0; i < b.frames(); i += 8) deepest = max(deepest, level[i]);
    b.meter(kReduction) = -decibels_of(1.f - deepest);
  }

 private:
  static int first_length(const Setup& setup) { return int(0.58 * lookahead_of(setup)) + 1; }

  /// A row in dB as gains, frame by frame.
  static void fill(const Block<float>& b, Row row, float* gains) {
    Ramp<float> ramp = b.ramp(row);
    float still = gain_of(ramp.begin());
    for (int i = 0; i < b.frames(); i++) gains[i] = still;
    if (b.restless())
      for (int i = 0; i < b.frames(); i++) gains[i] = gain_of(ramp.at(b.at() + i));
  }

  /// Takes a channel in: into its output, delayed, and into the level of the loudest channel, as far
  /// as it may be above the ceiling.
  void measure(const Block<float>& b, int c, const float* ceiling, float* level) {
    float gain[kMaxBlock], peaks[kMaxBlock];
    const float* __restrict in = b.in(c);
    float* __restrict out = b.out(c);
    fill(b, kGain, gain);
    for (int i = 0; i < b.frames(); i++) out[i] = in[i] * gain[i];
    detector_[c].measure(out, b.frames(), ceiling, peaks);
    delay_[c].process(out, out, b.frames());
    for (int i = 0; i < b.frames(); i++) level[i] = c == 0 ? peaks[i] : max(level[i], peaks[i]);
  }

  /// Peaks above the ceiling go below it by as much again, but at most 0.1 dB: what the detector may read
  /// low.
  static float needed_reduction(float level, float ceiling) {
    constexpr float kMargin = 0.98855f;
    float gain = min(ceiling / level, 1.f);
    return 1.f - gain * max(gain, kMargin);
  }

  void release(const Block<float>& b, float* reduction) {
    Ramp<float> time = b.ramp(kRelease);
    float keep[kMaxBlock];
    auto design = [&](int index, uint64_t, float* c) {
      c[0] = exp2(-1.44269504f * per_release_ * exp2(-time.at(index)));
    };
    keep_.run(b, design, [&](auto frames) {
      for (int i = frames.first; i < frames.first + frames.count; i++) keep[i] = frames.c(0, i);
    });
    release_.process(reduction, keep, b.frames());
  }

  static void put_out(const Block<float>& b, int c, const float* reduction, const float* ceiling) {
    float* out = b.out(c);
    for (int i = 0; i < b.frames(); i++)
      out[i] = max(min(out[i] * (1.f - reduction[i]), ceiling[i]), -ceiling[i]);
  }

  ForChannels<TruePeak> detector_;
  ForChannels<FixedDelay> delay_;
  RunningMax held_;
  MovingAverage first_, second_;
  RunningMax highest_;  ///< ceiling
  Gliding<float, 1> keep_;
  Release release_;
  float per_release_;
};

}  // namespace

extern constexpr NodeType limiter = declared({
    .id = "limiter",
    .label = "Limiter",
    .doc = "Look-ahead true-peak limiter; its channels are linked. Below the ceiling it changes nothing.",
    .category = "dynamics",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .meters = kMeters,
    .kernels = kSoloKernel<Limiter>,
    .latency = latency_of,
    .memory = Limiter::memory,
    .multichannel = Multichannel::together,
});

}  // namespace mixgraph::MIXGRAPH_ISA

#include "nodes/dsp/for_channels.h"
#include "nodes/dsp/loudness_gate.h"
#include "nodes/dsp/true_peak.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

constexpr Parameter reset_row() {
  Parameter row = switch_row("reset", "Reset", "Starts the measurement anew each time it is set to on.");
  row.motion = Motion::jump;
  return row;
}
enum Row { kReset };
constexpr Parameter kParameters[] = {reset_row()};
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};
enum MeterRow { kMomentary, kShortTerm, kIntegrated, kRange, kTruePeak };
constexpr Meter kMeters[] = {
    {.id = "momentary",
     .label = "Momentary",
     .doc = "Loudness of the last 400 ms.",
     .unit = Unit::lufs,
     .fold = Fold::last},
    {.id = "short_term",
     .label = "Short-term",
     .doc = "Loudness of the last 3 s.",
     .unit = Unit::lufs,
     .fold = Fold::last},
    {.id = "integrated",
     .label = "Integrated",
     .doc = "Gated loudness of all since the reset.",
     .unit = Unit::lufs,
     .fold = Fold::last},
    {.id = "range",
     .label = "Range",
     .doc = "Loudness range (LRA) in LU; settles within the first minute.",
     .unit = Unit::decibel,
     .fold = Fold::last,
     .rest = 0},
    {.id = "true_peak",
     .label = "True peak",
     .doc = "Highest true peak of any channel since the reset.",
     .unit = Unit::decibel_true_peak,
     .fold = Fold::last},
};

/// Loudness after ITU-R BS.1770-5 and EBU Tech 3341 and 3342: powers of 10 ms steps, summed over the last 400
/// ms and 3 s.
class LoudnessMeter {
 public:
  explicit LoudnessMeter(const Setup& setup)
      : weighting_((setup.channels() + 1) / 2, setup.rate()),
        detector_(setup.channels()),
        step_frames_(int(std::lround(setup.rate() / kStepsPerSecond))) {
    for (int c = 0; c < setup.channels(); c++) weight_[c] = loudness_weight(setup.format, c);
  }

  void process(Block<float> b) {
    if (b.touched(kReset) && b.ramp(kReset).begin() > 0.5f) reset();
    for (int c = 0; c < b.channels(); c++) {
      std::memcpy(b.out(c), b.in(c), size_t(b.frames()) * sizeof(float));
      take_peaks(b, c);
    }
    for (int i = 0; i < b.frames(); i++) {
      for (int c = 0; c < b.channels(); c += 2)
        sum_ += weighting_[c / 2].square(b.in(c)[i], c + 1 < b.channels() ? b.in(c + 1)[i] : 0.f, weight_[c], weight_[c + 1]);
      if (++frames_ == step_frames_) end_step();
    }
    b.meter(kMomentary) = momentary_;
    b.meter(kShortTerm) = short_term_;
    b.meter(kIntegrated) = integrated_;
    b.meter(kRange) = range_;
    b.meter(kTruePeak) = max(decibels_of(peak_), -150.f);
  }

 private:
  static constexpr int kStepsPerSecond = 100, kMomentarySteps = 40, kShortTermSteps = 300;
  static constexpr int kStepsPerBlock = 10;  ///< of the gates: blocks overlap by 75 %

  void take_peaks(const Block<float>& b, int c) {
    float peaks[kMaxBlock];
    detector_[c].measure(b.in(c), b.frames(), peaks);
    float peak = peak_;
    for (int i = 0; i < b.frames(); i++) peak = max(peak, peaks[i]);
    peak_ = peak;
  }

  void end_step() {
    steps_[count_ % kShortTermSteps] = sum_ / step_frames_;
    sum_ = 0;
    frames_ = 0;
    count_++;
    double momentary = mean_of_last(kMomentarySteps), short_term = mean_of_last(kShortTermSteps);
    momentary_ = float(loudness_of(momentary));
    short_term_ = float(loudness_of(short_term));
    if (count_ % kStepsPerBlock == 0) end_block(momentary, short_term);
  }
  void end_block(double momentary, double short_term) {
    if (count_ >= kMomentarySteps) blocks_.add(momentary);
    if (count_ >= kShortTermSteps) short_terms_.add(short_term);
    integrated_ = float(loudness_of(blocks_.mean_above(10)));
    range_ = float(short_terms_.range_above(20, 0.10, 0.95));
  }
  /// What was before the start counts as silence.
  double mean_of_last(int steps) const {
    double sum = 0;
    for (int i = 1; i <= steps && i <= count_; i++) sum += steps_[(count_ - i) % kShortTermSteps];
    return sum / steps;
  }

  void reset() {
    blocks_.clear();
    short_terms_.clear();
    sum_ = 0;
    frames_ = 0;
    count_ = 0;
    peak_ = 0;
    momentary_ = short_term_ = integrated_ = -150;
    range_ = 0;
  }

  ForChannels<KWeighting> weighting_;  ///< of two each
  ForChannels<TruePeak> detector_;
  double weight_[kMostChannels + 1] = {};
  LoudnessGate blocks_, short_terms_;
  double steps_[kShortTermSteps] = {};  ///< mean squares, by `count_` modulo their number
  double sum_ = 0;                      ///< of the current step
  int step_frames_, frames_ = 0;
  int64_t count_ = 0;  ///< steps since the reset
  float peak_ = 0, momentary_ = -150, short_term_ = -150, integrated_ = -150, range_ = 0;
};

}  // namespace

extern constexpr NodeType loudness = declared({
    .id = "loudness",
    .label = "Loudness",
    .doc = "Loudness and true-peak meter (EBU R 128), of mono as if it came from two loudspeakers; passes the signal on untouched.",
    .category = "meter",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .meters = kMeters,
    .kernels = kSoloKernel<LoudnessMeter>,
    .memory = [](const Setup&) { return 2 * LoudnessGate::memory(); },
    .multichannel = Multichannel::together,
    .least_channels = 2,
});

}  // namespace mixgraph::MIXGRAPH_ISA

#include "nodes/dsp/fft.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kTime };
constexpr Parameter kParameters[] = {
    {.id = "time",
     .label = "Time",
     .doc = "Time over which powers are averaged; 0: none, each is of the last sixth of a second or so.",
     .unit = Unit::millisecond,
     .max = 5000,
     .initial = 200,
     .main = true},
};
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};
constexpr int kThirds = 31, kPoints = 256;
constexpr double kLowest = 20, kHighest = 20000;
enum FeedRow { kThirdOctave, kFine };
constexpr Feed kFeeds[] = {
    {.id = "third_octave",
     .label = "Third octaves",
     .doc = "RMS level of each third-octave band (IEC 61260), the channels' mean: pink noise is flat, a sine of 0 dB peak reads -3, but less below 60 Hz, where "
            "bands are narrower than the window.",
     .size = kThirds,
     .along = {"Band", Unit::hertz, Curve::log, kLowest, kHighest}},
    {.id = "fine",
     .label = "Spectrum",
     .doc = "The loudest tone of each step: a sine of 0 dB peak reads -3 wherever it is.",
     .size = kPoints,
     .along = {"Frequency", Unit::hertz, Curve::log, kLowest, kHighest}},
};

/// A Hann window over a sixth of a second, four times in its length. The transform is made in steps, one per tick of 64 frames,
/// from one hop to the next, and only while one of the feeds is read.
class Spectrum {
 public:
  explicit Spectrum(const Setup& setup)
      : rate_(setup.rate()), fft_(log2_size(setup)), ring_(size_t(setup.channels()) * size_t(fft_.size())), window_(size_t(fft_.size())), power_(size_t(bins())), mean_(size_t(bins())) {
    for (int i = 0; i < fft_.size(); i++) window_[size_t(i)] = float(0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / fft_.size()));
  }
  static size_t memory(const Setup& setup) { return (size_t(setup.channels()) + 6) * (size_t(1) << log2_size(setup)) * sizeof(float); }

  void process(Block<float> b) {
    if (b.at() == 0) look(b);
    for (int c = 0; c < b.channels(); c++) {
      std::copy_n(b.in(c), b.frames(), b.out(c));
      for (int i = 0; i < b.frames(); i++) ring_[size_t(c * fft_.size() + (at_ + i) % fft_.size())] = b.in(c)[i];
    }
    at_ = (at_ + b.frames()) % fft_.size();
  }

 private:
  static int log2_size(const Setup& setup) { return 13 + int(std::lround(std::log2(setup.rate() / 48000))); }
  int bins() const { return fft_.size() / 2 + 1; }

  /// Before the tick's first frame, so that it is the same wherever blocks are cut.
  void look(const Block<float>& b) {
    const bool is_read = b.feed(kThirdOctave, 0) || b.feed(kFine, 0);
    if (is_read) advance(b);
    if (!is_read) tick_ = 0, started_ = false;
  }
  /// One step of many: each channel is loaded, transformed, and added to the powers; then they become values.
  void advance(const Block<float>& b) {
    const int per_channel = fft_.steps() + 2, hop = fft_.size() / 4 / kMaxBlock, channel = tick_ / per_channel, step = tick_ % per_channel;
    if (channel < b.channels()) {
      if (step == 0)
        fft_.load([&](int i) { return ring_[size_t(channel * fft_.size() + (at_ + i) % fft_.size())] * window_[size_t(i)]; });
      else if (step <= fft_.steps())
        fft_.step();
      else
        add_powers(channel, b.channels());
    } else if (tick_ == b.channels() * per_channel) {
      average(b);
    } else if (tick_ == b.channels() * per_channel + 1) {
      tell(b);
    }
    tick_ = (tick_ + 1) % std::max(hop, b.channels() * per_channel + 2);
  }
  void add_powers(int channel, int channels) {
    const float share = 1.f / float(channels);
    for (int k = 0; k < bins(); k++) {
      const float power = fft_.power(k) * share;
      power_[size_t(k)] = (channel == 0 ? 0.f : power_[size_t(k)]) + (is_finite(power) ? power : 0.f);
    }
  }
  void average(const Block<float>& b) {
    const double hop = double(std::max(fft_.size() / 4, (b.channels() * (fft_.steps() + 2) + 2) * kMaxBlock)) / rate_, time = b.ramp(kTime).begin() / 1000.0;
    const auto keep = started_ && time > 0 ? float(std::exp(-hop / time)) : 0.f;
    started_ = true;
    for (int k = 0; k < bins(); k++) mean_[size_t(k)] = power_[size_t(k)] + keep * (mean_[size_t(k)] - power_[size_t(k)]);
  }
  void tell(const Block<float>& b) const {
    const double n = fft_.size();
    if (float* thirds = b.feed(kThirdOctave, 0)) {
      // A Hann window's mean square is 3/8; each bin has its power twice, for negative frequencies.
      const double scale = 2 / (n * n * 0.375);
      for (int band = 0; band < kThirds; band++) {
        const double centre = 1000 * std::pow(10, (band - 17) / 10.0);
        thirds[band] = level(scale * sum_between(centre * std::pow(10, -0.05), centre * std::pow(10, 0.05)));
      }
      b.publish(kThirdOctave, 0);
    }
    if (float* fine = b.feed(kFine, 0)) {
      // The mean square of a sine from three bins, over which the window spreads it: in the middle of one it has 1, 1/4 and 1/4 of
      // the power of a window whose mean is 1/2.
      const double scale = 8 / (n * n) / 1.5;
      for (int p = 0; p < kPoints; p++) {
        const double step = std::log(kHighest / kLowest) / (kPoints - 1), hertz = kLowest * std::exp(step * p);
        fine[p] = level(scale * tone_between(hertz * std::exp(-step / 2), hertz * std::exp(step / 2)));
      }
      b.publish(kFine, 0);
    }
  }
  static float level(double mean_square) { return float(std::max(10 * std::log10(mean_square + 1e-30), -150.0)); }

  /// Bin k stands for k - 1/2 to k + 1/2.
  double sum_between(double low, double high) const {
    const double per_hertz = fft_.size() / rate_, from = low * per_hertz, to = std::min(high * per_hertz, bins() - 1.0);
    double sum = 0;
    for (int k = int(from + 0.5); k <= int(to + 0.5) && k < bins(); k++)
      sum += mean_[size_t(k)] * std::max(0.0, std::min(to, k + 0.5) - std::max(from, k - 0.5));
    return sum;
  }
  double tone_between(double low, double high) const {
    const double per_hertz = fft_.size() / rate_;
    if (low * per_hertz > bins() - 1) return 0;
    const int from = int(std::lround(low * per_hertz)), to = std::min(int(std::lround(high * per_hertz)), bins() - 1);
    const auto tone = [&](int k) { return mean_[size_t(std::max(k - 1, 0))] + mean_[size_t(k)] + mean_[size_t(std::min(k + 1, bins() - 1))]; };
    float greatest = 0;
    for (int k = from; k <= to; k++) greatest = std::max(greatest, tone(k));
    return greatest;
  }

  double rate_;
  Fft fft_;
  Memory<float> ring_, window_, power_, mean_;  ///< ring: [channel][frame]
  int at_ = 0, tick_ = 0;                       ///< in the ring; since a hop began
  bool started_ = false;
};

}  // namespace

extern constexpr NodeType spectrum = declared({
    .id = "spectrum",
    .label = "Spectrum",
    .doc = "Third-octave bands and a fine spectrum as feeds; passes the signal on untouched.",
    .category = "meter",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .feeds = kFeeds,
    .kernels = kSoloKernel<Spectrum>,
    .memory = Spectrum::memory,
    .multichannel = Multichannel::together,
});

}  // namespace mixgraph::MIXGRAPH_ISA

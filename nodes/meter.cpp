#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};
enum MeterRow { kPeak, kRms = kPeak + 2 };
enum FeedRow { kPeaks, kRmsOfAll };
constexpr Meter kMeters[] = {
    {.id = "peak_l", .label = "Peak left", .doc = "Highest sample of the left channel, or of a mono one; of more channels, all are in the feed."},
    {.id = "peak_r", .label = "Peak right", .doc = "Highest sample of the right channel, or of a mono one."},
    {.id = "rms_l",
     .label = "RMS left",
     .doc = "Root mean square over 300 ms, left or mono: a sine of 0 dB peak reads -3 dB.",
     .fold = Fold::last},
    {.id = "rms_r",
     .label = "RMS right",
     .doc = "Root mean square over 300 ms, right or mono: a sine of 0 dB peak reads -3 dB.",
     .fold = Fold::last},
};
constexpr Axis kByChannel{.label = "Channel", .first = 1, .last = kMostChannels};
constexpr Feed kFeeds[] = {
    {.id = "peaks", .label = "Peaks", .doc = "Highest sample of each channel in the last 64 frames.", .size = kMostChannels, .along = kByChannel},
    {.id = "rms", .label = "RMS", .doc = "Root mean square over 300 ms of each channel: a sine of 0 dB peak reads -3 dB.", .size = kMostChannels, .along = kByChannel},
};

/// C: how many channels there is room for.
template <class V, int C>
class PeakRmsOf {
 public:
  explicit PeakRmsOf(const Setup& setup) : forget_(V(float(1 / (0.3 * setup.rate())))) {}

  void process(Block<V> b) {
    for (int c = 0; c < b.channels(); c++) measure(b, c);
    if (b.channels() == 1)
      for (int row : {kPeak, kRms}) b.meter(row + 1) = b.meter(row);
    for (int l = 0; l < kLanes<V>; l++) report(b, l);
  }

 private:
  static V level(V amplitude) { return max(decibels_of(amplitude), V(-150.f)); }

  void measure(const Block<V>& b, int c) {
    const V* in = b.in(c);
    V peak = V(0.f), power = power_[c];
    for (int i = 0; i < b.frames(); i++) {
      V x = in[i];
      peak = max(peak, abs(x));
      power = madd(forget_, madd(x, x, -power), power);
      b.out(c)[i] = x;
    }
    power_[c] = power;
    peak_[c] = b.at() == 0 ? peak : max(peak, peak_[c]);
    if (c >= 2) return;
    b.meter(kPeak + c) = level(peak);
    b.meter(kRms + c) = level(sqrt(power));
  }
  /// Once a tick, if anybody reads.
  void report(const Block<V>& b, int l) const {
    if (b.at() + b.frames() != kMaxBlock) return;
    if (float* peaks = b.feed(kPeaks, l)) {
      for (int c = 0; c < kMostChannels; c++) peaks[c] = c < b.channels() ? lane(level(peak_[c]), l) : -150.f;
      b.publish(kPeaks, l);
    }
    if (float* rms = b.feed(kRmsOfAll, l)) {
      for (int c = 0; c < kMostChannels; c++) rms[c] = c < b.channels() ? lane(level(sqrt(power_[c])), l) : -150.f;
      b.publish(kRmsOfAll, l);
    }
  }

  V power_[C] = {}, peak_[C] = {};  ///< mean square; highest in this tick
  V forget_;
};
template <class V>
using PeakRms = PeakRmsOf<V, 2>;
template <class V>
using WidePeakRms = PeakRmsOf<V, kMostChannels>;

}  // namespace

extern constexpr NodeType meter = declared({
    .id = "meter",
    .label = "Meter",
    .doc = "Peak and RMS level; passes the signal on untouched.",
    .category = "meter",
    .inputs = kIn,
    .outputs = kOut,
    .meters = kMeters,
    .feeds = kFeeds,
    .kernels = kLaneKernels<PeakRms>,
    .multichannel = Multichannel::together,
    .wide_kernels = kOneLaneKernel<WidePeakRms>,
});

}  // namespace mixgraph::MIXGRAPH_ISA

#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};
enum MeterRow { kPeak, kRms = kPeak + 2 };
constexpr Meter kMeters[] = {
    {.id = "peak_l", .label = "Peak left", .doc = "Highest sample of the left channel, or of a mono one."},
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

template <class V>
class PeakRms {
 public:
  explicit PeakRms(const Setup& setup) : forget_(V(float(1 / (0.3 * setup.rate())))) {}

  void process(Block<V> b) {
    for (int c = 0; c < b.channels(); c++) measure(b, c);
    if (b.channels() == 1)
      for (int row : {kPeak, kRms}) b.meter(row + 1) = b.meter(row);
  }

 private:
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
    b.meter(kPeak + c) = max(decibels_of(peak), V(-150.f));
    b.meter(kRms + c) = max(decibels_of(sqrt(power)), V(-150.f));
  }

  V power_[2] = {V(0.f), V(0.f)};  ///< mean square
  V forget_;
};

}  // namespace

extern constexpr NodeType meter = declared({
    .id = "meter",
    .label = "Meter",
    .doc = "Peak and RMS level; passes the signal on untouched.",
    .category = "meter",
    .inputs = kIn,
    .outputs = kOut,
    .meters = kMeters,
    .kernels = kLaneKernels<PeakRms>,
});

}  // namespace mixgraph::MIXGRAPH_ISA

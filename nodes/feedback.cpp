#include "nodes/dsp/taps.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kGain, kTime };
constexpr double kLongestMs = 1000;
constexpr Parameter kParameters[] = {
    {.id = "gain",
     .label = "Gain",
     .doc = "Level of what comes back; the loop as a whole must lose level.",
     .unit = Unit::decibel,
     .min = -60,
     .max = 0,
     .initial = -6,
     .main = true},
    {.id = "time",
     .label = "Time",
     .doc = "Delay in whole frames, at least 64; fades to a new time within 20 ms.",
     .unit = Unit::millisecond,
     .min = 2,
     .max = kLongestMs,
     .initial = 10},
};
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

/// A block's output is read before the block's input is written: every tap is at least a block long.
template <class V>
class Feedback {
 public:
  explicit Feedback(const Setup& setup)
      : memory_(setup.channels(), line_length(setup)), taps_(setup.rate()), frames_per_ms_(float(setup.rate() / 1000)) {}

  void process(Block<V> b) {
    if (!b.in(0)) return put_out(b);
    for (int c = 0; c < b.channels(); c++) write_ring(memory_, c, b.time(), b.in(c), b.frames());
  }

  const LaneMemory<V>& memory() const { return memory_; }
  static size_t bytes(const Setup& setup) { return size_t(setup.channels()) * size_t(line_length(setup)) * sizeof(float); }

 private:
  static int line_length(const Setup& setup) {
    return int(std::lround(kLongestMs * setup.rate() / 1000)) + 1;
  }

  void put_out(const Block<V>& b) {
    Ramp<V> time = b.ramp(kTime), gain = b.ramp(kGain);
    taps_.begin(b, [&](int index) { return whole(max(time.at(index) * frames_per_ms_, V(float(kMaxBlock)))); });
    const V still = gain_of(gain.begin());
    for (int c = 0; c < b.channels(); c++) {
      V* out = b.out(c);
      taps_.read(memory_, c, b, 0, b.frames(), out);
      for (int i = 0; i < b.frames(); i++) out[i] = out[i] * (b.restless() ? gain_of(gain.at(b.at() + i)) : still);
    }
    taps_.end(b);
  }
  /// The nearest whole number of up to 2^22. Its fraction would need frames that aren't there yet.
  static V whole(V x) {
    const V kRound(12582912.f);
    return (x + kRound) - kRound;
  }

  LaneMemory<V> memory_;  ///< a ring for each channel
  Taps<V> taps_;
  V frames_per_ms_;
};

}  // namespace

extern constexpr NodeType feedback = declared({
    .id = "feedback",
    .label = "Feedback",
    .doc = "A delay that may stand in a loop of cables.",
    .category = "routing",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .kernels = kLaneKernels<Feedback>,
    .memory = Feedback<float>::bytes,
    .breaks_loops = true,
});

}  // namespace mixgraph::MIXGRAPH_ISA

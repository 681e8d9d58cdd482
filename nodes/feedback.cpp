#include "nodes/dsp/cross_fade.h"
#include "nodes/dsp/delay_line.h"

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
static_assert(is_sound(kParameters));
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

/// A block's output is read before the block's input is written: every tap is at least a block long.
template <class V>
class Feedback {
 public:
  explicit Feedback(const Setup& setup)
      : frames_per_ms_(setup.rate() / 1000),
        tap_(int(setup.rate() * 0.02)),
        lines_{DelayLine<V>(line_length(setup)), DelayLine<V>(setup.channels == 2 ? line_length(setup) : 1)} {
  }

  void process(Block<V> b) {
    if (b.in(0)) {
      for (int c = 0; c < b.channels(); c++)
        for (int i = 0; i < b.frames(); i++) lines_[c].write(b.in(c)[i]);
    } else {
      put_out(b);
    }
  }

  static size_t memory(const Setup& setup) { return size_t(setup.channels) * size_t(line_length(setup)) * sizeof(V); }

 private:
  static int line_length(const Setup& setup) {
    return int(std::lround(kLongestMs * setup.rate() / 1000)) + 1;
  }

  void put_out(const Block<V>& b) {
    Ramp<V> time = b.ramp(kTime), gain = b.ramp(kGain);
    V factor[kMaxBlock], still = gain_of(gain.begin());
    for (int i = 0; i < b.frames(); i++) factor[i] = b.restless() ? gain_of(gain.at(b.at() + i)) : still;
    auto wanted = [&](int index) { return tap_at(time.at(index)); };
    for_channels_in_step(b, wanted, factor);
  }

  template <class Wanted>
  void for_channels_in_step(const Block<V>& b, Wanted wanted, const V* factor) {
    tap_.run(
        b, wanted,
        [&](int first, int count, const WholeTap<V>& tap) {
          for (int c = 0; c < b.channels(); c++)
            for (int i = first; i < first + count; i++) b.out(c)[i] = factor[i] * lines_[c].read(tap, i);
        },
        [&](int first, int count, const WholeTap<V>& from, const WholeTap<V>& to, auto weight) {
          for (int c = 0; c < b.channels(); c++)
            for (int i = first; i < first + count; i++) {
              V before = lines_[c].read(from, i), after = lines_[c].read(to, i);
              b.out(c)[i] = factor[i] * madd(weight(i), after - before, before);
            }
        });
  }

  WholeTap<V> tap_at(V ms) const {
    WholeTap<V> tap;
    for (int l = 0; l < kLanes<V>; l++) {
      int frames = int(lane(ms, l) * frames_per_ms_ + 0.5), longest = lines_[0].length() - 1;
      tap.frames[l] = frames < kMaxBlock ? kMaxBlock : frames < longest ? frames : longest;
    }
    return tap;
  }

  double frames_per_ms_;
  CrossFade<V, WholeTap<V>> tap_;
  DelayLine<V> lines_[2];
};

}  // namespace

extern constexpr NodeType feedback{.id = "feedback",
                                   .label = "Feedback",
                                   .doc = "A delay that may stand in a loop of cables.",
                                   .category = "routing",
                                   .inputs = kIn,
                                   .outputs = kOut,
                                   .parameters = kParameters,
                                   .meters = {},
                                   .kernels = kSoloKernel<Feedback<float>>,
                                   .memory = Feedback<float>::memory,
                                   .breaks_loops = true};

}  // namespace mixgraph::MIXGRAPH_ISA

#include "nodes/dsp/cross_fade.h"
#include "nodes/dsp/delay_line.h"
#include "nodes/dsp/gliding.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kTime, kFeedback, kTone, kMix };
constexpr double kShortestMs = 1, kLongestMs = 2000;
constexpr Parameter kParameters[] = {
    {.id = "time",
     .label = "Time",
     .doc = "Time of an echo; fades to a new time within 20 ms, without a change of pitch.",
     .unit = Unit::millisecond,
     .min = kShortestMs,
     .max = kLongestMs,
     .initial = 250,
     .main = true},
    {.id = "feedback",
     .label = "Feedback",
     .doc = "Level of each echo relative to the one before.",
     .unit = Unit::percent,
     .min = 0,
     .max = 95,
     .initial = 30},
    {.id = "tone",
     .label = "Tone",
     .doc = "Low-pass of 6 dB per octave between an echo and the next; the first echo is clear.",
     .unit = Unit::hertz,
     .curve = Curve::log,
     .min = 500,
     .max = 20000,
     .initial = 8000},
    {.id = "mix",
     .label = "Mix",
     .doc = "Part of the echoes in the output; the rest is the input.",
     .unit = Unit::percent,
     .min = 0,
     .max = 100,
     .initial = 100},
};
static_assert(is_sound(kParameters));
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

/// Until echoes are 60 dB below the first.
double tail_of(const Setup& setup) {
  double feedback = setup.number(kFeedback) / 100,
         echoes = feedback > 0.001 ? std::log(0.001) / std::log(feedback) : 1;
  return setup.number(kTime) / 1000 * (1 + echoes);
}

template <class V>
class Delay {
 public:
  explicit Delay(const Setup& setup)
      : frames_per_ms_(setup.rate() / 1000),
        per_hertz_(float(9.0647203 / setup.rate())),
        tap_(int(setup.rate() * 0.02)),
        lines_{DelayLine<V>(line_length(setup)), DelayLine<V>(setup.channels == 2 ? line_length(setup) : 1)} {
  }

  void process(Block<V> b) {
    Ramp<V> time = b.ramp(kTime), feedback = b.ramp(kFeedback), tone = b.ramp(kTone), mix = b.ramp(kMix);
    auto design = [&](int index, uint64_t, V* c) {
      c[kOpen] = V(1.f) - exp2(-exp2(tone.at(index)) * V(per_hertz_));
      c[kAgain] = feedback.at(index) * V(0.01f);
      c[kWet] = mix.at(index) * V(0.01f);
    };
    V k[kMaxBlock][kCoefficients];
    coefficients_.run(b, design, [&](int first, int count, auto c) {
      for (int i = first; i < first + count; i++)
        for (int n = 0; n < kCoefficients; n++) k[i][n] = c(n, i);
    });
    tap_.run(
        b, [&](int index) { return tap_at(time.at(index)); },
        [&](int first, int count, const FractionalTap<V>& tap) {
          echo(b, k, first, count, [&](int ch, int) { return lines_[ch].read(tap); });
        },
        [&](int first, int count, const FractionalTap<V>& from, const FractionalTap<V>& to, auto weight) {
          echo(b, k, first, count, [&](int ch, int i) {
            V before = lines_[ch].read(from);
            return madd(weight(i), lines_[ch].read(to) - before, before);
          });
        });
  }

  static size_t memory(const Setup& setup) { return size_t(setup.channels) * size_t(line_length(setup)) * sizeof(V); }

 private:
  enum Coefficient { kOpen, kAgain, kWet, kCoefficients };

  static int line_length(const Setup& setup) { return int(kLongestMs * setup.rate() / 1000) + 4; }

  template <class Read>
  void echo(const Block<V>& b, const V (*coefficients)[kCoefficients], int first, int count, Read read) {
    for (int c = 0; c < b.channels(); c++)
      for (int i = first; i < first + count; i++) {
        const V* k = coefficients[i];
        V in = b.in(c)[i], out = read(c, i);
        darker_[c] = madd(k[kOpen], out - darker_[c], darker_[c]);
        lines_[c].write(madd(k[kAgain], darker_[c], in));
        b.out(c)[i] = madd(k[kWet], out, (V(1.f) - k[kWet]) * in);
      }
  }

  FractionalTap<V> tap_at(V ms) const {
    FractionalTap<V> tap;
    for (int l = 0; l < kLanes<V>; l++) {
      tap.set(l, std::clamp(double(lane(ms, l)), kShortestMs, kLongestMs) * frames_per_ms_);
    }
    return tap;
  }

  double frames_per_ms_;
  float per_hertz_;  ///< 2 pi log2(e) per frame
  CrossFade<V, FractionalTap<V>> tap_;
  Gliding<V, kCoefficients> coefficients_;
  DelayLine<V> lines_[2];
  V darker_[2] = {V(0.f), V(0.f)};
};

}  // namespace

extern constexpr NodeType delay{.id = "delay",
                                .label = "Delay",
                                .doc = "Echoes, each darker than the one before.",
                                .category = "space",
                                .inputs = kIn,
                                .outputs = kOut,
                                .parameters = kParameters,
                                .meters = {},
                                .kernels = kSoloKernel<Delay<float>>,
                                .tail = tail_of,
                                .memory = Delay<float>::memory};

}  // namespace mixgraph::MIXGRAPH_ISA

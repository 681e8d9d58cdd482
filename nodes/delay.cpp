#include "nodes/dsp/gliding.h"
#include "nodes/dsp/taps.h"

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
      : memory_(setup.channels(), line_length(setup)),
        taps_(setup.rate()),
        frames_per_ms_(float(setup.rate() / 1000)),
        per_hertz_(float(9.0647203 / setup.rate())) {}

  void process(Block<V> b) {
    Ramp<V> time = b.ramp(kTime), feedback = b.ramp(kFeedback), tone = b.ramp(kTone), mix = b.ramp(kMix);
    auto design = [&](int index, uint64_t, V* c) {
      c[kOpen] = V(1.f) - exp2(-exp2(tone.at(index)) * per_hertz_);
      c[kAgain] = feedback.at(index) * V(0.01f);
      c[kWet] = mix.at(index) * V(0.01f);
    };
    V k[kMaxBlock][kCoefficients];
    glide_.run(b, design, [&](auto frames) {
      for (int i = frames.first; i < frames.first + frames.count; i++)
        for (int n = 0; n < kCoefficients; n++) k[i][n] = frames.c(n, i);
    });
    // What is read must have been written.
    const int shortest = std::max(int(kShortestMs * lane(frames_per_ms_, 0)), Taps<V>::kReach + 8);
    const int most = std::min(shortest - Taps<V>::kReach, kMaxBlock);
    taps_.begin(b, [&](int index) { return max(min(time.at(index), V(kLongestMs)) * frames_per_ms_, V(float(shortest))); });
    for (int first = 0; first < b.frames(); first += most)
      for (int c = 0; c < b.channels(); c++) echo(b, k + first, c, first, std::min(most, b.frames() - first));
    taps_.end(b);
  }

  const LaneMemory<V>& memory() const { return memory_; }
  static size_t bytes(const Setup& setup) { return size_t(setup.channels()) * size_t(line_length(setup)) * sizeof(float); }

 private:
  enum Coefficient { kOpen, kAgain, kWet, kCoefficients };

  static int line_length(const Setup& setup) { return int(kLongestMs * setup.rate() / 1000) + Taps<V>::kReach + 1; }

  void echo(const Block<V>& b, const V (*k)[kCoefficients], int c, int first, int count) {
    V wet[kMaxBlock], back[kMaxBlock], darker = darker_[c];
    taps_.read(memory_, c, b, first, count, wet);
    const V* in = b.in(c) + first;
    V* out = b.out(c) + first;
    for (int i = 0; i < count; i++) {
      darker = madd(k[i][kOpen], wet[i] - darker, darker);
      back[i] = madd(k[i][kAgain], darker, in[i]);
      out[i] = madd(k[i][kWet], wet[i], (V(1.f) - k[i][kWet]) * in[i]);
    }
    darker_[c] = darker;
    write_ring(memory_, c, b.time() + uint64_t(first), back, count);
  }

  LaneMemory<V> memory_;  ///< a ring for each channel
  Taps<V> taps_;
  V frames_per_ms_, per_hertz_;  ///< the latter: 2 pi log2(e) per frame
  Gliding<V, kCoefficients> glide_;
  V darker_[2] = {V(0.f), V(0.f)};
};

}  // namespace

extern constexpr NodeType delay = declared({
    .id = "delay",
    .label = "Delay",
    .doc = "Echoes, each darker than the one before.",
    .category = "space",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .kernels = kLaneKernels<Delay>,
    .tail = tail_of,
    .memory = Delay<float>::bytes,
    .multichannel = Multichannel::apart,
});

}  // namespace mixgraph::MIXGRAPH_ISA

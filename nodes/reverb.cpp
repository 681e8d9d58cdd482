#include "nodes/dsp/cross_fade.h"
#include "nodes/dsp/delay_line.h"
#include "nodes/dsp/fdn.h"
#include "nodes/dsp/gliding.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kTime, kSize, kPredelay, kDamping, kCrossover, kMix };
constexpr double kLongestPredelayMs = 200;
constexpr Parameter kParameters[] = {
    {.id = "time",
     .label = "Time",
     .doc = "Reverberation time RT60: how long the sound takes to fall by 60 dB.",
     .unit = Unit::second,
     .curve = Curve::log,
     .min = 0.2,
     .max = 20,
     .initial = 1.8,
     .main = true},
    {.id = "size",
     .label = "Size",
     .doc = "Length of the paths between echoes, relative to a hall; does not change the time.",
     .unit = Unit::ratio,
     .min = 0.3,
     .max = 2,
     .initial = 1,
     .update = Update::rebuild},
    {.id = "predelay",
     .label = "Pre-delay",
     .doc = "Time before the reverberation begins; fades to a new time within 20 ms.",
     .unit = Unit::millisecond,
     .min = 0,
     .max = kLongestPredelayMs,
     .initial = 15},
    {.id = "damping",
     .label = "Damping",
     .doc = "The highest frequencies' time as a part of the time; at 100 all frequencies last as long.",
     .unit = Unit::percent,
     .min = 10,
     .max = 100,
     .initial = 50},
    {.id = "crossover",
     .label = "Crossover",
     .doc = "Where the decay in dB per second is half way between that of low and that of high frequencies.",
     .unit = Unit::hertz,
     .curve = Curve::log,
     .min = 500,
     .max = 16000,
     .initial = 4000},
    {.id = "mix",
     .label = "Mix",
     .doc = "Part of the reverberation in the output; the rest is the input.",
     .unit = Unit::percent,
     .min = 0,
     .max = 100,
     .initial = 100},
};
constexpr Port kIn[] = {{"in", 2}}, kOut[] = {{"out", 2}};

/// Until it is 90 dB down.
double tail_of(const Setup& setup) {
  return setup.number(kPredelay) / 1000 + 1.5 * setup.number(kTime);
}

/// Steady noise comes out as loud as it went in, whatever the time (at a damping of 100 %).
class Reverb {
 public:
  explicit Reverb(const Setup& setup)
      : rate_(float(setup.rate())),
        keep_dc_(float(std::exp(-63 / setup.rate()))),
        lines_{DelayLine<float>(line_length(setup)), DelayLine<float>(line_length(setup))},
        predelay_(int(0.02 * rate_)),
        diffusers_{{diffuser(setup, 2.3), diffuser(setup, 3.9), diffuser(setup, 6.1), diffuser(setup, 8.9)},
                   {diffuser(setup, 2.5), diffuser(setup, 3.6), diffuser(setup, 6.4), diffuser(setup, 8.3)}},
        fdn_(setup.rate(), setup.number(kSize)) {}

  /// The pre-delay and the network, beside which the diffusers take little.
  static size_t memory(const Setup& setup) {
    return 2 * size_t(line_length(setup)) * sizeof(float) + Fdn::memory(setup.rate(), setup.number(kSize));
  }

  void process(Block<float> b) {
    float in[2][kMaxBlock], wet[2][kMaxBlock];
    take_in(b, in);
    for (int c = 0; c < 2; c++)
      for (Diffuser& d : diffusers_[c]) d.process(in[c], b.frames());
    Ramp<float> time = b.ramp(kTime), damping = b.ramp(kDamping), crossover = b.ramp(kCrossover),
                mix = b.ramp(kMix);
    auto design = [&](int index, uint64_t, float* k) {
      float level = absorption(k, exp2(time.at(index)), damping.at(index) * 0.01f, exp2(crossover.at(index)));
      k[kDry] = 1 - mix.at(index) * 0.01f;
      k[kWet] = level * mix.at(index) * 0.01f;
    };
    coefficients_.run(b, design, [&](auto frames) {
      const int first = frames.first, count = frames.count;
      const auto& k = frames.c;
      fdn_.process(in[0] + first, in[1] + first, wet[0], wet[1], count,
                   [&](int n, int i) -> decltype(auto) { return k(n, first + i); });
      for (int c = 0; c < 2; c++)
        for (int i = 0; i < count; i++)
          b.out(c)[first + i] = madd(k(kWet, first + i), wet[c][i], k(kDry, first + i) * b.in(c)[first + i]);
    });
  }

 private:
  /// First those of Fdn::process.
  enum Coefficient { kWet = 3 * Fdn::kLines, kDry, kCoefficients };

  static int line_length(const Setup& setup) { return int(kLongestPredelayMs / 1000 * setup.rate()) + 2 * kMaxBlock; }
  /// Longer ones would ring longer than the shortest times.
  static Diffuser diffuser(const Setup& setup, double ms) {
    double size = setup.number(kSize) < 1 ? setup.number(kSize) : 1;
    return Diffuser(int(ms / 1000 * size * setup.rate()) + 1);
  }

  /// The input without what is below 10 Hz, after the pre-delay.
  void take_in(const Block<float>& b, float (*in)[kMaxBlock]) {
    for (int c = 0; c < 2; c++)
      for (int i = 0; i < b.frames(); i++) {
        float x = b.in(c)[i];
        high_passed_[c] = madd(keep_dc_, high_passed_[c], x - before_[c]);
        before_[c] = x;
        lines_[c].write(high_passed_[c]);
      }
    // The whole block is in the lines already, so frame i of it was written frames() - i frames ago.
    auto read = [&](int c, int i, WholeTap<float> tap) {
      return lines_[c].read({{tap.frames[0] + b.frames()}}, i);
    };
    Ramp<float> ms = b.ramp(kPredelay);
    predelay_.run(
        b, [&](int index) { return WholeTap<float>{{int(std::lround(ms.at(index) / 1000 * rate_))}}; },
        [&](int first, int count, WholeTap<float> tap) {
          for (int c = 0; c < 2; c++)
            for (int i = first; i < first + count; i++) in[c][i] = read(c, i, tap);
        },
        [&](int first, int count, WholeTap<float> from, WholeTap<float> to, auto weight) {
          for (int c = 0; c < 2; c++)
            for (int i = first; i < first + count; i++)
              in[c][i] = madd(weight(i), read(c, i, to) - read(c, i, from), read(c, i, from));
        });
  }

  /// Absorption for each line (Jot): 60 dB in `time` seconds at low frequencies, in `ratio` times as much at
  /// the highest; a first-order shelf, symmetrical about the crossover, of at most 24 dB per round. Returns
  /// the level of the output.
  float absorption(float* k, float time, float ratio, float crossover) const {
    float power = 0, hertz = crossover < 0.45f * rate_ ? crossover : 0.45f * rate_;
    float warped = float(std::tan(3.14159265 * hertz / rate_));
    for (int l = 0; l < Fdn::kLines; l++) {
      float octaves = -9.96578428f * fdn_.delay(l) / (time * rate_), low = exp2(octaves);
      float root = exp2(max(octaves * (1 / ratio - 1) / 2, -2.f)), scale = 1 / (madd(warped, root, 1.f));
      k[l] = low * root * (warped + root) * scale;
      k[Fdn::kLines + l] = low * root * (warped - root) * scale;
      k[2 * Fdn::kLines + l] = madd(warped, root, -1.f) * scale;
      power += low * low / Fdn::kLines;
    }
    return sqrt((1 - power) / power);
  }

  float rate_, keep_dc_;
  float before_[2] = {}, high_passed_[2] = {};
  DelayLine<float> lines_[2];
  CrossFade<float, WholeTap<float>> predelay_;
  Diffuser diffusers_[2][4];
  Fdn fdn_;
  Gliding<float, kCoefficients> coefficients_;
};

}  // namespace

extern constexpr NodeType reverb = declared({
    .id = "reverb",
    .label = "Reverb",
    .doc = "A room whose time is its RT60: a feedback delay network of sixteen lines.",
    .category = "space",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .kernels = kSoloKernel<Reverb>,
    .tail = tail_of,
    .memory = Reverb::memory,
});

}  // namespace mixgraph::MIXGRAPH_ISA

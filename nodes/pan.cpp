#include "nodes/dsp/gliding.h"
#include "nodes/dsp/placing.h"
#include "nodes/dsp/scale.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kPosition, kLaw, kFormat, kFront, kHeight, kLfeLevel };
enum Law { kSine, kLinear, kCompromise };
constexpr std::string_view kLaws[] = {"sine", "linear", "compromise"};
constexpr std::string_view kFormats[] = {"stereo", "5.1", "7.1", "5.1.4", "7.1.4", "ambisonic_1", "ambisonic_2", "ambisonic_3"};
constexpr Layout kLayouts[] = {Layout::stereo,         Layout::surround_5_1, Layout::surround_7_1, Layout::surround_5_1_4,
                               Layout::surround_7_1_4, Layout::ambisonic_1,  Layout::ambisonic_2,  Layout::ambisonic_3};
constexpr Parameter kParameters[] = {
    {.id = "position",
     .label = "Pan",
     .doc = "From left, -1, to right, 1; balance if the input is stereo.",
     .min = -1,
     .max = 1,
     .main = true,
     .mirrors = true},
    {.id = "law",
     .label = "Law",
     .doc = "A sound's level half-way between two loudspeakers: -3 dB (constant power), -6 dB (constant sum) or -4.5 dB.",
     .curve = Curve::stepped,
     .max = 2,
     .choices = kLaws,
     .update = Update::rebuild},
    {.id = "format",
     .label = "Format",
     .doc = "What it pans to.",
     .curve = Curve::stepped,
     .max = double(std::size(kFormats) - 1),
     .choices = kFormats,
     .update = Update::rebuild},
    {.id = "front", .label = "Front", .doc = "From the back, -1, to the front, 1; of no effect in stereo.", .min = -1, .max = 1, .initial = 1},
    {.id = "height",
     .label = "Height",
     .doc = "From the listeners' height, 0, to above, 1; below it is -1, which only ambisonics know; of no effect in stereo.",
     .min = -1,
     .max = 1},
    {.id = "lfe",
     .label = "LFE",
     .doc = "Level of what goes to the LFE channel, if there is one.",
     .unit = Unit::decibel,
     .curve = Curve::fader,
     .min = -90,
     .max = 10,
     .initial = -90},
};
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out", kOwn}};

Layout layout_of(const Setup& setup) { return kLayouts[setup.choice(kFormat)]; }

/// Gain of a side, by how much of it there is: 0 none, 1 all.
template <class V>
V side_gain(Law law, V amount) {
  if (law == kLinear) return amount;
  V sine = sin_quarter(amount * V(1.57079633f));
  return law == kSine ? sine : sqrt(amount * sine);
}

template <class V>
class Pan {
 public:
  explicit Pan(const Setup& setup) : law_(V(float(setup.choice(kLaw)))) {}

  void process(Block<V> b) {
    Ramp<V> position = b.ramp(kPosition);
    Law law = Law(int(lane(law_, 0)));  // the bank's key
    auto right = [&](int index) {
      return min(max(madd(position.at(index), V(0.5f), V(0.5f)), V(0.f)), V(1.f));
    };
    if (b.channels() == 1) {
      scale(b, 0, 0, [&](int index) { return side_gain(law, V(1.f) - right(index)); });
      scale(b, 0, 1, [&](int index) { return side_gain(law, right(index)); });
    } else {
      // A parabola whatever the law: it leaves the centre without a corner.
      auto balance = [](V amount) {
        V share = amount + amount;
        return select(amount < V(0.5f), share * (V(2.f) - share), V(1.f));
      };
      scale(b, 0, 0, [&](int index) { return balance(V(1.f) - right(index)); });
      scale(b, 1, 1, [&](int index) { return balance(right(index)); });
    }
  }

 private:
  V law_;
};

/// Into surround and ambisonics: a stereo sound as two, a room's half apart from left to right.
template <class V>
class WidePan {
 public:
  explicit WidePan(const Setup& setup) : law_(float(setup.choice(kLaw))), layout_(float(layout_of(setup))) {}

  void process(Block<V> b) {
    const int sides = b.channels();
    glide_.run(
        b, [&](int index, uint64_t, V* gains) { design(b, index, gains); },
        [&](auto frames) {
          for (int c = 0; c < b.own_channels(); c++)
            for (int i = frames.first; i < frames.first + frames.count; i++) {
              V sound = b.in(0)[i] * frames.c(c, i);
              if (sides == 2) sound = madd(b.in(1)[i], frames.c(kMostChannels + c, i), sound);
              b.out(c)[i] = sound;
            }
        });
  }

 private:
  void design(const Block<V>& b, int index, V* gains) const {
    const V x = b.ramp(kPosition).at(index), y = b.ramp(kFront).at(index), z = b.ramp(kHeight).at(index), lfe = b.ramp(kLfeLevel).at(index);
    for (int side = 0; side < b.channels(); side++) {
      const V at = b.channels() == 1 ? x : x + V(side == 0 ? -1.f : 1.f);
      place(b.own_channels(), max(min(at, V(1.f)), V(-1.f)), y, z, lfe, gains + side * kMostChannels);
    }
  }
  void place(int channels, V x, V y, V z, V lfe, V* gains) const {
    const auto layout = Layout(int(lane(layout_, 0)));  // the bank's key, as is the law
    const auto law = Law(int(lane(law_, 0)));
    if (layout >= Layout::ambisonic_1) return ambisonic_gains(y, -x, z, gains);
    const bool has_sides = layout == Layout::surround_7_1 || layout == Layout::surround_7_1_4, has_top = layout == Layout::surround_5_1_4 || layout == Layout::surround_7_1_4;
    // Eased at both ends, so that a sound that passes a loudspeaker leaves it without a corner.
    const auto share = [law](V amount) {
      const V held = max(min(amount, V(1.f)), V(0.f));
      return side_gain(law, held * held * (V(3.f) - held - held));
    };
    for (int c = 0; c < channels; c++) {
      const Speaker& s = has_sides ? kOf71[c] : kOf51[c];
      gains[c] = s.lfe ? lfe : speaker_gain(s, has_sides, has_top, x, y, max(z, V(0.f)), share);
    }
  }

  V law_, layout_;
  Gliding<V, 2 * kMostChannels> glide_;  ///< [side][channel]
};

}  // namespace

extern constexpr NodeType pan = declared({
    .id = "pan",
    .label = "Pan",
    .doc = "Places a sound between left and right, or in a room of loudspeakers or ambisonics; balances a stereo one.",
    .category = "level",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .kernels = kLaneKernels<Pan>,
    .format = [](const Setup& setup) { return format_of(layout_of(setup)); },
    .bank_key = [](const Setup& setup) { return uint64_t(setup.choice(kLaw)); },
    .never_louder = true,
    .wide_kernels = kLaneKernels<WidePan>,
});

}  // namespace mixgraph::MIXGRAPH_ISA

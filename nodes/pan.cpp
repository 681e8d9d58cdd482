#include "nodes/dsp/scale.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kPosition, kLaw };
enum Law { kSine, kLinear, kCompromise };
constexpr std::string_view kLaws[] = {"sine", "linear", "compromise"};
constexpr Parameter kParameters[] = {
    {.id = "position",
     .label = "Pan",
     .doc = "From left, -1, to right, 1; balance if the input is stereo.",
     .min = -1,
     .max = 1,
     .main = true},
    {.id = "law",
     .label = "Law",
     .doc = "A mono sound's level in the centre: -3 dB (constant power), -6 dB (constant sum) or -4.5 dB.",
     .curve = Curve::stepped,
     .max = 2,
     .choices = kLaws,
     .update = Update::rebuild},
};
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out", 2}};

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

}  // namespace

extern constexpr NodeType pan = declared({
    .id = "pan",
    .label = "Pan",
    .doc = "Places a mono sound between left and right, or balances a stereo one.",
    .category = "level",
    .inputs = kIn,
    .outputs = kOut,
    .parameters = kParameters,
    .kernels = kLaneKernels<Pan>,
    .bank_key = [](const Setup& setup) { return uint64_t(setup.choice(kLaw)); },
    .never_louder = true,
});

}  // namespace mixgraph::MIXGRAPH_ISA

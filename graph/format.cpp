#include "graph/format.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include "graph/harmonics.h"

namespace mixgraph {
namespace {

// Angles are in degrees; the azimuth grows to the left, as that of BS.2051 and of AmbiX does.
constexpr double kUpper = 30;  // the elevation of the upper layer
constexpr double kRadians = 3.14159265358979323846 / 180;
constexpr double kGoldenTurn = 137.50776405003785;
constexpr double kSilence = -90;  // dB
constexpr int kMostSpeakers = 12;

struct Speaker {
  const char* name;
  double azimuth, elevation;
  bool lfe = false;
};
constexpr Speaker kLeft{"L", 30, 0}, kRight{"R", -30, 0}, kCentre{"C", 0, 0}, kBass{"LFE", 0, 0, true};
constexpr Speaker kUpper4[] = {{"Ltf", 45, kUpper}, {"Rtf", -45, kUpper}, {"Ltr", 135, kUpper}, {"Rtr", -135, kUpper}};
constexpr Speaker kSpeakers5[] = {kLeft,      kRight,     kCentre,    kBass,      {"Ls", 110, 0}, {"Rs", -110, 0},
                                  kUpper4[0], kUpper4[1], kUpper4[2], kUpper4[3]};
constexpr Speaker kSpeakers7[] = {kLeft,           kRight,           kCentre,    kBass,      {"Lss", 90, 0}, {"Rss", -90, 0},
                                  {"Lrs", 135, 0}, {"Rrs", -135, 0}, kUpper4[0], kUpper4[1], kUpper4[2],     kUpper4[3]};

/// What a layout is made of: loudspeakers of the lower layer and of the upper one, or spherical harmonics up to an order.
struct Shape {
  Layout layout;
  const char* name;
  int lower = 0, upper = 0, order = 0;
  int channels() const { return order ? (order + 1) * (order + 1) : lower + upper; }
};
constexpr Shape kShapes[] = {{Layout::none, "no format"},
                             {Layout::discrete, "discrete channels"},
                             {Layout::mono, "mono", 1},
                             {Layout::stereo, "stereo", 2},
                             {Layout::surround_5_1, "5.1", 6},
                             {Layout::surround_7_1, "7.1", 8},
                             {Layout::surround_5_1_4, "5.1.4", 6, 4},
                             {Layout::surround_7_1_4, "7.1.4", 8, 4},
                             {Layout::ambisonic_1, "ambisonic 1", 0, 0, 1},
                             {Layout::ambisonic_2, "ambisonic 2", 0, 0, 2},
                             {Layout::ambisonic_3, "ambisonic 3", 0, 0, 3}};
constexpr int kStereo = 2, k5 = 6, k7 = 8;        // channels of the lower layer
enum { kL, kR, kC, kLfe, kLs, kRs, kLrs, kRrs };  // channels in the lower layer
enum { kLtf, kRtf, kLtr, kRtr };                  // and in the upper one

const Shape& shape_of(Layout layout) {
  const Shape& shape = kShapes[size_t(layout)];
  assert(shape.layout == layout);
  return shape;
}

const Shape& shape_of(Format format) {
  const Shape& shape = shape_of(format.layout);
  assert(shape.channels() == 0 || shape.channels() == format.channels);
  return shape;
}

std::span<const Speaker> speakers_of(const Shape& shape) {
  if (shape.lower == 1) return {&kCentre, 1};
  return {shape.lower == k7 ? kSpeakers7 : kSpeakers5, size_t(shape.channels())};
}

double gain_of(double decibels) { return decibels <= kSilence ? 0 : std::pow(10, decibels / 20); }

/// A FormatMatrix while it is computed.
class Gains {
 public:
  Gains(int to, int from) : to_(to), from_(from), gains_(size_t(to) * size_t(from)) {}
  static Gains passing(int to, int from) {
    Gains g(to, from);
    for (int i = 0; i < std::min(to, from); i++) g.at(i, i) = 1;
    return g;
  }
  double& at(int t, int f) { return gains_[size_t(t * from_ + f)]; }
  double at(int t, int f) const { return gains_[size_t(t * from_ + f)]; }

  Gains after(const Gains& first) const {
    Gains both(to_, first.from_);
    for (int t = 0; t < to_; t++)
      for (int f = 0; f < first.from_; f++)
        for (int i = 0; i < from_; i++) both.at(t, f) += at(t, i) * first.at(i, f);
    return both;
  }
  operator FormatMatrix() const {
    FormatMatrix matrix(to_, from_);
    for (int t = 0; t < to_; t++)
      for (int f = 0; f < from_; f++) matrix.at(t, f) = float(at(t, f));
    return matrix;
  }

 private:
  int to_, from_;
  std::vector<double> gains_;
};

// The rear ones of the upper layer go into the last pair of the lower layer: the rears, or the surrounds.
Gains without_upper(int lower, double height) {
  Gains g = Gains::passing(lower, lower + int(std::size(kUpper4)));
  g.at(kL, lower + kLtf) = g.at(kR, lower + kRtf) = height;
  g.at(lower - 2, lower + kLtr) = g.at(lower - 1, lower + kRtr) = height;
  return g;
}

Gains without_rears(int upper, double rear) {
  Gains g = Gains::passing(k5 + upper, k7 + upper);
  for (int i = 0; i < upper; i++) g.at(k5 + i, k5 + i) = 0, g.at(k5 + i, k7 + i) = 1;
  g.at(kLs, kLrs) = rear, g.at(kRs, kRrs) = rear;
  return g;
}

Gains to_stereo(const Downmix& downmix) {
  Gains g = Gains::passing(kStereo, k5);
  g.at(kL, kC) = g.at(kR, kC) = gain_of(downmix.centre);
  g.at(kL, kLfe) = g.at(kR, kLfe) = gain_of(downmix.lfe);
  g.at(kL, kLs) = g.at(kR, kRs) = gain_of(downmix.surround);
  return g;
}

Gains to_mono() {
  Gains g(1, kStereo);
  g.at(0, kL) = g.at(0, kR) = 0.5;
  return g;
}

Gains folded(const Shape& from, int lower, int upper, const Downmix& downmix) {
  Gains g = Gains::passing(from.channels(), from.channels());
  if (upper < from.upper) g = without_upper(from.lower, gain_of(downmix.height)).after(g);
  if (lower < k7 && from.lower == k7) g = without_rears(upper, gain_of(downmix.rear)).after(g);
  if (lower < k5 && from.lower >= k5) g = to_stereo(downmix).after(g);
  if (lower < kStereo && from.lower >= kStereo) g = to_mono().after(g);
  return g;
}

Gains unfolded(int lower, int upper, const Shape& to) {
  Gains g(to.channels(), lower + upper);
  for (int i = 0; i < lower; i++) g.at(i, i) = 1;
  for (int i = 0; i < upper; i++) g.at(to.lower + i, lower + i) = 1;
  if (lower == 1 && to.lower == kStereo) g.at(kR, 0) = 1;
  if (lower == 1 && to.lower > kStereo) g.at(kL, 0) = 0, g.at(kC, 0) = 1;
  return g;
}

/// By way of what they have in common.
Gains refolded(const Shape& from, const Shape& to, const Downmix& downmix) {
  const int lower = std::min(from.lower, to.lower), upper = std::min(from.upper, to.upper);
  return unfolded(lower, upper, to).after(folded(from, lower, upper, downmix));
}

using Harmonics = std::array<double, baseline::kHarmonics>;

int order_of_channel(int acn) { return acn < 1 ? 0 : acn < 4 ? 1 : acn < 9 ? 2 : 3; }

/// The real spherical harmonics of a direction, in ACN order and SN3D.
Harmonics harmonics(double azimuth, double elevation) {
  const double a = azimuth * kRadians, e = elevation * kRadians;
  Harmonics all;
  baseline::spherical_harmonics(std::cos(a) * std::cos(e), std::sin(a) * std::cos(e), std::sin(e), all.data());
  return all;
}

Gains encoder(const Shape& from, const Shape& to) {
  const auto speakers = speakers_of(from);
  Gains g(to.channels(), from.channels());
  for (size_t s = 0; s < speakers.size(); s++) {
    if (speakers[s].lfe) continue;
    const Harmonics y = harmonics(speakers[s].azimuth, speakers[s].elevation);
    for (int acn = 0; acn < to.channels(); acn++) g.at(acn, int(s)) = y[size_t(acn)];
  }
  return g;
}

using Panned = std::array<double, kMostSpeakers>;

/// How far a direction lies to the left of another.
double left_of(double azimuth, double other) {
  const double angle = std::fmod(azimuth - other, 360);
  return angle < 0 ? angle + 360 : angle;
}

/// To the two loudspeakers of a layer that a direction lies between.
Panned between_two(std::span<const Speaker> speakers, double azimuth, double layer) {
  size_t left = speakers.size(), right = left;
  double to_left = 360, to_right = 360;
  for (size_t i = 0; i < speakers.size(); i++) {
    const Speaker& s = speakers[i];
    if (s.lfe || s.elevation != layer) continue;
    if (const double angle = left_of(s.azimuth, azimuth); angle < to_left) to_left = angle, left = i;
    if (const double angle = left_of(azimuth, s.azimuth); angle < to_right) to_right = angle, right = i;
  }
  const double at = left == right ? 0 : 90 * to_right / (to_left + to_right);
  Panned gains{};
  gains[left] = std::sin(at * kRadians);
  gains[right] = std::cos(at * kRadians);
  return gains;
}

// What is behind sounds as what is in front; what is outside of the loudspeakers comes from the nearer one.
double in_front(double azimuth) {
  const double around = std::remainder(azimuth, 360), folded = std::abs(around) > 90 ? std::copysign(180, around) - around : around;
  return std::clamp(folded, kRight.azimuth, kLeft.azimuth);
}

Panned in_upper_layer(const Shape& shape, double azimuth, double elevation) {
  const double to_zenith = std::clamp((elevation - kUpper) / (90 - kUpper), 0., 1.) * 90 * kRadians;
  Panned gains = between_two(speakers_of(shape), azimuth, kUpper);
  for (int i = shape.lower; i < shape.channels(); i++)
    gains[size_t(i)] = std::hypot(std::cos(to_zenith) * gains[size_t(i)], std::sin(to_zenith) / std::sqrt(shape.upper));
  return gains;
}

/// The gains of constant power by which a direction comes from loudspeakers.
Panned panned(const Shape& shape, double azimuth, double elevation) {
  const Panned lower = between_two(speakers_of(shape), shape.lower == kStereo ? in_front(azimuth) : azimuth, 0);
  if (shape.upper == 0 || elevation <= 0) return lower;
  const Panned upper = in_upper_layer(shape, azimuth, elevation);
  const double raised = std::min(elevation / kUpper, 1.) * 90 * kRadians;
  Panned gains;
  for (size_t i = 0; i < gains.size(); i++) gains[i] = std::cos(raised) * lower[i] + std::sin(raised) * upper[i];
  return gains;
}

double max_re_weight(int order, int of_channel) {
  const double x = std::cos(137.9 / (order + 1.51) * kRadians);
  const double legendre[] = {1, x, (3 * x * x - 1) / 2, (5 * x * x * x - 3 * x) / 2};
  return legendre[of_channel];
}

/// Directions that are evenly spread (a Fibonacci sphere), each with its mirror images, so that decoders are as symmetrical as the
/// loudspeakers are.
template <class Use>
void each_direction(const Use& use) {
  constexpr int kCount = 512;
  for (int i = 0; i < kCount; i++) {
    const double elevation = std::asin(1 - (2 * i + 1.) / kCount) / kRadians, azimuth = std::remainder(kGoldenTurn * i, 360);
    for (const double a : {azimuth, -azimuth, 180 - azimuth, azimuth - 180}) use(a, elevation), use(a, -elevation);
  }
}

/// What loudspeakers get of each harmonic when the directions play what they encode.
Gains panned_harmonics(const Shape& from, const Shape& to) {
  Gains g(to.channels(), from.channels());
  each_direction([&](double azimuth, double elevation) {
    const Panned gains = panned(to, azimuth, elevation);
    const Harmonics y = harmonics(azimuth, elevation);
    for (int s = 0; s < to.channels(); s++)
      for (int acn = 0; acn < from.channels(); acn++) g.at(s, acn) += gains[size_t(s)] * y[size_t(acn)];
  });
  return g;
}

// For the energy: over all directions, the mean of a harmonic's square is 1 / (2 n + 1) and that of two different ones' product is 0.
Gains decoder(const Shape& from, const Shape& to) {
  if (to.lower == 1) return Gains::passing(1, from.channels());
  Gains g = panned_harmonics(from, to);
  double energy = 0;
  for (int acn = 0; acn < from.channels(); acn++) {
    const int n = order_of_channel(acn);
    for (int s = 0; s < to.channels(); s++) {
      g.at(s, acn) *= (2 * n + 1) * max_re_weight(from.order, n);
      energy += g.at(s, acn) * g.at(s, acn) / (2 * n + 1);
    }
  }
  for (int acn = 0; acn < from.channels(); acn++)
    for (int s = 0; s < to.channels(); s++) g.at(s, acn) /= std::sqrt(energy);
  return g;
}

bool means_something(const Shape& shape) { return shape.lower > 0 || shape.order > 0; }

std::string what_would_do(Format a, Format b) {
  if (a.layout == Layout::none || b.layout == Layout::none) return "a format that is known";
  return "a format of as many channels as there are discrete ones: " + std::to_string((b.layout == Layout::discrete ? b : a).channels);
}

Format most_of(const Shape& a, const Shape& b) {
  if (a.order || b.order) return format_of(a.order > b.order ? a.layout : b.layout);
  const auto has_all = [&](const Shape& s) { return s.lower == std::max(a.lower, b.lower) && s.upper == std::max(a.upper, b.upper); };
  return format_of(std::find_if(std::begin(kShapes), std::end(kShapes), has_all)->layout);
}

}  // namespace

Format format_of(Layout layout, int channels) { return {layout, layout == Layout::discrete ? channels : shape_of(layout).channels()}; }

Format usual_format(int channels) {
  for (const Layout layout : {Layout::surround_5_1, Layout::surround_7_1, Layout::surround_5_1_4, Layout::surround_7_1_4})
    if (channels == shape_of(layout).channels()) return format_of(layout);
  return Format(channels);
}

static_assert(std::size(kFormatChoices) == std::size(kShapes) - size_t(Layout::mono) + 1);  // those from mono on, after `auto`
Format chosen_format(int choice) { return choice == 0 ? Format() : format_of(Layout(choice - 1 + int(Layout::mono))); }

std::string name_of(Format format) {
  if (format.layout != Layout::discrete) return shape_of(format.layout).name;
  return std::to_string(format.channels) + (format.channels == 1 ? " discrete channel" : " discrete channels");
}

std::string channel_name(Format format, int channel) {
  const Shape& shape = shape_of(format);
  const char* const first_order[] = {"W", "Y", "Z", "X"};
  if (shape.order) return channel < 4 ? first_order[channel] : "ACN " + std::to_string(channel);
  return channel < shape.channels() ? speakers_of(shape)[size_t(channel)].name : std::to_string(channel + 1);
}

bool is_of_speakers(Layout layout) { return shape_of(layout).lower > 0; }

int ambisonic_order(Layout layout) { return shape_of(layout).order; }

Result<FormatMatrix> conversion(Format from, Format to, const Downmix& downmix) {
  const Shape &f = shape_of(from), &t = shape_of(to);
  const bool is_discrete = from.layout == Layout::discrete || to.layout == Layout::discrete;
  if (from == to || (is_discrete && from.channels == to.channels)) return FormatMatrix(Gains::passing(to.channels, from.channels));
  if (!means_something(f) || !means_something(t))
    return Problem{"", name_of(from) + " can't become " + name_of(to), what_would_do(from, to)};
  if (f.order && t.order) return FormatMatrix(Gains::passing(to.channels, from.channels));
  if (f.order) return FormatMatrix(decoder(f, t));
  return FormatMatrix(t.order ? encoder(f, t) : refolded(f, t, downmix));
}

Result<Format> joined(Format a, Format b) {
  if (a == b || b.layout == Layout::none) return a;
  if (a.layout == Layout::none) return b;
  // Of as many channels, the one that knows where they belong.
  if (a.channels == b.channels && a.layout == Layout::discrete) return b;
  if (a.channels == b.channels && b.layout == Layout::discrete) return a;
  const Shape &one = shape_of(a), &other = shape_of(b);
  if (means_something(one) && means_something(other)) return most_of(one, other);
  return Problem{"", name_of(a) + " and " + name_of(b) + " can't become one format", what_would_do(a, b)};
}

double loudness_weight(Format format, int channel) {
  const Shape& shape = shape_of(format);
  if (shape.order) return channel == 0 ? 1 : 0;
  if (shape.lower == 0) return 1;
  const Speaker& s = speakers_of(shape)[size_t(channel)];
  const double side = std::abs(s.azimuth);
  return s.lfe ? 0 : side >= 60 && side <= 120 && s.elevation < kUpper ? 1.41 : 1;
}

}  // namespace mixgraph

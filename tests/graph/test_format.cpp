// Formats: what becomes of loudspeakers' and of ambisonics' channels on the way to other formats.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

#include "graph/format.h"

using namespace mixgraph;

namespace {

constexpr float kHalfPower = 0.70710678f;
constexpr double kRadians = 3.14159265358979323846 / 180;
constexpr Downmix kUncommon{.centre = -4.5, .surround = -6, .rear = -1.5, .height = -2, .lfe = -10};
const Format kMono(1), kStereo(2), k51 = format_of(Layout::surround_5_1), k71 = format_of(Layout::surround_7_1),
    k514 = format_of(Layout::surround_5_1_4), k714 = format_of(Layout::surround_7_1_4);
const std::vector<Format> kSpeakers{kMono, kStereo, k51, k71, k514, k714};
const std::vector<Format> kAmbisonics{format_of(Layout::ambisonic_1), format_of(Layout::ambisonic_2), format_of(Layout::ambisonic_3)};

std::vector<Format> all_formats() {
  std::vector<Format> all{Format()};
  for (int n = 1; n <= kMostChannels; n++) all.emplace_back(Layout::discrete, n);
  all.insert(all.end(), kSpeakers.begin(), kSpeakers.end());
  all.insert(all.end(), kAmbisonics.begin(), kAmbisonics.end());
  return all;
}

FormatMatrix matrix(Format from, Format to, const Downmix& downmix = {}) {
  auto result = conversion(from, to, downmix);
  REQUIRE(result);
  CHECK(result->from() == from.channels);
  CHECK(result->to() == to.channels);
  return *result;
}

FormatMatrix product(const FormatMatrix& second, const FormatMatrix& first) {
  FormatMatrix both(second.to(), first.from());
  for (int t = 0; t < both.to(); t++)
    for (int f = 0; f < both.from(); f++)
      for (int i = 0; i < first.to(); i++) both.at(t, f) += second.at(t, i) * first.at(i, f);
  return both;
}

FormatMatrix identity(int channels) {
  FormatMatrix m(channels, channels);
  for (int i = 0; i < channels; i++) m.at(i, i) = 1;
  return m;
}

double difference(const FormatMatrix& a, const FormatMatrix& b) {
  REQUIRE((a.to() == b.to() && a.from() == b.from()));
  double most = 0;
  for (int t = 0; t < a.to(); t++)
    for (int f = 0; f < a.from(); f++) most = std::max(most, std::abs(double(a.at(t, f)) - b.at(t, f)));
  return most;
}

std::vector<float> row(const FormatMatrix& m, int to) {
  std::vector<float> gains;
  for (int f = 0; f < m.from(); f++) gains.push_back(m.at(to, f));
  return gains;
}

/// A plane wave, in ACN order and SN3D, by the general formula.
std::vector<double> wave(int order, double azimuth, double elevation) {
  std::vector<double> channels;
  for (int n = 0; n <= order; n++)
    for (int m = -n; m <= n; m++) {
      const unsigned k = unsigned(std::abs(m));
      const double norm = std::sqrt((m ? 2 : 1) * std::tgamma(n - int(k) + 1) / std::tgamma(n + int(k) + 1));
      const double turn = m < 0 ? std::sin(k * azimuth * kRadians) : std::cos(k * azimuth * kRadians);
      channels.push_back(norm * std::assoc_legendre(unsigned(n), k, std::sin(elevation * kRadians)) * turn);
    }
  return channels;
}

std::vector<double> heard(const FormatMatrix& m, const std::vector<double>& channels) {
  std::vector<double> out(size_t(m.to()));
  for (int t = 0; t < m.to(); t++)
    for (int f = 0; f < m.from(); f++) out[size_t(t)] += m.at(t, f) * channels[size_t(f)];
  return out;
}

double energy(const std::vector<double>& gains) {
  double sum = 0;
  for (const double g : gains) sum += g * g;
  return sum;
}

double mean_energy(const FormatMatrix& m, int order) {
  double sum = 0, all = 0;
  for (int elevation = -88; elevation < 90; elevation += 4)
    for (int azimuth = 0; azimuth < 360; azimuth += 4) {
      const double weight = std::cos(elevation * kRadians);
      sum += weight * energy(heard(m, wave(order, azimuth, elevation))), all += weight;
    }
  return sum / all;
}

constexpr double kLfe = 1000;  // not an azimuth
const std::vector<double> kAround5{30, -30, 0, kLfe, 110, -110}, kAround7{30, -30, 0, kLfe, 90, -90, 135, -135};

/// The azimuth of the energy vector: where a listener hears it.
double heard_azimuth(const std::vector<double>& gains, const std::vector<double>& places) {
  double x = 0, y = 0;
  for (size_t i = 0; i < gains.size(); i++) {
    if (places[i] == kLfe) continue;
    x += gains[i] * gains[i] * std::cos(places[i] * kRadians), y += gains[i] * gains[i] * std::sin(places[i] * kRadians);
  }
  return std::atan2(y, x) / kRadians;
}

double worst_azimuth(const FormatMatrix& m, int order, const std::vector<double>& places, int up_to) {
  double worst = 0;
  for (int a = -up_to; a <= up_to; a++)
    worst = std::max(worst, std::abs(std::remainder(heard_azimuth(heard(m, wave(order, a, 0)), places) - a, 360)));
  return worst;
}

FormatMatrix mirrored(FormatMatrix m) {
  for (int f = 0; f < m.from(); f++)
    for (const int pair : {0, 4}) std::swap(m.at(pair, f), m.at(pair + 1, f));
  return m;
}

/// The weights of each order in a decoder to stereo, whose left loudspeaker gets what integrals over the azimuth alone tell.
std::vector<double> weights_in(const FormatMatrix& m, int order) {
  double w = 0, y = 0, cos2 = 0, sin3 = 0;
  for (double a = -179.95; a < 180; a += 0.1) {
    const double side = std::asin(std::sin(a * kRadians)) / kRadians, left = std::sin((std::clamp(side, -30., 30.) + 30) / 60 * 90 * kRadians);
    w += left, y += left * std::sin(a * kRadians), cos2 += left * std::cos(2 * a * kRadians), sin3 += left * std::sin(3 * a * kRadians);
  }
  const double pi = 180 * kRadians;  // the factors are the means over the sphere of cosine, its square and its cube
  const double expected[] = {pi / 4 * y / w, std::sqrt(3.) / 2 * 2 / 3 * cos2 / w, std::sqrt(5. / 8) * 3 * pi / 16 * sin3 / w};
  const int channels[] = {1, 8, 9};
  std::vector<double> weights;
  for (int n = 1; n <= order; n++) weights.push_back(double(m.at(0, channels[n - 1])) / m.at(0, 0) / (2 * n + 1) / expected[n - 1]);
  return weights;
}

}  // namespace

TEST_CASE("formats have their channels and their names", "[format]") {
  CHECK(format_of(Layout::none) == Format());
  CHECK(format_of(Layout::discrete, 3) == Format(3));
  CHECK(format_of(Layout::discrete, 2) != Format(2));
  CHECK(usual_format(6) == k51);
  CHECK(usual_format(8) == k71);
  CHECK(usual_format(10) == k514);
  CHECK(usual_format(12) == k714);
  for (const int n : {0, 1, 2, 3, 4, 5, 7, 9, 11, 16}) CHECK(usual_format(n) == Format(n));
  CHECK(name_of(kMono) == "mono");
  CHECK(name_of(k714) == "7.1.4");
  CHECK(name_of(kAmbisonics[2]) == "ambisonic 3");
  CHECK(name_of(Format(3)) == "3 discrete channels");
  CHECK(name_of({Layout::discrete, 1}) == "1 discrete channel");
  std::string names;
  for (const Format f : {kStereo, k514, k71, kAmbisonics[1], Format(3)})
    for (int c = 0; c < f.channels; c++) names += channel_name(f, c) + (c + 1 < f.channels ? " " : "\n");
  CHECK(names ==
        "L R\n"
        "L R C LFE Ls Rs Ltf Rtf Ltr Rtr\n"
        "L R C LFE Lss Rss Lrs Rrs\n"
        "W Y Z X ACN 4 ACN 5 ACN 6 ACN 7 ACN 8\n"
        "1 2 3\n");
  for (size_t c = 1; c < std::size(kFormatChoices); c++) {
    std::string name(kFormatChoices[c]);
    std::replace(name.begin(), name.end(), '_', ' ');
    CHECK(name_of(chosen_format(int(c))) == name);
  }
  CHECK(chosen_format(0) == Format());
  for (const Format f : all_formats()) CHECK(format_of(f.layout, f.channels) == f);
  for (const Format f : kSpeakers) CHECK((is_of_speakers(f.layout) && ambisonic_order(f.layout) == 0));
  for (int n = 1; n <= 3; n++) CHECK((!is_of_speakers(kAmbisonics[size_t(n - 1)].layout) && ambisonic_order(kAmbisonics[size_t(n - 1)].layout) == n));
  CHECK_FALSE(is_of_speakers(Layout::discrete));
}

TEST_CASE("surround folds into stereo by the table of BS.775", "[format]") {
  const FormatMatrix m = matrix(k51, kStereo);
  CHECK(row(m, 0) == std::vector<float>{1, 0, kHalfPower, 0, kHalfPower, 0});
  CHECK(row(m, 1) == std::vector<float>{0, 1, kHalfPower, 0, 0, kHalfPower});
  // Its mono is louder by what the mean of two sides takes off.
  const std::vector<float> table{kHalfPower, kHalfPower, 1, 0, 0.5f, 0.5f};
  for (int c = 0; c < 6; c++) CHECK(matrix(k51, kMono).at(0, c) == Approx(table[size_t(c)] * kHalfPower));
}

TEST_CASE("the levels of a downmix are those that are asked for", "[format]") {
  const auto gain = [](double decibels) { return float(std::pow(10, decibels / 20)); };
  CHECK(row(matrix(k51, kStereo, kUncommon), 0) == std::vector<float>{1, 0, gain(-4.5), gain(-10), gain(-6), 0});
  CHECK(row(matrix(k71, k51, kUncommon), 4) == std::vector<float>{0, 0, 0, 0, 1, 0, gain(-1.5), 0});
  CHECK(row(matrix(k514, k51, kUncommon), 5) == std::vector<float>{0, 0, 0, 0, 0, 1, 0, 0, 0, gain(-2)});
  CHECK(row(matrix(k714, k71, kUncommon), 1) == std::vector<float>{0, 1, 0, 0, 0, 0, 0, 0, 0, gain(-2), 0, 0});
  CHECK(row(matrix(k714, k71, kUncommon), 6) == std::vector<float>{0, 0, 0, 0, 0, 0, 1, 0, 0, 0, gain(-2), 0});
  CHECK(row(matrix(k51, kStereo, {.centre = -90, .surround = -120}), 0) == std::vector<float>{1, 0, 0, 0, 0, 0});
  CHECK(matrix(k51, kStereo, {.lfe = -89.9}).at(1, 3) > 0);
}

TEST_CASE("loudspeakers fold step by step", "[format]") {
  const FormatMatrix down = matrix(k71, k51, kUncommon), to_stereo = matrix(k51, kStereo, kUncommon), to_mono = matrix(kStereo, kMono);
  const FormatMatrix step = product(down, matrix(k714, k71, kUncommon));
  CHECK(difference(matrix(k714, k51, kUncommon), step) < 1e-6);
  CHECK(difference(matrix(k714, kStereo, kUncommon), product(to_stereo, step)) < 1e-6);
  CHECK(difference(matrix(k714, kMono, kUncommon), product(to_mono, product(to_stereo, step))) < 1e-6);
  CHECK(difference(matrix(k71, kStereo, kUncommon), product(to_stereo, down)) < 1e-6);
  CHECK(difference(matrix(k514, kStereo, kUncommon), product(to_stereo, matrix(k514, k51, kUncommon))) < 1e-6);
  CHECK(difference(matrix(k71, k514), product(matrix(k51, k514), matrix(k71, k51))) < 1e-6);
  CHECK(difference(matrix(k514, k71), product(matrix(k51, k71), matrix(k514, k51))) < 1e-6);
  // By way of 5.1.4, what is behind and above doesn't pass the rears: it is the same where these keep their level.
  const auto by_514 = [](const Downmix& d) { return product(matrix(k514, k51, d), matrix(k714, k514, d)); };
  CHECK(difference(matrix(k714, k51), by_514({})) < 1e-6);
  CHECK(difference(matrix(k714, k51, kUncommon), by_514(kUncommon)) > 0.1);
}

TEST_CASE("mono, stereo and the centre become each other exactly", "[format]") {
  CHECK(row(matrix(kStereo, kMono), 0) == std::vector<float>{0.5f, 0.5f});
  CHECK(row(matrix(kMono, kStereo), 0) == std::vector<float>{1});
  CHECK(row(matrix(kMono, kStereo), 1) == std::vector<float>{1});
  for (const Format f : {k51, k71, k514, k714})
    for (int c = 0; c < f.channels; c++) CHECK(matrix(kMono, f).at(c, 0) == (channel_name(f, c) == "C" ? 1 : 0));
}

TEST_CASE("any format becomes any other or is refused by name", "[format]") {
  int converted = 0, refused = 0;
  for (const Format from : all_formats())
    for (const Format to : all_formats()) {
      const bool is_discrete = from.layout == Layout::discrete || to.layout == Layout::discrete;
      const bool is_none = from.layout == Layout::none || to.layout == Layout::none;
      const bool expected = from == to || (!is_none && (!is_discrete || from.channels == to.channels));
      auto result = conversion(from, to, {});
      CAPTURE(name_of(from), name_of(to));
      REQUIRE(bool(result) == expected);
      if (expected) {
        converted++;
        CHECK((result->to() == to.channels && result->from() == from.channels));
        if (is_discrete || from == to) CHECK(difference(*result, identity(to.channels)) == 0);
        continue;
      }
      refused++;
      REQUIRE(result.problems().size() == 1);
      const Problem& p = result.problems()[0];
      CHECK(p.where.empty());
      CHECK(p.what == name_of(from) + " can't become " + name_of(to));
      CHECK_FALSE(p.hint.empty());
    }
  CHECK(converted == 1 + 16 + 9 * 9 + 2 * 9);
  CHECK(refused == 26 * 26 - converted);
}

TEST_CASE("what two formats join to doesn't depend on which comes first", "[format]") {
  for (const Format a : all_formats())
    for (const Format b : all_formats()) {
      CAPTURE(name_of(a), name_of(b));
      auto ab = joined(a, b), ba = joined(b, a);
      REQUIRE(bool(ab) == bool(ba));
      if (ab) {
        CHECK(*ab == *ba);
        if (a.layout != Layout::none) CHECK(conversion(a, *ab, {}));
        continue;
      }
      CHECK((a.layout == Layout::discrete || b.layout == Layout::discrete));
      CHECK(ab.problems()[0].what == name_of(a) + " and " + name_of(b) + " can't become one format");
    }
}

TEST_CASE("formats join to the one that the other can become", "[format]") {
  CHECK(*joined({}, k51) == k51);
  CHECK(*joined({}, {}) == Format());
  CHECK(*joined(kMono, kStereo) == kStereo);
  CHECK(*joined(kMono, k51) == k51);
  CHECK(*joined(k71, k514) == k714);
  CHECK(*joined(k71, k51) == k71);
  CHECK(*joined(k514, kStereo) == k514);
  CHECK(*joined(kAmbisonics[2], kAmbisonics[0]) == kAmbisonics[2]);
  CHECK(*joined(kAmbisonics[0], k714) == kAmbisonics[0]);
  CHECK(*joined({Layout::discrete, 6}, k51) == k51);
  CHECK(*joined({Layout::discrete, 4}, kAmbisonics[0]) == kAmbisonics[0]);
  CHECK(*joined(Format(3), Format(3)) == Format(3));
  CHECK_FALSE(joined(Format(3), Format(4)));
  CHECK_FALSE(joined(kMono, Format(3)));
  CHECK(joined(kMono, Format(3)).problems()[0].text() ==
        "mono and 3 discrete channels can't become one format; a format of as many channels as there are discrete ones: 3");
}

TEST_CASE("what has become the joined format comes back as it was", "[format]") {
  const auto there_and_back = [](Format from, Format by) { return product(matrix(by, from), matrix(from, by)); };
  for (const Format a : kSpeakers)
    for (const Format b : kSpeakers) {
      const Format by = *joined(a, b);
      CAPTURE(name_of(a), name_of(by));
      FormatMatrix same = identity(a.channels);
      if (a == kMono && by.channels > 2) same.at(0, 0) = kHalfPower;  // the centre's level in BS.775
      CHECK(difference(there_and_back(a, by), same) < 1e-6);
    }
  for (const Format a : kAmbisonics)
    for (const Format b : kAmbisonics) CHECK(difference(there_and_back(a, *joined(a, b)), identity(a.channels)) == 0);
  CHECK(difference(there_and_back(k51, kStereo), identity(6)) > 0.1);
}

TEST_CASE("loudspeakers become ambisonics at their places", "[format]") {
  const FormatMatrix m = matrix(kStereo, kAmbisonics[2]);
  const double s = 0.5, c = std::sqrt(0.75), s2 = c, c2 = 0.5, r3 = std::sqrt(3.), r3_8 = std::sqrt(3. / 8), r5_8 = std::sqrt(5. / 8);
  const double left[] = {1, s, 0, c, r3 / 2 * s2, 0, -0.5, 0, r3 / 2 * c2, r5_8, 0, -r3_8 * s, 0, -r3_8 * c, 0, 0};
  for (int acn = 0; acn < 16; acn++) CHECK(m.at(acn, 0) == Approx(left[acn]).margin(1e-7));

  const std::pair<double, double> places[] = {{30, 0},  {-30, 0}, {0, 0},   {0, 0},    {90, 0},   {-90, 0},
                                              {135, 0}, {-135, 0}, {45, 30}, {-45, 30}, {135, 30}, {-135, 30}};
  for (const Format to : kAmbisonics) {
    const FormatMatrix all = matrix(k714, to);
    for (int c7 = 0; c7 < 12; c7++) {
      const auto expected = wave(ambisonic_order(to.layout), places[c7].first, places[c7].second);
      for (int acn = 0; acn < to.channels; acn++)
        CHECK(all.at(acn, c7) == Approx(channel_name(k714, c7) == "LFE" ? 0 : expected[size_t(acn)]).margin(1e-6));
    }
    CHECK(difference(product(matrix(to, kMono), matrix(kMono, to)), identity(1)) == 0);
  }
  CHECK(matrix(k51, kAmbisonics[0]).at(1, 4) == Approx(std::sin(110 * kRadians)));
  CHECK(matrix(k51, kAmbisonics[0]).at(3, 4) < 0);
}

TEST_CASE("ambisonics of a higher order keep what they have in common", "[format]") {
  const FormatMatrix up = matrix(kAmbisonics[0], kAmbisonics[2]), down = matrix(kAmbisonics[2], kAmbisonics[0]);
  for (int high = 0; high < 16; high++)
    for (int low = 0; low < 4; low++) {
      CHECK(up.at(high, low) == (high == low ? 1 : 0));
      CHECK(down.at(low, high) == (high == low ? 1 : 0));
    }
}

TEST_CASE("decoders to loudspeakers weigh the orders by max-rE", "[format]") {
  const std::vector<double> table[] = {{0.577}, {0.775, 0.400}, {0.861, 0.612, 0.305}};
  for (int order = 1; order <= 3; order++) {
    const auto weights = weights_in(matrix(kAmbisonics[size_t(order - 1)], kStereo), order);
    for (size_t n = 0; n < weights.size(); n++) CHECK(weights[n] == Approx(table[order - 1][n]).margin(0.004));
  }
}

TEST_CASE("decoders to loudspeakers have the energy of what they decode", "[format]") {
  for (const Format to : {kStereo, k51, k71, k514, k714})
    for (int order = 1; order <= 3; order++) {
      CAPTURE(name_of(to), order);
      const FormatMatrix m = matrix(kAmbisonics[size_t(order - 1)], to);
      CHECK(mean_energy(m, order) == Approx(1).margin(0.002));
      for (int a = 0; a < 360; a += 5) {
        const double decibels = 10 * std::log10(energy(heard(m, wave(order, a, 0))));
        CHECK(std::abs(decibels) < 2.3);
      }
      if (to.channels > 3) CHECK(row(m, 3) == std::vector<float>(size_t(m.from())));
    }
}

TEST_CASE("decoders to loudspeakers put a plane wave where it comes from", "[format]") {
  const double bounds5[] = {11, 4.5, 8.5}, bounds7[] = {6.5, 4, 3.5};  // degrees, by order
  for (int order = 1; order <= 3; order++) {
    const FormatMatrix to5 = matrix(kAmbisonics[size_t(order - 1)], k51), to7 = matrix(kAmbisonics[size_t(order - 1)], k71);
    CHECK(worst_azimuth(to5, order, kAround5, 110) < bounds5[order - 1]);
    CHECK(worst_azimuth(to7, order, kAround7, 135) < bounds7[order - 1]);
    CHECK(worst_azimuth(mirrored(to5), order, kAround5, 110) > 60);
    CHECK(worst_azimuth(mirrored(to7), order, kAround7, 135) > 60);
  }
}

TEST_CASE("decoders to loudspeakers keep sides, front and height apart", "[format]") {
  const FormatMatrix stereo = matrix(kAmbisonics[2], kStereo), m = matrix(kAmbisonics[2], k714);
  const auto left = heard(stereo, wave(3, 30, 0)), behind = heard(stereo, wave(3, 180, 0)), front = heard(stereo, wave(3, 0, 0));
  CHECK(left[0] > 3 * left[1]);
  CHECK(behind[0] == Approx(front[0]).margin(1e-5));
  CHECK(front[0] == Approx(front[1]).margin(1e-6));
  for (int f = 0; f < 16; f++) {
    const bool changes_sides = f == 1 || f == 4 || f == 5 || (f >= 9 && f <= 11);
    for (const int pair : {0, 4, 6, 8, 10}) CHECK(m.at(pair, f) == Approx(changes_sides ? -m.at(pair + 1, f) : m.at(pair + 1, f)).margin(1e-6));
  }
  const auto above = heard(m, wave(3, 0, 90));
  for (size_t s = 8; s < 12; s++) CHECK(above[s] == Approx(above[8]).margin(1e-5));
  CHECK(energy({above.begin(), above.begin() + 8}) < 0.01 * energy(above));
  CHECK(std::abs(10 * std::log10(energy(above))) < 2.3);
  const auto in_the_room = heard(m, wave(3, -90, 0));
  CHECK(std::max_element(in_the_room.begin(), in_the_room.end()) - in_the_room.begin() == 5);
}

std::vector<double> weights_of(Format format) {
  std::vector<double> weights;
  for (int c = 0; c < format.channels; c++) weights.push_back(loudness_weight(format, c));
  return weights;
}

TEST_CASE("loudness weights are those of BS.1770", "[format]") {
  using Weights = std::vector<double>;
  CHECK(weights_of(kMono) == Weights{1});
  CHECK(weights_of(kStereo) == Weights{1, 1});
  CHECK(weights_of(k51) == Weights{1, 1, 1, 0, 1.41, 1.41});
  CHECK(weights_of(k71) == Weights{1, 1, 1, 0, 1.41, 1.41, 1, 1});
  CHECK(weights_of(k514) == Weights{1, 1, 1, 0, 1.41, 1.41, 1, 1, 1, 1});
  CHECK(weights_of(k714) == Weights{1, 1, 1, 0, 1.41, 1.41, 1, 1, 1, 1, 1, 1});
  CHECK(weights_of(Format(3)) == Weights{1, 1, 1});
  CHECK(weights_of(kAmbisonics[0]) == Weights{1, 0, 0, 0});
  CHECK(weights_of(Format()).empty());
}

#include "tests/nodes/response.h"

using namespace mixgraph;
using namespace mixgraph::testing;

namespace {

/// An analogue filter's gain in dB at `hertz`: R. Bristow-Johnson's prototypes.
double analogue(const std::string& kind, double freq, double gain, double q, double hertz) {
  std::complex<double> s(0, hertz / freq), one = 1;
  double a = std::pow(10, gain / 40), root = std::sqrt(a) / q;
  if (kind == "bell") return decibels(std::abs((s * s + s * (a / q) + one) / (s * s + s / (a * q) + one)));
  auto more = a * s * s + root * s + one, less = s * s + root * s + a;
  return decibels(std::abs(kind == "high" ? a * more / less : a * less / more));
}
/// The same bell by the bilinear transform, as most equalisers have it.
double cramped_bell(double freq, double gain, double q, double hertz, double rate) {
  double warped = std::tan(kPi * hertz / rate) / std::tan(kPi * freq / rate);
  return analogue("bell", 1, gain, q, warped);
}

struct Band {
  std::string kind;  ///< "bell", "low", "high"
  double freq, gain, q;
};
Samples equalised(double rate, const Band& band) {
  std::string n = band.kind == "low" ? "1/" : band.kind == "high" ? "4/" : "2/";
  return impulse_response(
      "eq", {.rate = rate, .values = {{n + "freq", band.freq}, {n + "gain", band.gain}, {n + "q", band.q}}},
      0.4);
}
double worst_error(double rate, const Band& b, double low, double high) {
  Samples x = equalised(rate, b);
  double worst = 0;
  for (double f : frequencies(low, high, 25))
    worst = std::max(worst, std::abs(gain_at(x, f, rate) - analogue(b.kind, b.freq, b.gain, b.q, f)));
  return worst;
}

const double kRates[] = {44100, 48000, 96000, 192000};

}  // namespace

TEST_CASE("EQ: flat bands leave every bit alone") {
  Samples left = noise(0.5, 4000, 1), right = noise(0.5, 4000, 2);
  NodeRunner run("eq", {.values = {{"2/freq", 20}, {"2/q", 18}, {"4/freq", 20000}}});
  CHECK(same(run.process({left, right}), {left, right}));
  run.set("3/gain", 0.1);
  CHECK_FALSE(same(run.process({left, right}), {left, right}));
  run.set("3/gain", 0);
  run.process({left, right});
  CHECK(same(run.process({left, right}), {left, right}));
}

TEST_CASE("EQ: bells and shelves are the analogue ones, at every rate") {
  for (double rate : kRates)
    for (const char* kind : {"bell", "low", "high"})
      for (double freq : {20.0, 100.0, 1000.0, 5000.0})
        for (double gain : {-18.0, 6.0})
          for (double q : {0.71, 1.0}) {
            INFO(rate << " " << kind << " " << freq << " " << gain << " " << q);
            CHECK(worst_error(rate, {kind, freq, gain, q}, 10, 5000) < 0.06);
          }
}

TEST_CASE("EQ: narrow bells have their gain and their width, from 20 Hz to 20 kHz") {
  for (double rate : kRates)
    for (double freq : {20.0, 1000.0, 15000.0, 20000.0})
      for (double gain : {-18.0, 18.0}) {
        INFO(rate << " " << freq << " " << gain);
        Samples x = impulse_response(
            "eq", {.rate = rate, .values = {{"3/freq", freq}, {"3/gain", gain}, {"3/q", 18}}},
            freq < 100 ? 10 : 1);
        CHECK(gain_at(x, freq, rate) == Approx(gain).margin(0.02));
        for (double f : {freq * 0.96, freq * 0.985, freq * 1.02})
          CHECK(gain_at(x, f, rate) == Approx(analogue("bell", freq, gain, 18, f)).margin(0.12));
      }
}

TEST_CASE("EQ: the top octave is not cramped") {
  for (const Band& b : {Band{"bell", 10000, 6, 1}, Band{"bell", 10000, -6, 1}, Band{"bell", 15000, 10, 1},
                        Band{"bell", 8000, 12, 2}}) {
    INFO(b.freq << " " << b.gain);
    CHECK(worst_error(48000, b, 10, 5000) < (b.freq > 12000 ? 0.12 : 0.05));
    CHECK(worst_error(48000, b, 5000, 20000) < 0.4);
    CHECK(worst_error(96000, b, 10, 20000) < 0.05);
    CHECK(worst_error(192000, b, 10, 20000) < 0.05);
  }
  CHECK(worst_error(44100, {"bell", 10000, 12, 0.7}, 10, 20000) < 1.0);
  for (double gain : {-12.0, 12.0}) {
    CHECK(worst_error(44100, {"high", 8000, gain, 0.71}, 10, 20000) < 0.15);
    CHECK(worst_error(44100, {"high", 16000, gain, 0.71}, 10, 20000) < 0.5);
    CHECK(worst_error(44100, {"low", 16000, gain, 0.71}, 10, 20000) < 0.5);
  }
}

TEST_CASE("EQ: a bilinear bell would fail that check") {
  double worst = 0;
  for (double f : frequencies(5000, 20000, 40))
    worst = std::max(worst, std::abs(cramped_bell(10000, 6, 1, f, 48000) - analogue("bell", 10000, 6, 1, f)));
  CHECK(worst > 1.5);
}

TEST_CASE("EQ: every setting is stable and bounded") {
  NoDenormals no_denormals;
  for (double rate : {44100.0, 192000.0})
    for (double freq : {20.0, 12000.0, 20000.0})
      for (double gain : {-18.0, 18.0})
        for (double q : {0.1, 18.0}) {
          RunnerOptions all{.rate = rate, .channels = 1};
          for (std::string n : {"1/", "2/", "3/", "4/"})
            all.values.insert(all.values.end(), {{n + "freq", freq}, {n + "gain", gain}, {n + "q", q}});
          NodeRunner run("eq", all);
          Samples x = impulse(size_t(8 * rate));
          Samples y = run.process({x})[0];
          INFO(rate << " " << freq << " " << gain << " " << q);
          CHECK(peak(y) < amplitude(4 * 18 + 6));
          CHECK(peak(y, size_t(7.9 * rate)) < 1e-4 * std::max(1.0, peak(y)));
        }
}

TEST_CASE("EQ: moves without a click or an overshoot") {
  NoDenormals no_denormals;
  struct Move {
    const char* row;
    double from, to;
  };
  for (const Move& m :
       {Move{"2/gain", 0, 12}, Move{"2/gain", 12, -3}, Move{"2/freq", 100, 8000}, Move{"2/freq", 8000, 100},
        Move{"2/q", 0.5, 4}, Move{"2/q", 4, 0.5}, Move{"1/gain", 0, 12}, Move{"4/freq", 20000, 1000}})
    for (double hertz : {100.0, 997.0})
      for (int phase = 0; phase < 8; phase++) {
        RunnerOptions options{.channels = 1, .values = {{"2/freq", 1000}, {"2/gain", 9}, {"4/gain", 9}}};
        options.values.push_back({m.row, m.from});
        NodeRunner run("eq", options);
        Samples x = sine(hertz, amplitude(-24), 1);
        Samples y = run_with_moves(run, {x}, {{24000 + 61 * phase, m.row, m.to}}, 64)[0];
        double before = peak(y, 12000, 24000), after = peak(y, 36000);
        INFO(m.row << " " << m.from << " to " << m.to << " at " << hertz);
        CHECK(click_level(y, 8000, 48000, 4800) < -90);
        // A narrow bell rings on while it widens.
        double ringing = m.from == 4 ? 4 : 1;
        CHECK(peak(y, 24000) < std::max({before, after, amplitude(-24 + 9)}) * amplitude(ringing));
      }
}

TEST_CASE("EQ: the same bytes whatever the block size and the lane") {
  Samples left = noise(0.5, 5000, 3), right = noise(0.5, 5000, 4);
  RunnerOptions options{
      .values = {
          {"1/gain", 6}, {"2/gain", -9}, {"3/gain", 3}, {"3/q", 5}, {"4/gain", 12}, {"4/type", "bell"}}};
  check_block_sizes("eq", options, {left, right},
                    {{100, "1/freq", 500},
                     {100, "4/gain", -6},
                     {777, "2/q", 10},
                     {1111, "3/freq", 19000},
                     {1300, "1/gain", 0}});
  check_lanes("eq", options, {left, right}, "2/gain", {-18, 0, 3, 18, 7.5});
  check_lanes("eq", options, {left, right}, "1/freq", {20, 100, 20000, 5000, 47});
  options.channels = 1;
  check_lanes("eq", options, {left}, "4/q", {0.1, 18, 1});
}

#include "tests/nodes/signals.h"

using namespace mixgraph;
using namespace mixgraph::testing;

namespace {

/// One octave about a frequency: two band-passes of second order.
Samples octave(const Samples& x, double hertz, double rate) {
  Samples y = x;
  double w = 2 * kPi * hertz / rate, alpha = std::sin(w) * std::sinh(std::log(2) / 2 * w / std::sin(w));
  for (int pass = 0; pass < 2; pass++) {
    double x1 = 0, x2 = 0, y1 = 0, y2 = 0;
    for (float& s : y) {
      double out = (alpha * s - alpha * x2 + 2 * std::cos(w) * y1 - (1 - alpha) * y2) / (1 + alpha);
      x2 = x1, x1 = s, y2 = y1, y1 = out;
      s = float(out);
    }
  }
  return y;
}

/// ISO 3382: Schroeder's backward integral, a straight line fitted between -5 and -35 dB, to 60 dB.
double t30(const Samples& x, double rate) {
  std::vector<double> left(x.size() + 1);
  for (size_t i = x.size(); i-- > 0;) left[i] = left[i + 1] + double(x[i]) * x[i];
  double n = 0, st = 0, sd = 0, stt = 0, std_ = 0;
  for (size_t i = 0; i < x.size(); i += 16) {
    double level = 10 * std::log10(left[i] / left[0] + 1e-30), t = double(i) / rate;
    if (level > -5 || level < -35) continue;
    n++, st += t, sd += level, stt += t * t, std_ += t * level;
  }
  return -60 / ((n * std_ - st * sd) / (n * stt - st * st));
}

Channels response(double seconds, std::vector<Setting> values, double rate = 48000) {
  NoDenormals no_denormals;
  NodeRunner run("reverb", {.rate = rate, .values = values});
  Samples x = impulse(size_t(seconds * rate));
  return run.process({x, x});
}

}  // namespace

TEST_CASE("reverb: the time is the T30 of every octave from 250 Hz to 4 kHz", "[reverb]") {
  for (double time : {0.5, 1.0, 2.0, 5.0})
    for (double size : {0.5, 1.0, 2.0}) {
      Channels h = response(time * 1.2 + 0.2, {{"time", time}, {"size", size}, {"damping", 100}});
      for (double hertz : {250, 500, 1000, 2000, 4000}) {
        double left = t30(octave(h[0], hertz, 48000), 48000), right = t30(octave(h[1], hertz, 48000), 48000);
        INFO("time " << time << " s, size " << size << ", " << hertz << " Hz: " << left << " " << right);
        CHECK((left + right) / 2 == Approx(time).epsilon(0.05));  // a measurement has two positions at least
        if (size == 1) CHECK(left == Approx(time).epsilon(0.05));
      }
    }
}

TEST_CASE("reverb: the time holds at all rates, and for very long ones", "[reverb]") {
  for (double rate : {44100.0, 96000.0}) {
    Samples left = response(2.5, {{"time", 2}, {"damping", 100}}, rate)[0];
    for (double hertz : {250, 1000, 4000})
      CHECK(t30(octave(left, hertz, rate), rate) == Approx(2).epsilon(0.05));
  }
  Samples left = response(13, {{"time", 20}, {"damping", 100}})[0];
  for (double hertz : {250, 1000, 4000})
    CHECK(t30(octave(left, hertz, 48000), 48000) == Approx(20).epsilon(0.05));
}

TEST_CASE("reverb: damping sets the time of the highs and leaves that of the lows", "[reverb]") {
  for (double damping : {30.0, 50.0, 70.0}) {
    Samples left = response(2.5, {{"time", 2}, {"damping", damping}, {"crossover", 2000}})[0];
    INFO("damping " << damping);
    CHECK(t30(octave(left, 125, 48000), 48000) == Approx(2).epsilon(0.07));
    CHECK(t30(octave(left, 16000, 48000), 48000) == Approx(2 * damping / 100).epsilon(0.12));
    double half_way = 2 / (0.5 + 0.5 * 100 / damping);  // mean of the decays in dB per second
    CHECK(t30(octave(left, 2000, 48000), 48000) == Approx(half_way).epsilon(0.12));
  }
}

TEST_CASE("reverb: left and right tails are unrelated, and equally loud", "[reverb]") {
  auto check = [](const Samples& left, const Samples& right) {
    double lr = 0, ll = 0, rr = 0;
    for (size_t i = 9600; i < left.size(); i++) {
      lr += double(left[i]) * right[i];
      ll += double(left[i]) * left[i];
      rr += double(right[i]) * right[i];
    }
    CHECK(std::abs(lr / std::sqrt(ll * rr)) < 0.3);
    CHECK(10 * std::log10(ll / rr) == Approx(0).margin(1.5));
  };
  Channels h = response(1.5, {});
  check(h[0], h[1]);
  NodeRunner run("reverb", {});
  Channels one_side = run.process({impulse(72000), Samples(72000)});
  check(one_side[0], one_side[1]);
}

TEST_CASE("reverb: steady noise comes out as loud as it went in, whatever the time", "[reverb]") {
  for (double time : {0.3, 1.0, 4.0}) {
    NodeRunner run("reverb", {.values = {{"time", time}, {"damping", 100}}});
    size_t frames = size_t((time * 1.5 + 1) * 48000);
    Samples l = noise(0.1, frames, 1), r = noise(0.1, frames, 2);
    Channels out = run.process({l, r});
    for (int c = 0; c < 2; c++)
      CHECK(decibels(rms(out[size_t(c)], frames - 48000) / rms(l)) == Approx(0).margin(1));
  }
}

TEST_CASE("reverb: pre-delay and mix", "[reverb]") {
  auto first_sound = [](double ms) {
    Samples left = response(0.5, {{"predelay", ms}})[0];
    for (size_t i = 0; i < left.size(); i++)
      if (std::abs(left[i]) > 1e-4) return double(i) / 48;
    return -1.0;
  };
  CHECK(first_sound(100) - first_sound(0) == Approx(100).margin(0.1));
  CHECK(first_sound(0) < 40);
  NodeRunner run("reverb", {.values = {{"mix", 0}}});
  Channels in{noise(1, 5000, 1), noise(1, 5000, 2)};
  CHECK(same(run.process(in), in));
  CHECK(response(0.1, {{"mix", 40}, {"predelay", 50}})[0][0] == Approx(0.6f));
}

TEST_CASE("reverb: no ringing tone stands out of a late tail", "[reverb]") {
  Samples left = response(3, {{"time", 4}, {"damping", 100}})[0];
  double sum = 0, most = 0;
  int n = 0;
  for (double hertz = 300; hertz < 4000; hertz *= 1.003, n++) {
    double power = std::pow(tone(left, hertz, 48000, 48000, 96000), 2);
    sum += power, most = std::max(most, power);
  }
  CHECK(10 * std::log10(most / (sum / n)) < 12);  // about 9 dB in Gaussian noise
}

TEST_CASE("reverb: DC does not build up, and the tail falls into silence", "[reverb]") {
  NoDenormals no_denormals;
  NodeRunner run("reverb", {.values = {{"time", 20}, {"damping", 100}}});
  Samples dc(96000, 0.5f);
  CHECK(peak(run.process({dc, dc})[0], 90000) < 0.3);
  Channels after = run.process({}, 48000);
  double mean = 0;
  for (float x : after[0]) mean += x / 48000;
  CHECK(std::abs(mean) < 0.01);
  NodeRunner shorter("reverb", {.values = {{"time", 1}}});
  shorter.process({noise(1, 48000), noise(1, 48000)});
  shorter.process({}, 48000 * 3);
  CHECK(decibels(peak(shorter.process({}, 4800)[0])) < -140);
  shorter.process({}, 48000 * 14);
  CHECK(peak(shorter.process({}, 4800)[0]) == 0);
}

TEST_CASE("reverb: at the longest time it stays bounded", "[reverb]") {
  NoDenormals no_denormals;
  for (double size : {0.3, 2.0}) {
    NodeRunner run("reverb", {.values = {{"time", 20}, {"size", size}, {"damping", 100}}});
    Samples x = sine(440, 1, 10);
    Channels out = run.process({x, x});
    CHECK(peak(out[0]) < 6);
    double first = rms(run.process({}, 48000)[0]), next = rms(run.process({}, 48000)[0]);
    CHECK(next < first);
  }
}

TEST_CASE("reverb: rows move without clicks", "[reverb]") {
  NodeRunner run("reverb", {.values = {{"time", 1}}});
  Samples x = sine(200, 0.3, 3);
  Channels out = run_with_moves(run, {x, x},
                                {{40000, "time", 8},
                                 {50000, "damping", 10},
                                 {60000, "crossover", 500},
                                 {70000, "predelay", 150},
                                 {90000, "time", 0.3},
                                 {110000, "mix", 20},
                                 {120000, "damping", 100}},
                                64);
  double steepest = 0, before = 0;
  for (size_t i = 2; i < out[0].size(); i++) {
    double bend = std::abs(double(out[0][i]) - 2 * double(out[0][i - 1]) + out[0][i - 2]);
    if (i > 30000 && i < 40000) before = std::max(before, bend);
    if (i > 40000) steepest = std::max(steepest, bend);
  }
  CHECK(steepest < 10 * before);
}

TEST_CASE("reverb: block sizes make no difference", "[reverb]") {
  Channels in{noise(1, 9000, 1), noise(0.3, 9000, 2)};
  check_block_sizes("reverb", {}, in,
                    {{500, "time", 0.5},
                     {2000, "damping", 20},
                     {3001, "predelay", 0},
                     {4100, "mix", 50},
                     {5000, "time", 9}});
}

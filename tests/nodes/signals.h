#pragma once
// Test signals and measurements, and two checks that every node must pass.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "graph/denormals.h"
#include "tests/support/node_runner.h"

namespace mixgraph::testing {

using Samples = std::vector<float>;
inline constexpr double kPi = 3.14159265358979323846;

inline double amplitude(double decibels) {
  return std::pow(10, decibels / 20);
}
inline double decibels(double amplitude) {
  return 20 * std::log10(std::max(amplitude, 1e-20));
}

inline Samples sine(double hertz, double level, double seconds, double rate = 48000, double degrees = 0) {
  Samples x(size_t(std::lround(seconds * rate)));
  for (size_t i = 0; i < x.size(); i++)
    x[i] = float(level * std::sin(2 * kPi * std::fmod(hertz * double(i) / rate, 1.0) + degrees * kPi / 180));
  return x;
}
/// White noise, evenly spread between -level and level.
inline Samples noise(double level, size_t frames, uint32_t seed = 1) {
  Samples x(frames);
  for (float& s : x) {
    seed = seed * 1664525 + 1013904223;
    s = float(level * (double(seed >> 8) / (1 << 23) - 1));
  }
  return x;
}
inline Samples impulse(size_t frames, size_t at = 0) {
  Samples x(frames);
  x[at] = 1;
  return x;
}
inline void append(Samples& x, const Samples& more) {
  x.insert(x.end(), more.begin(), more.end());
}

inline double peak(const Samples& x, size_t from = 0, size_t to = SIZE_MAX) {
  double p = 0;
  for (size_t i = from; i < std::min(to, x.size()); i++) p = std::max(p, std::abs(double(x[i])));
  return p;
}
inline double rms(const Samples& x, size_t from = 0, size_t to = SIZE_MAX) {
  double sum = 0;
  to = std::min(to, x.size());
  for (size_t i = from; i < to; i++) sum += double(x[i]) * x[i];
  return std::sqrt(sum / double(to - from));
}
/// Amplitude of the part of x[from..to) at a frequency, through a Hann window.
inline double tone(const Samples& x, double hertz, double rate = 48000, size_t from = 0,
                   size_t to = SIZE_MAX) {
  to = std::min(to, x.size());
  double re = 0, im = 0, sum = 0;
  for (size_t i = from; i < to; i++) {
    double w = 1 - std::cos(2 * kPi * double(i - from) / double(to - from)),
           a = 2 * kPi * hertz * double(i) / rate;
    re += w * x[i] * std::cos(a);
    im += w * x[i] * std::sin(a);
    sum += w;
  }
  return 2 * std::hypot(re, im) / sum;
}

/// A low-pass of linear phase, 511 frames long, 12 dB less at `hertz` - 0.5 % than above `hertz` + 2 %.
inline Samples low_passed(const Samples& x, double hertz, double rate) {
  constexpr int kHalf = 255;
  Samples y(x.size());
  std::vector<double> h(2 * kHalf + 1);
  for (int k = -kHalf; k <= kHalf; k++) {
    double t = 2 * hertz / rate, u = double(k) / (kHalf + 1),
           window = 0.42 + 0.5 * std::cos(kPi * u) + 0.08 * std::cos(2 * kPi * u);
    h[size_t(k + kHalf)] = (k == 0 ? t : std::sin(kPi * t * k) / (kPi * k)) * window;
  }
  for (int i = 0; i < int(x.size()); i++) {
    double sum = 0;
    for (int k = std::max(-kHalf, i - int(x.size()) + 1); k <= std::min(kHalf, i); k++)
      sum += h[size_t(k + kHalf)] * x[size_t(i - k)];
    y[size_t(i)] = float(sum);
  }
  return y;
}

/// The largest value of the continuous signal through the samples: a sinc of 200 samples to each side in a
/// Hann window, at 16 points per sample, wherever the samples come within 6 dB of their own peak.
inline double ideal_true_peak(const Samples& x) {
  constexpr int kHalf = 200, kPoints = 16;
  std::vector<double> taps(size_t(kPoints) * 2 * kHalf);
  for (int p = 1; p < kPoints; p++)
    for (int k = 0; k < 2 * kHalf; k++) {
      double t = k - (kHalf - 1) - double(p) / kPoints;
      taps[size_t(p * 2 * kHalf + k)] =
          std::sin(kPi * t) / (kPi * t) * (0.5 + 0.5 * std::cos(kPi * t / kHalf));
    }
  Samples padded(kHalf, 0.f);
  append(padded, x);
  padded.resize(padded.size() + kHalf);
  double most = peak(x), loud = most / 2;
  for (size_t i = 0; i + 1 < x.size(); i++) {
    if (std::abs(x[i]) < loud && std::abs(x[i + 1]) < loud) continue;
    for (int p = 1; p < kPoints; p++) {
      const double* h = &taps[size_t(p * 2 * kHalf)];
      double sum[4] = {};
      for (int k = 0; k < 2 * kHalf; k += 4)
        for (int j = 0; j < 4; j++) sum[j] += h[k + j] * double(padded[i + 1 + size_t(k + j)]);
      most = std::max(most, std::abs(sum[0] + sum[1] + sum[2] + sum[3]));
    }
  }
  return most;
}

/// Whether two runs are the same bytes.
inline bool same(const Channels& a, const Channels& b) {
  if (a.size() != b.size()) return false;
  for (size_t c = 0; c < a.size(); c++)
    if (a[c].size() != b[c].size() || std::memcmp(a[c].data(), b[c].data(), a[c].size() * sizeof(float)) != 0)
      return false;
  return true;
}

/// A change of a row during a check.
struct RowMove {
  int frame;
  std::string row;
  double value;
};

/// Runs a node with moving rows and gives its output.
inline Channels run_with_moves(NodeRunner& run, const Channels& input, const std::vector<RowMove>& moves,
                               int block_size) {
  NoDenormals no_denormals;
  Channels all(size_t(run.output_channels()));
  int done = 0, total = int(input[0].size());
  auto piece = [&](int to) {
    Channels part(input.size());
    for (size_t c = 0; c < input.size(); c++) part[c].assign(input[c].begin() + done, input[c].begin() + to);
    Channels out = run.process(part, to - done, block_size);
    for (size_t c = 0; c < out.size(); c++) append(all[c], out[c]);
    done = to;
  };
  for (const RowMove& m : moves) {
    piece(m.frame);
    run.set(m.row, m.value);
  }
  piece(total);
  return all;
}

/// Block sizes of 1, 17 and 64 must give the same bytes on every instruction set.
inline void check_block_sizes(const char* id, const RunnerOptions& options, const Channels& input,
                              const std::vector<RowMove>& moves) {
  for (InstructionSet set : available_instruction_sets()) {
    Channels expected;
    for (int block_size : {64, 1, 17}) {
      NodeRunner run(find_type(id, set), options);
      Channels out = run_with_moves(run, input, moves, block_size);
      CHECK(run.allocations() == 0);
      if (expected.empty()) expected = out;
      INFO(id << " " << name_of(set) << " blocks of " << block_size);
      CHECK(same(out, expected));
    }
  }
}

/// Each lane must put out the same bytes as an instance that runs alone: different inputs, and different
/// values of `row` (`values` in turn, set after 100 frames), in every lane.
inline void check_lanes(const char* id, RunnerOptions options, const Channels& input, const std::string& row,
                        const std::vector<double>& values) {
  NoDenormals no_denormals;
  int frames = int(input[0].size());
  auto rotated = [&](int lane) {
    Channels x = input;
    for (Samples& s : x) std::rotate(s.begin(), s.begin() + lane * 7 % frames, s.end());
    return x;
  };
  auto value = [&](int lane) { return values[size_t(lane) % values.size()]; };
  for (InstructionSet set : available_instruction_sets())
    for (const Kernel& kernel : find_type(id, set).kernels) {
      if (kernel.lanes == 1) continue;
      options.lanes = kernel.lanes;
      NodeRunner bank(find_type(id, set), options);
      std::vector<Channels> inputs, first;
      for (int l = 0; l < kernel.lanes; l++) inputs.push_back(rotated(l));
      bank.process_lanes(inputs, 100);
      for (int l = 0; l < kernel.lanes; l++) bank.set(row, value(l), l);
      auto together = bank.process_lanes(inputs, frames);
      options.lanes = 1;
      for (int l = 0; l < kernel.lanes; l++) {
        NodeRunner alone(find_type(id, set), options);
        alone.process(inputs[size_t(l)], 100);
        alone.set(row, value(l));
        INFO(id << " " << name_of(set) << " lane " << l << " of " << kernel.lanes);
        REQUIRE(same(alone.process(inputs[size_t(l)], frames), together[size_t(l)]));
      }
    }
}

}  // namespace mixgraph::testing

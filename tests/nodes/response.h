#pragma once
// Frequency responses of nodes, measured, and the clicks of a moving one.
#include <complex>

#include "tests/nodes/signals.h"

namespace mixgraph::testing {

/// The value of a response at a frequency in Hz: the Fourier transform of an impulse response.
inline std::complex<double> response(const Samples& x, double hertz, double rate) {
  std::complex<double> sum = 0, turn = std::polar(1.0, -2 * kPi * hertz / rate), z = 1;
  for (size_t i = 0; i < x.size(); i++) {
    sum += double(x[i]) * z;
    z = i % 1024 == 1023 ? std::polar(1.0, -2 * kPi * std::fmod(hertz * double(i + 1) / rate, 1.0))
                         : z * turn;
  }
  return sum;
}
inline double gain_at(const Samples& x, double hertz, double rate) {
  return decibels(std::abs(response(x, hertz, rate)));
}

/// A mono node's answer to an impulse, which comes after its parameters have settled.
inline Samples impulse_response(const std::string& id, const RunnerOptions& options, double seconds) {
  NoDenormals no_denormals;
  RunnerOptions mono = options;
  mono.channels = 1;
  NodeRunner run(id, mono);
  run.process({Samples(256)});
  return run.process({impulse(size_t(seconds * options.rate))})[0];
}

/// `count` frequencies from `low` to `high`, evenly spaced in octaves.
inline std::vector<double> frequencies(double low, double high, int count) {
  std::vector<double> all;
  for (int i = 0; i < count; i++) all.push_back(low * std::pow(high / low, double(i) / (count - 1)));
  return all;
}

/// What is left above `hertz`, through a Butterworth high-pass of order 8: its peak in dBFS from a frame on.
/// A smooth change of a low tone leaves nothing; a click is broad.
inline double click_level(const Samples& x, double hertz, double rate, size_t from) {
  std::vector<double> y(x.begin(), x.end());
  double g = std::tan(kPi * hertz / rate);
  for (double q : {0.50979558, 0.60134489, 0.89997622, 2.56291545}) {
    double n = 1 / (1 + g / q + g * g), a1 = 2 * (g * g - 1) * n, a2 = (1 - g / q + g * g) * n, x1 = 0,
           x2 = 0, y1 = 0, y2 = 0;
    for (double& s : y) {
      double in = s;
      s = n * (in - 2 * x1 + x2) - a1 * y1 - a2 * y2;
      x2 = x1, x1 = in, y2 = y1, y1 = s;
    }
  }
  double most = 0;
  for (size_t i = from; i < y.size(); i++) most = std::max(most, std::abs(y[i]));
  return decibels(most);
}

}  // namespace mixgraph::testing

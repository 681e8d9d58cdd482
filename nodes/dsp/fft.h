#pragma once
#include <cmath>
#include <numbers>

#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// The discrete Fourier transform of a real signal, in steps of about the same time, so that the work of a long one can be spread
/// over many blocks. N real values are N / 2 complex ones: radix 2, decimation in time (Cooley and Tukey 1965), then the two halves are
/// taken apart (H. Sorensen and others, "Real-valued fast Fourier transform algorithms", 1987). [audio]
class Fft {
 public:
  /// `log2_size`: of N.
  explicit Fft(int log2_size) : stages_(log2_size - 1), re_(half()), im_(half()), cos_(size_t(half())), sin_(size_t(half())) {
    for (size_t i = 0; i < cos_.size(); i++) {
      const double turn = -2 * std::numbers::pi * double(i) / double(size());
      cos_[i] = float(std::cos(turn)), sin_[i] = float(std::sin(turn));
    }
  }
  int size() const { return 2 << stages_; }
  /// Calls of step() from load() on.
  int steps() const { return stages_; }

  /// Takes values in: f(i) for i in 0..N-1.
  template <class F>
  void load(F f) {
    for (int i = 0; i < int(half()); i++) {
      const size_t to = reversed(uint32_t(i));
      re_[to] = f(2 * i), im_[to] = f(2 * i + 1);
    }
    stage_ = 0;
  }
  void step() {
    const size_t width = size_t(1) << stage_++, turn = half() / width;
    for (size_t group = 0; group < half(); group += 2 * width)
      for (size_t k = 0; k < width; k++) {
        const float c = cos_[k * turn], s = sin_[k * turn];
        const size_t a = group + k, b = a + width;
        const float re = re_[b] * c - im_[b] * s, im = re_[b] * s + im_[b] * c;
        re_[b] = re_[a] - re, im_[b] = im_[a] - im;
        re_[a] += re, im_[a] += im;
      }
  }
  /// After the last step: the squared magnitude of bin 0..N/2.
  float power(int bin) const {
    const size_t n = half(), k = size_t(bin) % n, mirror = (n - k) % n;
    const float even_re = 0.5f * (re_[k] + re_[mirror]), even_im = 0.5f * (im_[k] - im_[mirror]);
    const float odd_re = 0.5f * (im_[k] + im_[mirror]), odd_im = -0.5f * (re_[k] - re_[mirror]);
    const float c = size_t(bin) == n ? -1.f : cos_[k], s = size_t(bin) == n ? 0.f : sin_[k];
    const float re = even_re + odd_re * c - odd_im * s, im = even_im + odd_re * s + odd_im * c;
    return re * re + im * im;
  }

 private:
  size_t half() const { return size_t(1) << stages_; }
  size_t reversed(uint32_t i) const {
    uint32_t r = 0;
    for (int b = 0; b < stages_; b++) r = r << 1 | (i >> b & 1);
    return r;
  }

  int stages_, stage_ = 0;
  Memory<float> re_, im_, cos_, sin_;
};

}  // namespace mixgraph::MIXGRAPH_ISA

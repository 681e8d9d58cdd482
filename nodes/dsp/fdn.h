#pragma once
#include "nodes/dsp/ring.h"

namespace mixgraph::MIXGRAPH_ISA {

/// A feedback delay network (Jot and Chaigne, 1991): sixteen delay lines of different prime lengths whose
/// outputs are mixed by an orthogonal matrix, Hadamard's, and fed back. Nothing but the absorption takes
/// energy out of the loop, so if it is in proportion to each line's length, all resonances decay at the same
/// rate. A first-order all-pass in each line, moving slowly, keeps resonances from standing still; it changes
/// no level. Left feeds and hears the even lines, right the odd.
class Fdn {
 public:
  static constexpr int kLines = 16;

  /// The lines take from 23 to 79 ms, times `size`.
  Fdn(double rate, double size) : starts_(starts(rate, size)), memory_(size_t(starts_.frame[kLines])) {
    constexpr double kPi = 3.14159265358979323846;
    for (int l = 0; l < kLines; l++) {
      double turn = 2 * kPi * (0.31 + 0.037 * l) * kMaxBlock / rate;  // 0.3 to 0.9 Hz
      swings_[l] = {std::cos(2.4 * l), std::sin(2.4 * l), std::cos(turn), std::sin(turn)};
    }
    for (int i = 0; i < 2; i++) next_swing();
  }

  /// Bytes of the lines, about: what starts() makes of them is a few frames longer.
  static size_t memory(double rate, double size) {
    double frames = 0;
    for (int l = 0; l < kLines; l++) frames += wanted(l, rate, size);
    return size_t(frames) * sizeof(float);
  }

  /// Frames that a line takes, with its all-pass.
  float delay(int line) const { return float(length(line) + 1); }

  /// Runs `frames` frames, at most kMaxBlock. k(n, i) is coefficient n at frame i: absorption is, for line l,
  /// (b0 + b1 / z) / (1 + a1 / z) with b0, b1, a1 = k(l), k(kLines + l), k(2 * kLines + l). [audio]
  template <class K>
  void process(const float* left, const float* right, float* left_out, float* right_out, int frames, K k) {
    read(frames);
    for (int i = 0; i < frames; i++) absorb(frames_[i], i, k);
    turn_to_lines(frames);
    listen(left_out, 0, frames);
    listen(right_out, 1, frames);
    mix(frames);
    for (int l = 0; l < kLines; l++) feed(lines_[l], l % 2 ? right : left, kInSigns[l], frames);
    write(frames);
  }

 private:
  using Lines = Pack<kLines / kNative>;  ///< a value for each line
  /// Where each line's ring starts in the memory, and where the last one ends.
  struct Starts {
    int frame[kLines + 1];
  };
  /// The real and imaginary part of something that turns, and by how much it turns in kMaxBlock frames.
  struct Swing {
    double re, im, turn_re, turn_im;
  };
  static constexpr float kInSigns[kLines] = {1, 1, -1, 1, 1, -1, 1, 1, -1, -1, 1, -1, -1, 1, 1, -1};
  static constexpr float kOutSigns[kLines] = {1, -1, 1, 1, -1, 1, 1, 1, -1, 1, -1, -1, 1, 1, 1, -1};

  static bool is_prime(int n) {
    for (int d = 2; d * d <= n; d++)
      if (n % d == 0) return false;
    return true;
  }
  static double wanted(int line, double rate, double size) { return 0.023 * std::exp(line * 0.0823) * size * rate; }
  static Starts starts(double rate, double size) {
    Starts s{};
    for (int l = 0, length = kMaxBlock; l < kLines; l++) {
      int frames = int(wanted(l, rate, size));
      length = frames > length ? frames : length + 1;
      while (!is_prime(length)) length++;
      s.frame[l + 1] = s.frame[l] + length;
    }
    return s;
  }
  int length(int line) const { return starts_.frame[line + 1] - starts_.frame[line]; }

  void read(int frames) {
    for (int l = 0; l < kLines; l++)
      in_runs(at_[l], length(l), frames, [&](int place, int first, int count) {
        const float* from = &memory_[size_t(starts_.frame[l] + place)];
        for (int i = 0; i < count; i++) frames_[first + i][l] = from[i];
      });
  }
  void write(int frames) {
    for (int l = 0; l < kLines; l++) {
      in_runs(at_[l], length(l), frames, [&](int place, int first, int count) {
        std::memcpy(&memory_[size_t(starts_.frame[l] + place)], lines_[l] + first,
                    size_t(count) * sizeof(float));
      });
      at_[l] = further(at_[l], length(l), frames);
    }
  }

  /// One frame of all lines through absorption and all-pass.
  template <class K>
  void absorb(float* frame, int i, K k) {
    Lines x, swing = madd(swing_steps_, Lines(float(swung_)), swing_from_);
    std::memcpy(&x, frame, sizeof x);
    Lines y = madd(coefficients(k, 0, i), x, absorbing_);
    absorbing_ = coefficients(k, kLines, i) * x - coefficients(k, 2 * kLines, i) * y;
    x = madd(swing, y, passing_);
    passing_ = y - swing * x;
    std::memcpy(frame, &x, sizeof x);
    if (++swung_ == kMaxBlock) next_swing();
  }
  template <class K>
  static Lines coefficients(K k, int first, int i) {
    float values[kLines];
    for (int l = 0; l < kLines; l++) values[l] = k(first + l, i);
    Lines all;
    std::memcpy(&all, values, sizeof all);
    return all;
  }
  void next_swing() {
    swung_ = 0;
    swing_from_ = swing_to_;
    for (int l = 0; l < kLines; l++) {
      Swing& s = swings_[l];
      s = {s.re * s.turn_re - s.im * s.turn_im, s.re * s.turn_im + s.im * s.turn_re, s.turn_re, s.turn_im};
      swing_to_.set(l, 0.4f * float(s.im));
    }
    swing_steps_ = (swing_to_ - swing_from_) * Lines(1.f / kMaxBlock);
  }

  void turn_to_lines(int frames) {
    for (int l = 0; l < kLines; l++)
      for (int i = 0; i < frames; i++) lines_[l][i] = frames_[i][l];
  }
  void listen(float* out, int first_line, int frames) const {
    for (int i = 0; i < frames; i++) out[i] = 0;
    for (int l = first_line; l < kLines; l += 2)
      for (int i = 0; i < frames; i++) out[i] = madd(kOutSigns[l], lines_[l][i], out[i]);
  }
  /// The fast Walsh-Hadamard transform; feed() scales it.
  void mix(int frames) {
    for (int step = 1; step < kLines; step *= 2)
      for (int l = 0; l < kLines; l++)
        if (!(l & step)) add_and_subtract(lines_[l], lines_[l + step], frames);
  }
  static void add_and_subtract(float* __restrict a, float* __restrict b, int frames) {
    for (int i = 0; i < frames; i++) {
      float sum = a[i] + b[i];
      b[i] = a[i] - b[i];
      a[i] = sum;
    }
  }
  static void feed(float* __restrict line, const float* __restrict in, float sign, int frames) {
    const float gain = sign * 0.353553391f;  // one side's power spread over eight lines
    for (int i = 0; i < frames; i++) line[i] = madd(gain, in[i], line[i] * 0.25f);
  }

  Starts starts_;
  Memory<float> memory_;
  int at_[kLines] = {};
  Lines absorbing_ = Lines(0.f), passing_ = Lines(0.f);  ///< states of the filters
  Swing swings_[kLines];
  Lines swing_from_ = Lines(0.f), swing_to_ = Lines(0.f), swing_steps_ = Lines(0.f);
  int swung_ = 0;
  float frames_[kMaxBlock][kLines],
      lines_[kLines][kMaxBlock];  ///< of the block, turned one way and the other
};

/// Schroeder's all-pass: spreads each impulse in time and keeps its level. [audio]
class Diffuser {
 public:
  explicit Diffuser(int frames) : ring_(size_t(frames)) {}

  void process(float* x, int frames) {
    constexpr float kGain = 0.6f;
    int length = int(ring_.size());
    in_runs(at_, length, frames, [&](int place, int first, int count) {
      for (int i = 0; i < count; i++) {
        float past = ring_[size_t(place + i)], in = madd(-kGain, past, x[first + i]);
        ring_[size_t(place + i)] = in;
        x[first + i] = madd(kGain, in, past);
      }
    });
    at_ = further(at_, length, frames % length);
  }

 private:
  Memory<float> ring_;
  int at_ = 0;
};

}  // namespace mixgraph::MIXGRAPH_ISA

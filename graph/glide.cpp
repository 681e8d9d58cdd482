#include "graph/glide.h"

#include <algorithm>
#include <cmath>

namespace mixgraph {
namespace {

double from_domain(const Parameter& p, double x) {
  switch (domain(p)) {
    case Domain::log2: return std::exp2(x);
    case Domain::gain: return x <= 0 ? p.min : std::max(p.min, 20 * std::log10(x));
    case Domain::linear: break;
  }
  return x;
}

// The shortest move: about 10 ms at 48 kHz, whole ticks.
constexpr double kShortest = 8 * kTick;

}  // namespace

double course_value(const Parameter& p, double from, double to, Course course, double t) {
  if (course == Course::s_curve) t = t * t * (3 - 2 * t);
  auto between = [t](double a, double b) { return a + (b - a) * t; };
  if (course == Course::linear) return between(from, to);
  if (course == Course::exponential) return p.unit != Unit::decibel && from > 0 && to > 0 ? from * std::pow(to / from, t) : between(from, to);
  return from_position(p, between(to_position(p, from), to_position(p, to)));
}

void Glide::hold(const Parameter& p, double value) {
  cubic_ = {{to_domain(p, value), 0, 0, 0}};
  from_ = target_ = value;
  moving_ = false;
}

void Glide::begin(const Parameter& p, uint64_t frame, double target, double length, Course course) {
  int index = int(frame % kTick);
  start_ = {cubic_.at(index), cubic_.slope(index)};
  from_ = std::clamp(from_domain(p, start_.value), p.min, p.max);
  target_ = target;
  start_frame_ = frame;
  eased_ = length <= kShortest;
  length_ = std::max(length, kShortest);
  course_ = course;
  moving_ = true;
  bend(index, plan_at(p, double(frame - uint64_t(index)) + kTick));
}

bool Glide::next_tick(const Parameter& p, uint64_t frame) {
  if (!moving_) return false;
  if (double(frame) >= double(start_frame_) + length_) {
    hold(p, target_);
    return false;
  }
  cubic_ = {{cubic_.at(kTick), cubic_.slope(kTick), 0, 0}};
  bend(0, plan_at(p, double(frame) + kTick));
  return true;
}

Glide::Point Glide::plan_at(const Parameter& p, double frame) const {
  double x = frame - double(start_frame_);
  if (x >= length_) return {to_domain(p, target_), 0};
  double t = x / length_;
  if (eased_) {
    double end = to_domain(p, target_), h00 = 1 - t * t * (3 - 2 * t), h10 = t * (1 - t) * (1 - t);
    double value = h00 * start_.value + h10 * length_ * start_.slope + (1 - h00) * end;
    double slope = 6 * t * (1 - t) * (end - start_.value) / length_ + (1 - t) * (1 - 3 * t) * start_.slope;
    return {value, slope};
  }
  double step = std::min({1 / length_, t, 1 - t});
  auto value_at = [&](double share) { return to_domain(p, course_value(p, from_, target_, course_, share)); };
  return {value_at(t), (value_at(t + step) - value_at(t - step)) / (2 * step * length_)};
}

void Glide::bend(int from_index, Point end) {
  double o = from_index, h = kTick - o;
  Point a{cubic_.at(o), cubic_.slope(o)};
  double delta = end.value - a.value;
  double a2 = (3 * delta / h - 2 * a.slope - end.slope) / h, a3 = (a.slope + end.slope - 2 * delta / h) / (h * h);
  // From powers of (k - o) to powers of k.
  cubic_ = {{a.value - o * (a.slope - o * (a2 - o * a3)), a.slope - o * (2 * a2 - 3 * o * a3), a2 - 3 * o * a3, a3}};
}

}  // namespace mixgraph

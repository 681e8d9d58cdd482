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

/// A cubic B-spline's weights of the four control points about `x`, which is 0..1 between the middle two, and its slope's.
struct Weights {
  double value[4], slope[4];
};
Weights weights_at(double x) {
  double y = 1 - x;
  return {{y * y * y / 6, (4 - 6 * x * x + 3 * x * x * x) / 6, (4 - 6 * y * y + 3 * y * y * y) / 6, x * x * x / 6},
          {-y * y / 2, (3 * x - 4) * x / 2, (4 - 3 * y) * y / 2, x * x / 2}};
}

}  // namespace

double course_value(const Parameter& p, double from, double to, Course course, double t) {
  if (course == Course::s_curve) t = t * t * (3 - 2 * t);
  auto between = [t](double a, double b) { return a + (b - a) * t; };
  if (course == Course::linear) return between(from, to);
  if (course == Course::exponential) return p.unit != Unit::decibel && from > 0 && to > 0 ? from * std::pow(to / from, t) : between(from, to);
  return from_position(p, between(to_position(p, from), to_position(p, to)));
}

double shortest_move(double rate) { return 8 * kTick * std::max(1.0, std::round(rate / 48000)); }

void Glide::hold(const Parameter& p, double value) {
  base_ = to_domain(p, value);
  cubic_ = {{base_, 0, 0, 0}};
  count_ = 0;
  waits_ = false;
}

void Glide::begin(const Parameter& p, uint64_t frame, double target, double length, Course course, double shortest) {
  shortest_ = shortest;
  waits_ = false;
  Plan plan = plan_for(p, frame, target, length, course);
  if (count_ > 0 && plans_[size_t(count_ - 1)].start == frame)
    count_--;  // it had not begun yet
  else if (count_ == kPlans) {
    waiting_ = plan, waits_ = true;
    return;
  }
  follow(p, plan, int(frame % kTick));
}

Glide::Plan Glide::plan_for(const Parameter& p, uint64_t frame, double target, double length, Course course) const {
  double here = cubic_.at(double(frame % kTick)), from = std::clamp(from_domain(p, here), p.min, p.max), least = shortest_;
  if (domain(p) == Domain::log2) least *= std::max(1.0, std::abs(to_domain(p, target) - here));
  return {frame, from, target, length <= least ? least : shortest_, length <= least ? 0 : length, course};
}

void Glide::follow(const Parameter& p, const Plan& plan, int index) {
  plans_[size_t(count_++)] = plan;
  bend(index, course_at(p, plan.start - uint64_t(index) + kTick));
}

bool Glide::next_tick(const Parameter& p, uint64_t frame) {
  if (count_ == 0) return false;
  forget_old(p, frame);
  if (count_ == 0 && !waits_) return false;
  cubic_ = {{cubic_.at(kTick), cubic_.slope(kTick), 0, 0}};
  bend(0, course_at(p, frame + kTick));
  if (waits_ && count_ < kPlans) {
    waits_ = false;
    double left = waiting_.length - double(frame - waiting_.start);
    follow(p, plan_for(p, frame, waiting_.target, left, waiting_.course), 0);
  }
  return true;
}

// A plan that has taken over makes those before it void; one that is at its end as well is a value to hold.
void Glide::forget_old(const Parameter& p, uint64_t frame) {
  int first = count_;
  while (first > 0 && double(frame - plans_[size_t(first - 1)].start) < plans_[size_t(first - 1)].fade) first--;
  if (first == 0) return;
  const Plan& plan = plans_[size_t(first - 1)];
  bool ended = double(frame - plan.start) >= plan.length;
  if (ended && first == count_ && !waits_) return hold(p, plan.target);
  if (ended) base_ = to_domain(p, plan.target);
  int keep_from = ended ? first : first - 1;
  std::copy(plans_.begin() + keep_from, plans_.begin() + count_, plans_.begin());
  count_ -= keep_from;
}

Glide::Point Glide::course_at(const Parameter& p, uint64_t frame) const {
  Point at{base_, 0};
  for (int i = 0; i < count_; i++) {
    const Plan& plan = plans_[size_t(i)];
    double x = double(frame - plan.start) / plan.fade;
    Point goal = plan_at(p, plan, double(frame - plan.start));
    if (x >= 1) {
      at = goal;
      continue;
    }
    // The fade is an S-curve made of three parabolas' integrals: a B-spline's step.
    Weights w = weights_at(3 * x - std::floor(3 * x));
    int knot = int(3 * x);
    double share = 0, rise = 0;
    for (int k = 0; k < 4; k++)
      if (knot + k >= 3) share += w.value[k], rise += w.slope[k] * 3 / plan.fade;
    at = {at.value + share * (goal.value - at.value), at.slope + share * (goal.slope - at.slope) + rise * (goal.value - at.value)};
  }
  return at;
}

// A timed plan is a B-spline as well, its control points along the course: eased at both ends, and over the corners of a
// fader's law.
Glide::Point Glide::plan_at(const Parameter& p, const Plan& plan, double x) const {
  if (x >= plan.length) return {to_domain(p, plan.target), 0};
  double pieces = std::max(3.0, std::floor(plan.length / shortest_ * 4)), span = plan.length / pieces, knot = std::floor(x / span);
  Weights w = weights_at(x / span - knot);
  Point at{0, 0};
  for (int k = 0; k < 4; k++) {
    double share = pieces > 3 ? (knot + k - 2.5) / (pieces - 3) : knot + k > 2 ? 1 : 0;
    double value = to_domain(p, course_value(p, plan.from, plan.target, plan.course, std::clamp(share, 0.0, 1.0)));
    at.value += w.value[k] * value;
    at.slope += w.slope[k] * value / span;
  }
  return at;
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

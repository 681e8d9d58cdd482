#include "graph/glide.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mixgraph {
namespace {

constexpr double kMostOctaves = 16;  // of a row

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

double shortest_move(double rate) { return 8 * kTick * std::max(1.0, std::round(rate / 48000)); }
double longest_jump(double rate) { return kMostOctaves * shortest_move(rate); }

void Glide::rest(double point) {
  base_ = point;
  cubic_ = {{point, 0, 0, 0}};
  count_ = ahead_ = 0;
  waits_ = false;
}

void Glide::go_on(const Parameter& p, uint64_t frame, const Cubic& from, double shortest) {
  rest(from.at(double(frame % kTick)));
  cubic_ = from;
  begin(p, frame, from.at(kTick), 0, Course::position, shortest);
}

void Glide::begin(const Parameter& p, uint64_t frame, double goal, double length, Course course, double shortest) {
  shortest_ = shortest;
  waits_ = false;
  const Leg leg = leg_for(p, frame, goal, length, course);
  if (count_ > 0 && legs_[size_t(count_ - 1)].start == frame)
    count_--;  // it had not begun yet
  else if (count_ == kLegs) {
    waiting_ = leg, waits_ = true;
    return;
  }
  follow(p, leg, int(frame % kTick));
}

Glide::Leg Glide::leg_for(const Parameter& p, uint64_t frame, double goal, double length, Course course) const {
  const double here = cubic_.at(double(frame % kTick));
  double least = shortest_;
  if (domain(p) == Domain::log2) least *= std::clamp(std::abs(goal - here), 1.0, kMostOctaves);
  const bool jumps = length <= least;
  return {frame, here, goal, jumps ? least : shortest_, jumps ? 0 : length, jumps ? 0 : std::max(3.0, std::floor(length / shortest_ * 4)), {}, -1, course};
}

void Glide::follow(const Parameter& p, const Leg& leg, int index) {
  legs_[size_t(count_++)] = leg;
  bend(index, course_at(p, leg.start - uint64_t(index) + kTick), kTick);
}

bool Glide::next_tick(const Parameter& p, uint64_t frame, int ticks) {
  cubic_ = {{cubic_.at(kTick), cubic_.slope(kTick), cubic_.c[2] + 3 * kTick * cubic_.c[3], cubic_.c[3]}};
  if (ahead_ > 0) {
    ahead_--;
    return true;
  }
  forget_old(frame);
  if (count_ == 0 && !waits_) return false;
  bend(0, course_at(p, frame + uint64_t(ticks) * kTick), ticks * kTick);
  ahead_ = ticks - 1;
  if (waits_ && count_ < kLegs) {
    waits_ = false;
    const double left = waiting_.length - double(frame - waiting_.start);
    follow(p, leg_for(p, frame, waiting_.goal, left, waiting_.course), 0);
  }
  return true;
}

// Nor may it turn round.
bool Glide::is_slow(const Parameter& p, const Cubic& cubic) {
  constexpr double kOctaves = 1.0 / 128, kShare = 1.0 / 1024;
  const double most = domain(p) == Domain::log2 ? kOctaves : domain(p) == Domain::gain ? kShare : kShare * (p.max - p.min);
  const double way = cubic.at(kTick) - cubic.c[0], begin = cubic.c[1] * kTick, end = cubic.slope(kTick) * kTick;
  return std::max({std::abs(way), std::abs(begin), std::abs(end)}) <= most;
}

// A leg that has taken over makes those before it void; one that is at its end as well is a value to hold.
void Glide::forget_old(uint64_t frame) {
  int first = count_;
  while (first > 0 && double(frame - legs_[size_t(first - 1)].start) < legs_[size_t(first - 1)].fade) first--;
  if (first == 0) return;
  const Leg& leg = legs_[size_t(first - 1)];
  const bool ended = double(frame - leg.start) >= leg.length;
  if (ended && first == count_ && !waits_) return rest(leg.goal);
  if (ended) base_ = leg.goal;
  const int keep_from = ended ? first : first - 1;
  if (keep_from == 0) return;
  std::copy(legs_.begin() + keep_from, legs_.begin() + count_, legs_.begin());
  count_ -= keep_from;
}

Glide::Point Glide::course_at(const Parameter& p, uint64_t frame) {
  Point at{base_, 0};
  for (int i = 0; i < count_; i++) {
    Leg& leg = legs_[size_t(i)];
    const double since = double(frame - leg.start);
    const Point goal = leg_at(p, leg, since);
    at = since >= leg.fade ? goal : between(at, goal, since / leg.fade, leg.fade);
  }
  return at;
}

// The fade is an S-curve made of three parabolas' integrals: a B-spline's step.
Glide::Point Glide::between(Point from, Point to, double x, double fade) {
  const int knot = int(3 * x);
  const Weights w = weights_at(3 * x - knot);
  double share = 0, rise = 0;
  for (int k = std::max(0, 3 - knot); k < 4; k++) share += w.value[k], rise += w.slope[k] * 3 / fade;
  return {from.value + share * (to.value - from.value), from.slope + share * (to.slope - from.slope) + rise * (to.value - from.value)};
}

// A timed leg is a B-spline as well, its control points along the course: eased at both ends, and over the corners of a
// fader's law. They are two ticks apart or more, so that not every tick needs a new one.
Glide::Point Glide::leg_at(const Parameter& p, Leg& leg, double x) const {
  if (x >= leg.length) return {leg.goal, 0};
  const double per_frame = leg.pieces / leg.length, at = x * per_frame;
  const auto knot = int32_t(at);
  if (knot != leg.knot) move_on(p, leg, knot);
  const Weights w = weights_at(at - knot);
  Point point{0, 0};
  for (int k = 0; k < 4; k++) point.value += w.value[k] * leg.points[k], point.slope += w.slope[k] * leg.points[k];
  return {point.value, point.slope * per_frame};
}

void Glide::move_on(const Parameter& p, Leg& leg, int32_t knot) {
  const int kept = leg.knot >= 0 && knot == leg.knot + 1 ? 3 : 0;
  std::copy(leg.points + 4 - kept, leg.points + 4, leg.points);
  for (int k = kept; k < 4; k++) {
    const double t = leg.pieces > 3 ? (double(knot + k) - 2.5) / (leg.pieces - 3) : knot + k > 2 ? 1 : 0;
    leg.points[k] = t <= 0 ? leg.from : t >= 1 ? leg.goal : course_point(p, leg.from, leg.goal, leg.course, t);
  }
  leg.knot = knot;
}

void Glide::bend(int from_index, Point end, int end_index) {
  const double o = from_index, per = 1.0 / (end_index - from_index);
  const Point a{cubic_.at(o), cubic_.slope(o)};
  const double rise = (end.value - a.value) * per;
  const double a2 = (3 * rise - 2 * a.slope - end.slope) * per, a3 = (a.slope + end.slope - 2 * rise) * per * per;
  // From powers of (k - o) to powers of k.
  cubic_ = {{a.value - o * (a.slope - o * (a2 - o * a3)), a.slope - o * (2 * a2 - 3 * o * a3), a2 - 3 * o * a3, a3}};
  ahead_ = 0;
}

void GlidePool::link(std::span<Glide> glides) {
  for (size_t g = 0; g + 1 < glides.size(); g++) glides[g].next_free_ = &glides[g + 1];
}

void GlidePool::add(std::span<Glide> linked) noexcept {
  if (linked.empty()) return;
  linked.back().next_free_ = free_;
  free_ = &linked.front();
}

Glide* GlidePool::next() noexcept {
  Glide* const glide = free_;
  if (!glide) return nullptr;
  free_ = glide->next_free_;
  used_++;
  return glide;
}

Glide* GlidePool::take(double point) noexcept {
  Glide* const glide = next();
  if (glide) glide->rest(point);
  return glide;
}

Glide* GlidePool::copy(const Glide& of) noexcept {
  Glide* const glide = next();
  if (glide) *glide = of;
  return glide;
}

void GlidePool::give_back(Glide* glide) noexcept {
  glide->next_free_ = std::exchange(free_, glide);
  used_--;
}

}  // namespace mixgraph

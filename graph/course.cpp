#include "graph/course.h"

#include <algorithm>
#include <cmath>

namespace mixgraph {
namespace {

double eased(double t) { return t * t * (3 - 2 * t); }

double from_domain(const Parameter& p, double x) {
  switch (domain(p)) {
    case Domain::log2: return std::exp2(x);
    case Domain::gain: return x <= 0 ? p.min : std::max(p.min, 20 * std::log10(x));
    case Domain::linear: break;
  }
  return x;
}

bool in_ratios(const Parameter& p, double from, double to) { return p.unit != Unit::decibel && from > 0 && to > 0; }

}  // namespace

bool is_straight(const Parameter& p, double from, double to, Course course) {
  if (p.curve == Curve::stepped || domain(p) == Domain::gain) return false;
  if (domain(p) == Domain::log2) return course != Course::linear;
  return course != Course::exponential || !in_ratios(p, from, to);
}

double course_value(const Parameter& p, double from, double to, Course course, double t) {
  if (course == Course::s_curve) t = eased(t);
  auto between = [t](double a, double b) { return a + (b - a) * t; };
  if (course == Course::linear) return between(from, to);
  if (course == Course::exponential) return in_ratios(p, from, to) ? from * std::pow(to / from, t) : between(from, to);
  return from_position(p, between(to_position(p, from), to_position(p, to)));
}

double course_point(const Parameter& p, double from, double to, Course course, double t) {
  if (is_straight(p, from, to, course)) return from + (to - from) * (course == Course::s_curve ? eased(t) : t);
  auto unit = [&p](double x) { return std::clamp(from_domain(p, x), p.min, p.max); };
  return to_domain(p, course_value(p, unit(from), unit(to), course, t));
}

}  // namespace mixgraph

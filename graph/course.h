#pragma once
#include <cstdint>

#include "graph/parameter.h"

namespace mixgraph {

/// The course of a timed move.
enum class Course : uint8_t {
  position,     ///< straight along the parameter's own fader scale (its Curve)
  linear,       ///< straight in the unit
  exponential,  ///< straight in dB or octaves: equal ratios in equal times
  s_curve,      ///< eased at both ends along the fader scale
};

/// Where a move of the parameter is after the share `t`, 0..1, of its time; in the unit. [any]
double course_value(const Parameter& p, double from, double to, Course course, double t);
/// The same in the parameter's domain, between two points of it. [any]
double course_point(const Parameter& p, double from, double to, Course course, double t);
/// Whether the course between two points is a straight line in the domain, but for easing. [any]
bool is_straight(const Parameter& p, double from, double to, Course course);

}  // namespace mixgraph

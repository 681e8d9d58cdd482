#pragma once
#include <array>
#include <cstdint>

#include "graph/engine.h"

namespace mixgraph {

/// Frames between the points at which parameters' courses are computed. Ticks start at multiples of it, so that nothing
/// depends on how the device cuts time.
inline constexpr int kTick = kMaxBlock;

/// Frames of the shortest move at a rate: whole ticks, about 11 ms. A frequency, a time or a ratio takes as long for each
/// octave: a filter that is torn along faster takes the sound that rings in it to other frequencies. [any]
double shortest_move(double rate);

/// A parameter's course: it holds a value, or follows a plan to a new one, tick by tick, without a step in value or slope
/// and, but for what a tick's cubic can't follow, without one in curvature. A new move takes over by fading from the old
/// course to its own, so however fast moves follow each other, the value stays between those it comes from and goes to.
class Glide {
 public:
  /// Coefficients of a cubic in the index within the tick.
  struct Cubic {
    double c[4] = {};
    double at(double k) const { return c[0] + k * (c[1] + k * (c[2] + k * c[3])); }
    double slope(double k) const { return c[1] + k * (2 * c[2] + k * 3 * c[3]); }
  };

  /// Holds a value, in the unit. [any, before it is shared; audio]
  void hold(const Parameter& p, double value);
  /// Begins a move at `frame`, from wherever it is. `length` in frames; the shortest one is shortest_move(). [audio]
  void begin(const Parameter& p, uint64_t frame, double target, double length, Course course, double shortest);
  /// Computes the course over the tick that begins at `frame`; false: it rests. [audio]
  bool next_tick(const Parameter& p, uint64_t frame);
  const Cubic& cubic() const { return cubic_; }

 private:
  struct Point {
    double value, slope;  ///< in the domain
  };
  struct Plan {
    uint64_t start;
    double from, target;  ///< in the unit
    double fade;          ///< frames in which it takes over
    double length;        ///< frames; 0: a jump, which the fade makes smooth
    Course course;
  };
  static constexpr int kPlans = 8;

  Plan plan_for(const Parameter& p, uint64_t frame, double target, double length, Course course) const;
  void follow(const Parameter& p, const Plan& plan, int index);
  Point course_at(const Parameter& p, uint64_t frame) const;
  Point plan_at(const Parameter& p, const Plan& plan, double frame) const;
  void bend(int from_index, Point end);
  void forget_old(const Parameter& p, uint64_t frame);

  Cubic cubic_;
  double base_ = 0;                   // in the domain: where the first plan comes from
  double shortest_ = 1;               // frames
  std::array<Plan, kPlans> plans_{};  // each takes over from those before
  int count_ = 0;
  Plan waiting_{};  // for a place among the plans
  bool waits_ = false;
};

}  // namespace mixgraph

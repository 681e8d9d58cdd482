#pragma once
#include <cstdint>

#include "graph/engine.h"

namespace mixgraph {

/// Frames between the points at which parameters' courses are computed. Ticks start at multiples of it, so that nothing
/// depends on how the device cuts time.
inline constexpr int kTick = kMaxBlock;

/// A parameter's course: it holds a value, or follows a plan to a new one, tick by tick, without a step in value or slope.
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
  /// Begins a move at `frame`, from wherever it is. `length` in frames. [audio]
  void begin(const Parameter& p, uint64_t frame, double target, double length, Course course);
  /// Computes the course over the tick that begins at `frame`; false: it rests. [audio]
  bool next_tick(const Parameter& p, uint64_t frame);
  const Cubic& cubic() const { return cubic_; }

 private:
  struct Point {
    double value, slope;
  };
  Point plan_at(const Parameter& p, double frame) const;
  void bend(int from_index, Point end);

  Cubic cubic_;
  Point start_{};                     // in the domain
  double from_ = 0, target_ = 0;      // in the unit
  uint64_t start_frame_ = 0;
  double length_ = 0;
  Course course_ = Course::position;
  bool eased_ = true;   // the shortest move: a single S-curve in the domain
  bool moving_ = false;
};

}  // namespace mixgraph

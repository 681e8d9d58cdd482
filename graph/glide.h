#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "graph/course.h"

namespace mixgraph {

/// Frames between the points at which parameters' courses are computed. Ticks start at multiples of it, so that nothing
/// depends on how the device cuts time.
inline constexpr int kTick = 64;

/// Frames of the shortest move at a rate: whole ticks, about 11 ms. A frequency, a time or a ratio takes as long for each
/// octave: a filter that is torn along faster takes the sound that rings in it to other frequencies. [any]
double shortest_move(double rate);
/// Frames of the longest of the shortest moves: of a row over all its range. [any]
double longest_jump(double rate);

/// A parameter's way to a new value: it follows legs, tick by tick, without a step in value or slope and, but for what a
/// tick's cubic can't follow, without one in curvature. A new move takes over by fading from the old course to its own, so
/// however fast moves follow each other, the value stays between those it comes from and goes to. All points are in the
/// parameter's domain.
class Glide {
 public:
  /// Coefficients of a cubic in the index within the tick.
  struct Cubic {
    double c[4] = {};
    double at(double k) const { return c[0] + k * (c[1] + k * (c[2] + k * c[3])); }
    double slope(double k) const { return c[1] + k * (2 * c[2] + k * 3 * c[3]); }
  };

  /// Holds a point. [audio]
  void rest(double point);
  /// Goes on from a course of somebody else's in this tick, to where that is at its end, unless it begins a move at this frame.
  /// [audio]
  void go_on(const Parameter& p, uint64_t frame, const Cubic& from, double shortest);
  /// Begins a move at `frame`, from wherever it is. `length` in frames; the shortest one is shortest_move(). [audio]
  void begin(const Parameter& p, uint64_t frame, double goal, double length, Course course, double shortest);
  /// Computes the course over so many ticks, 1 or 2, of which the first begins at `frame`; in the second of two it goes on
  /// by itself. False: it rests. [audio]
  bool next_tick(const Parameter& p, uint64_t frame, int ticks);
  const Cubic& cubic() const { return cubic_; }
  /// Whether it moves so little in this tick that what is derived from it can go straight from its begin to its end. [audio]
  bool is_slow(const Parameter& p) const { return is_slow(p, cubic_); }
  static bool is_slow(const Parameter& p, const Cubic& cubic);
  /// Where it goes to. [audio]
  double goal() const { return waits_ ? waiting_.goal : count_ > 0 ? legs_[size_t(count_ - 1)].goal : base_; }

 private:
  friend class GlidePool;
  struct Point {
    double value, slope;
  };
  struct Leg {
    uint64_t start;
    double from, goal;
    double fade;    ///< frames in which it takes over
    double length;  ///< frames; 0: a jump, which the fade makes smooth
    double pieces;  ///< of its B-spline
    double points[4];  ///< of that, about where it is
    int32_t knot;      ///< of the points; -1: none yet
    Course course;
  };
  static constexpr int kLegs = 8;

  Leg leg_for(const Parameter& p, uint64_t frame, double goal, double length, Course course) const;
  void follow(const Parameter& p, const Leg& leg, int index);
  Point course_at(const Parameter& p, uint64_t frame);
  static Point between(Point from, Point to, double x, double fade);
  Point leg_at(const Parameter& p, Leg& leg, double frame) const;
  static void move_on(const Parameter& p, Leg& leg, int32_t knot);
  void bend(int from_index, Point end, int end_index);
  void forget_old(uint64_t frame);

  Cubic cubic_;
  double base_ = 0;      // where the first leg comes from
  double shortest_ = 1;  // frames
  Glide* next_free_ = nullptr;
  int count_ = 0;
  int ahead_ = 0;  // ticks for which the cubic goes on after this one
  bool waits_ = false;
  std::array<Leg, kLegs> legs_;  // each takes over from those before
  Leg waiting_;                  // for a place among the legs
};

/// Courses for the rows that move; those at rest have none. It never grows by itself: whoever sends orders adds to it
/// first. [audio]
class GlidePool {
 public:
  /// Makes a list of them, so that add() takes no time. [any]
  static void link(std::span<Glide> glides);
  void add(std::span<Glide> linked) noexcept;
  /// One at rest at a point; nullptr: none is left.
  Glide* take(double point) noexcept;
  /// A copy; nullptr: none is left.
  Glide* copy(const Glide& of) noexcept;
  void give_back(Glide* glide) noexcept;
  size_t used() const { return used_; }

 private:
  Glide* next() noexcept;
  Glide* free_ = nullptr;
  size_t used_ = 0;
};

}  // namespace mixgraph

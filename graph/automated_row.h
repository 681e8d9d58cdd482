#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>

#include "graph/automation.h"
#include "graph/glide.h"

namespace mixgraph {

/// A row while breakpoints decide its course, of one instance. Its values at the ends of ticks are those of the breakpoints; in
/// between it goes along a cubic that has no step in its slope, and never leaves what lies between them.
class AutomatedRow {
 public:
  /// `start`: the engine's frame of the automation's frame 0; `begins`: that from which on it has the row, at the earliest. [control]
  AutomatedRow(std::shared_ptr<const Automation> automation, const Track& track, uint32_t instance, int row, int64_t start, uint64_t begins, double rate);

  const uint32_t instance;
  const int16_t row;  ///< of the instance: a follower of the track's, perhaps
  /// The frame from which on it has the row: what is said of it later takes the row away for good. [any]
  uint64_t begins() const { return begins_; }

  /// It is at rest until this frame; UINT64_MAX: for good. [audio]
  uint64_t wakes() const { return wakes_; }
  /// Whether it has the row at this time; else it goes on from where the row is. [audio]
  bool is_at_work() const { return works_; }
  /// Takes the row over where it is, in a tick that begins at `frame`. [audio]
  void take_over(uint64_t frame, const Glide::Cubic& here);
  /// Computes the course over so many ticks, 1 or 2, of which the first begins at `frame`; in the second of two it goes on by
  /// itself. [audio]
  void next_tick(uint64_t frame, int ticks);
  const Glide::Cubic& cubic() const { return cubic_; }
  const Parameter& parameter() const { return parameter_; }
  /// Lets go of the row; `for_good`: it won't come back. [audio]
  void leave(bool for_good) { works_ = false, left_ = left_ || for_good; }
  bool has_left() const { return left_; }

  uint64_t table = 0;  ///< serial of the latest table that has it [audio]

 private:
  const std::vector<Breakpoint>& points() const { return track_.points; }
  int64_t frame_of(size_t point) const { return int64_t(points()[point].frame) + start_; }
  double domain_value(size_t point) const { return to_domain(parameter_, points()[point].value); }
  double at(int64_t frame);
  void pass_point();
  void enter_way();
  double on_way(int64_t frame) const;
  double smoothed(int64_t frame, double value) const;
  void jump(int64_t frame, double from, double to);
  bool rests_at(int64_t frame) const;

  const std::shared_ptr<const Automation> automation_;  // keeps the track
  const Track& track_;
  const Parameter& parameter_;
  const int64_t start_;
  const uint64_t begins_;
  const double rate_, shortest_, steepest_;
  uint64_t wakes_;
  bool works_ = false, left_ = false;
  size_t next_ = 0;                       // point
  double from_ = 0, to_ = 0;              // of the way to it
  bool moves_ = false, straight_ = true;  // along the way
  double jump_from_ = 0, jump_begin_ = 0, jump_length_ = 0;  // frames; the way is faded to
  Glide::Cubic cubic_;
  double here_ = 0, slope_ = 0;           // at the end of the cubic
  double soon_ = 0;                       // the value that was looked at last
  int64_t soon_at_ = 0;                   // and its frame
  int ahead_ = 0;                         // ticks for which the cubic goes on after this one
};

}  // namespace mixgraph

#include "graph/automated_row.h"

#include <cmath>

namespace mixgraph {
namespace {

double eased(double x) { return x <= 0 ? 0 : x >= 1 ? 1 : x * x * (3 - 2 * x); }

/// The slope between two rises, so that the curve stays between the values: none where it turns.
double slope_between(double before, double after) { return before * after <= 0 ? 0 : 2 * before * after / (before + after); }

}  // namespace

AutomatedRow::AutomatedRow(std::shared_ptr<const Automation> automation, const Track& track, uint32_t id, int told_row_number, int64_t start, uint64_t begins,
                           double rate)
    : instance(id),
      row(int16_t(told_row_number)),
      automation_(std::move(automation)),
      track_(track),
      parameter_(told_row(*track.type, track.row)),
      start_(start),
      begins_(uint64_t(std::max(frame_of(0), int64_t(begins)))),
      rate_(rate),
      shortest_(shortest_move(rate)),
      steepest_(steepest(parameter_, rate)),
      wakes_(begins_) {}

void AutomatedRow::take_over(uint64_t frame, const Glide::Cubic& here) {
  works_ = true;
  cubic_ = here;
  here_ = from_ = to_ = here.c[0];
  slope_ = here.c[1];
  moves_ = false;
  jump_length_ = 0;
  ahead_ = 0;
  const auto from = std::max(int64_t(frame), int64_t(begins_));
  soon_at_ = int64_t(frame);
  const auto after = [&](const Breakpoint& point) { return int64_t(point.frame) + start_ > from; };
  next_ = size_t(std::partition_point(points().begin(), points().end(), [&](const Breakpoint& p) { return !after(p); }) - points().begin());
  if (next_ > 0 && frame_of(next_ - 1) < from) {  // in the midst of its course
    enter_way();
    jump(from, here_, on_way(from));
  } else {
    while (next_ > 0 && frame_of(next_ - 1) == from) next_--;
  }
}

double AutomatedRow::at(int64_t frame) {
  while (next_ < points().size() && frame_of(next_) <= frame) pass_point();
  return smoothed(frame, on_way(frame));
}

void AutomatedRow::pass_point() {
  const int64_t frame = frame_of(next_);
  const bool arrives = next_ > 0 && !points()[next_].steps && moves_;
  const double before = arrives ? domain_value(next_) : to_;
  const double smooth = smoothed(frame, before);
  next_++;
  enter_way();
  if (const double after = on_way(frame); after != before) jump(frame, smooth, after);
}

void AutomatedRow::enter_way() {
  from_ = to_ = domain_value(next_ - 1);
  moves_ = false;
  if (next_ == points().size() || points()[next_].steps) return;
  to_ = domain_value(next_);
  moves_ = to_ != from_ && !leaps(parameter_, points()[next_ - 1], points()[next_], rate_);
  if (!moves_) from_ = to_;
  straight_ = moves_ && is_straight(parameter_, from_, to_, points()[next_].course);
}

double AutomatedRow::on_way(int64_t frame) const {
  if (!moves_) return to_;
  const Breakpoint &before = points()[next_ - 1], &point = points()[next_];
  const double share = double(frame - frame_of(next_ - 1)) / double(point.frame - before.frame);
  if (share <= 0) return from_;
  if (straight_) return course_point(parameter_, from_, to_, point.course, share);
  return to_domain(parameter_, course_value(parameter_, before.value, point.value, point.course, share));
}

double AutomatedRow::smoothed(int64_t frame, double value) const {
  const double since = double(frame) - jump_begin_;
  if (since >= jump_length_) return value;
  return jump_from_ + eased(since / jump_length_) * (value - jump_from_);
}

// As long as a set takes, but no longer than until it is to go elsewhere, if that is not too steep.
void AutomatedRow::jump(int64_t frame, double from, double to) {
  const double way = std::abs(to - from);
  double least = shortest_;
  if (domain(parameter_) == Domain::log2) least = std::min(std::max(least, way * shortest_), longest_jump(rate_));
  size_t turn = next_;
  while (turn < points().size() && (frame_of(turn) <= frame || (turn == next_ && !moves_ && !points()[turn].steps))) turn++;
  if (turn < points().size()) least = std::min(least, double(frame_of(turn) - frame));
  jump_from_ = from;
  jump_begin_ = double(frame);
  jump_length_ = std::max(least, way / steepest_);
}

bool AutomatedRow::rests_at(int64_t frame) const { return !moves_ && double(frame) - jump_begin_ >= jump_length_; }

void AutomatedRow::next_tick(uint64_t frame, int ticks) {
  wakes_ = frame;
  if (ahead_ > 0) {
    ahead_--;
    cubic_ = {{cubic_.at(kTick), cubic_.slope(kTick), cubic_.c[2] + 3 * kTick * cubic_.c[3], cubic_.c[3]}};
    return;
  }
  // Values are looked at in the order of their frames; one that was looked at two ticks ahead is kept to.
  const auto now = int64_t(frame);
  const int64_t end = std::max(now + ticks * kTick, soon_at_), after = end + ticks * kTick;
  const double end_value = end == soon_at_ ? soon_ : at(end);
  const double soon = at(after), length = double(end - now), rise = (end_value - here_) / length;
  const double slope = slope_between(rise, (soon - end_value) / double(after - end));
  cubic_ = {{here_, slope_, (3 * rise - 2 * slope_ - slope) / length, (slope_ + slope - 2 * rise) / (length * length)}};
  ahead_ = int(end - now) / kTick - 1;
  if (rise == 0 && slope_ == 0 && soon == end_value && rests_at(after)) {
    wakes_ = next_ < points().size() ? uint64_t(frame_of(next_)) : UINT64_MAX;
    ahead_ = 0;
  }
  here_ = end_value, slope_ = slope;
  soon_ = soon, soon_at_ = after;
}

}  // namespace mixgraph

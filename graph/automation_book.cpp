#include "graph/automation_book.h"

#include <algorithm>

namespace mixgraph {

void AutomationBook::play(std::shared_ptr<const Automation> automation, uint64_t frame, uint64_t from) {
  stale_ = automation || automation_;
  automation_ = std::move(automation);
  start_ = int64_t(frame) - int64_t(from);
  begins_ = frame;
  played_.clear();
  due_.clear();
  attached_.clear();
  if (!automation_) return;
  for (const Track& track : automation_->tracks) {
    const auto is_past = [&](const Breakpoint& point) { return point.frame <= from; };
    const auto next = std::partition_point(track.points.begin(), track.points.end(), is_past);
    const size_t first = size_t(next - track.points.begin());
    played_.push_back({&track, first > 0 ? first - 1 : 0, first > 0 ? first - 1 : 0});  // what is under way by then counts as passed then
    wait_for_next(played_.size() - 1);
  }
}

void AutomationBook::wait_for_next(size_t number) {
  const Played& p = played_[number];
  if (p.next == p.track->points.size()) return;
  due_.emplace_back(std::max(frame_of(p, p.next), begins_), number);
  std::push_heap(due_.begin(), due_.end(), std::greater<>());
}

std::optional<AutomationBook::Passed> AutomationBook::pass() {
  const auto [frame, number] = due_.front();
  std::pop_heap(due_.begin(), due_.end(), std::greater<>());
  due_.pop_back();
  Played& p = played_[number];
  if (p.is_taken) return {};
  const auto& points = p.track->points;
  const size_t at = p.next++;
  wait_for_next(number);
  const uint64_t begun = frame_of(p, at);
  Passed passed{p.track, {p.track->path, p.track->row, points[at].value, begun, 0, Course::position}, {}};
  if (at + 1 < points.size() && !points[at + 1].steps && points[at + 1].frame > points[at].frame)
    passed.way = {p.track->path, p.track->row, points[at + 1].value, begun, double(points[at + 1].frame - points[at].frame) / rate_, points[at + 1].course};
  return passed;
}

void AutomationBook::said(uint32_t instance, int row, uint64_t frame) {
  const auto found = attached_.empty() ? attached_.end() : attached_.find(row_key(instance, row));
  if (found == attached_.end() || frame <= found->second.row->begins()) return;
  const auto& [automated, number] = found->second;
  Played& p = played_[number];
  if (automated->row != p.track->row || p.next == p.track->points.size()) return;
  p.is_taken = stale_ = true;
}

void AutomationBook::add_row(AutomationTable& table, const Instance* instance, const Track& track, int row, size_t number, uint64_t now) {
  if (!instance) return;
  auto& [automated, place] = attached_[row_key(instance->id, row)];
  place = number;
  if (!automated) automated = std::make_shared<AutomatedRow>(automation_, track, instance->id, row, start_, std::max(begins_, now), rate_);
  table.rows.push_back(automated);
}

std::shared_ptr<AutomationTable> AutomationBook::make_table(const Find& find, const Followers& followers, uint64_t now) {
  stale_ = false;
  auto table = std::make_shared<AutomationTable>();
  table->serial = ++tables_;
  for (size_t n = 0; n < played_.size(); n++) {
    const Track& track = *played_[n].track;
    const Instance* const instance = played_[n].is_taken ? nullptr : find(track.path);
    if (!instance || instance->type != track.type) continue;
    add_row(*table, instance, track, track.row, n, now);
    for (const Followers::Row& follower : followers.of(track.path, track.row)) add_row(*table, find(follower.path), track, follower.row, n, now);
  }
  auto& rows = table->rows;
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return row_key(a->instance, a->row) < row_key(b->instance, b->row); });
  std::erase_if(attached_, [&](const auto& item) { return !table->find(uint32_t(item.first >> 16), int(item.first & 0xffff)); });
  for (auto* list : {&table->awake, &table->asleep}) {  // pages of memory that the audio thread needn't make
    list->resize(rows.size());
    list->clear();
  }
  return table;
}

std::vector<AutomationState> AutomationBook::states() const {
  std::vector<AutomationState> states;
  for (const Played& p : played_) states.push_back({p.track->path, p.track->type, p.track->row, p.next > p.first, p.is_taken, p.next == p.track->points.size()});
  return states;
}

}  // namespace mixgraph

// What an order book says of automation and of musical time.
#include <algorithm>

#include "graph/order_book.h"

namespace mixgraph {

void OrderBook::pass_breakpoint() {
  const auto passed = automation_.pass();
  if (!passed) return;
  const Instance* const instance = find(passed->track->path);
  if (!instance || instance->type != passed->track->type) return;
  due_.push_back(passed->value);
  if (passed->way) due_.push_back(*passed->way);
  set_automated(passed->track->path, passed->track->row, *passed);
  for (const Followers::Row& follower : followers_.of(passed->track->path, passed->track->row)) set_automated(follower.path, follower.row, *passed);
}

// The audio thread knows it already.
void OrderBook::set_automated(std::string_view path, int row, const AutomationBook::Passed& passed) {
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) return;
  Instance& instance = *found->second;
  instance.values[size_t(row)] = passed.way ? passed.way->value : passed.value.value;
  instance.told[size_t(row)] = std::max(instance.told[size_t(row)], passed.value.frame);
  std::erase_if(instance.held, [row](const Held& h) { return h.order.row == row; });
}

void OrderBook::automate(std::shared_ptr<const Automation> automation, uint64_t frame, uint64_t from) {
  automation_.play(std::move(automation), std::max(frame, now_), from);
  send_automation();
}

void OrderBook::send_automation() {
  if (!automation_.is_stale()) return;
  auto batch = batch_of({now_, ++numbers_}, {}, false);
  batch->automation = automation_.make_table([this](std::string_view path) { return find(path); }, followers_, now_);
  // A row that it lets go of needs a glide, and perhaps another one where it was before.
  for (const uint64_t key : automated_) busy_[key] = now_ + uint64_t(longest_jump_ + rate_);
  automated_.clear();
  for (const auto& row : batch->automation->rows)
    for (const uint64_t mark : {uint64_t(0), kOfThePast}) {
      automated_.push_back(row_key(row->instance, row->row) | mark);
      busy_[automated_.back()] = UINT64_MAX;
    }
  send(std::move(batch));
}

void OrderBook::change_transport(const TransportChange& change, uint64_t frame) {
  const Key key{std::max(frame, now_), ++numbers_};
  auto batch = batch_of(key, {}, frame != 0, frame != 0 && frame < now_);
  batch->transport = change;
  if (key.first > now_)
    changes_[key] = change;
  else
    transport_.change(change, key.first);
  send(std::move(batch));
}

}  // namespace mixgraph

#include "graph/order_book.h"

#include <algorithm>
#include <set>

namespace mixgraph {
namespace {

constexpr size_t kGlidesAtOnce = 256;

}  // namespace

OrderBook::OrderBook(Handover& handover, double rate) : handover_(handover), rate_(rate), longest_jump_(longest_jump(rate)), automation_(rate), transport_(rate) {}

std::unique_ptr<Batch> OrderBook::batch_of(const Key& key, std::vector<Order> orders, bool timed, bool late) {
  return std::make_unique<Batch>(Batch{key.first, key.second, timed, late, false, std::move(orders), {}});
}

OrderBook::~OrderBook() {
  for (auto* queue : {&handover_.batches, &handover_.done})
    for (; queue->consumed() < queue->readable(); queue->pop()) delete queue->front();
}

// Most are those that are known: their places tell.
void OrderBook::know(const Plan& target) {
  enum : size_t { kNew, kKnown, kStays };
  for (const InstancePtr& i : target.nodes) i->place = kNew;
  for (const InstancePtr& i : known_) i->place = kKnown;
  for (const InstancePtr& i : target.nodes)
    if (i->place == kKnown) i->place = kStays;
  for (const InstancePtr& i : known_) {
    if (i->place == kStays) continue;
    by_path_.erase(i->path);
    by_id_.erase(i->id);
  }
  for (const InstancePtr& i : target.nodes) {
    if (i->place != kNew) continue;
    by_path_[i->path] = i.get();
    by_id_[i->id] = i.get();
  }
  known_ = target.nodes;
}

Instance* OrderBook::by_id(uint32_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

Order OrderBook::order_of(const Instance& instance, int row, double value, double seconds, Course course) const {
  return {instance.id, int16_t(row), course, float(seconds * rate_), value, to_domain(told_row(*instance.type, row), value)};
}

void OrderBook::say_to(std::string_view path, int row, const Move& m, SaidFrames& frames) {
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) return;
  const Instance& instance = *found->second;
  const Parameter& p = told_row(*instance.type, row);
  if (p.update != Update::live) return;
  const bool timed = m.frame != 0 && !m.at_once, late = m.late || (timed && m.frame < now_);
  const uint64_t at = m.at_once || m.frame > now_ ? m.frame : now_;
  Said& said = frames[at];
  said.timed |= timed, said.late |= late;
  add(said, at, p, order_of(instance, row, m.value, m.seconds, m.course));
  if (p.group != GroupPart::none)
    for (const Followers::Row& follower : followers_.of(path, row)) say_to(follower.path, follower.row, m, frames);
  if (links_.empty() || row >= row_count(*instance.type) || !can_follow(*instance.type, row)) return;
  for (const LinkedNode* linked : links_.following(path)) {
    Move led = m;
    led.value = linked->value(row, m.value);
    say_to(linked->path, row, led, frames);
  }
}

void OrderBook::add(Said& said, uint64_t frame, const Parameter& p, const Order& order) {
  said.orders.push_back(order);
  if (p.group != GroupPart::solo && p.group != GroupPart::solo_safe) return;
  said.solo = true;
  solos_.insert({{frame, numbers_ + 1}, {row_of(order), order.value}});
}

void OrderBook::say(std::span<const Move> moves) {
  SaidFrames frames;
  for (const Move& m : moves) say_to(m.path, m.row, m, frames);
  add_silenced(frames);
  send_said(frames);
}

void OrderBook::send_said(SaidFrames& frames) {
  for (auto& [frame, said] : frames) {
    const Key key{frame, ++numbers_};
    frame > now_ ? tell_later(key, std::move(said.orders)) : tell_at_once(key, std::move(said.orders), said.timed, said.late);
  }
  std::erase_if(solos_, [this](const auto& item) { return item.first.first <= now_; });
}

// The solo of a frame begins with what it silences, and all that is said of later ones is said again. What is silenced at once is so
// as of now, whatever frame the solo was said at: something may have come due since.
void OrderBook::add_silenced(SaidFrames& frames) {
  const auto first = std::find_if(frames.begin(), frames.end(), [](const auto& item) { return item.second.solo; });
  if (first == frames.end()) return;
  std::set<uint64_t> at;
  for (auto solo = solos_.lower_bound({first->first, 0}); solo != solos_.end(); ++solo) at.insert(std::max(solo->first.first, now_));
  for (const uint64_t frame : at) {
    Said& said = frames[frame];
    said.timed |= frame > now_;
    const std::vector<Order> silenced = silenced_at(frame);
    said.orders.insert(said.orders.end(), silenced.begin(), silenced.end());
  }
}

std::vector<Order> OrderBook::silenced_at(uint64_t frame) const {
  std::unordered_map<uint64_t, double> then;  // by row
  for (auto at = solos_.begin(); at != solos_.end() && at->first.first <= frame; ++at) then[at->second.first] = at->second.second;
  const auto value_of = [&](std::string_view path, int row) {
    const auto found = by_path_.find(path);
    if (found == by_path_.end()) return 0.0;
    const auto told = then.find(row_key(found->second->id, row));
    return told == then.end() ? std::get<double>(found->second->values[size_t(row)]) : told->second;
  };
  std::vector<Order> orders;
  for (const auto& [row, is_silenced] : followers_.silenced(value_of)) {
    const auto found = by_path_.find(row.path);
    if (found == by_path_.end()) continue;
    const double value = is_silenced ? 1 : 0;
    if (frame > now_ || found->second->values[size_t(row.row)] != Value(value)) orders.push_back(order_of(*found->second, row.row, value));
  }
  return orders;
}

/// What a row follows; no instance: nothing.
OrderBook::Leader OrderBook::leader_of(const Instance& member, int row) const {
  if (row < row_count(*member.type)) {
    const LinkedNode* link = links_.find(member.path, row);
    return link ? Leader{find(link->leader), row, link} : Leader();
  }
  const auto group = followers_.leader_of(member.path, *member.type, size_t(row - row_count(*member.type)));
  return group ? Leader{find(group->path), group->row} : Leader();
}

/// The order that a follower takes at a frame: that of its leader then, or the leader's value. One of a group that it has left is as at first,
/// one that isn't linked any more stays as it is.
Order OrderBook::following(const Instance& member, int row, const FrameOrders& orders, const Values& then) const {
  const Parameter& p = told_row(*member.type, row);
  const Leader leader = leader_of(member, row);
  if (!leader.instance) return order_of(member, row, row < row_count(*member.type) ? std::get<double>(member.values[size_t(row)]) : p.initial);
  const auto value = [&](double leaders) { return leader.link ? leader.link->value(row, leaders) : leaders; };
  const uint64_t led_by = row_key(leader.instance->id, leader.row);
  if (const auto led = orders.find(led_by); led != orders.end()) {
    Order order = *led->second;
    order.instance = member.id, order.row = int16_t(row);
    order.value = value(order.value), order.goal = to_domain(p, order.value);
    return order;
  }
  const auto told = then.find(led_by);
  return order_of(member, row, value(told == then.end() ? std::get<double>(leader.instance->values[size_t(leader.row)]) : told->second));
}

/// Of the orders of a frame, those that rows take which are linked now, or were before: what was said of them doesn't count.
std::deque<Order> OrderBook::linked(const FrameOrders& orders, const Values& then) const {
  std::map<uint64_t, std::pair<const Instance*, int>> rows;
  for (const auto& [key, order] : orders) {
    const Instance* const instance = by_id(order->instance);
    if ((links_.empty() && links_before_.empty()) || !instance || order->row >= row_count(*instance->type) || !can_follow(*instance->type, order->row)) continue;
    if (links_.find(instance->path) || links_before_.find(instance->path)) rows[key] = {instance, order->row};
    for (const LinkedNode* node : links_.following(instance->path))
      if (const Instance* member = find(node->path)) rows[row_key(member->id, order->row)] = {member, order->row};
  }
  std::deque<Order> made;
  for (const auto& [key, row] : rows) made.push_back(following(*row.first, row.second, orders, then));
  return made;
}

// What waits was said to those who followed then. At each of its frames, whoever has followed or follows now is told again.
void OrderBook::follow_pending(SaidFrames& frames) {
  std::map<uint64_t, FrameOrders> waiting;  // the latest of each frame, by row
  for (const auto& [key, pending] : pending_)
    for (const Order& o : pending.orders) waiting[key.first][row_of(o)] = &o;
  Values then;  // that have come by the frame at hand
  for (auto& [frame, orders] : waiting) {
    for (const auto& [key, order] : orders) then[key] = order->value;
    const std::deque<Order> links = linked(orders, then);  // before the groups, as groups may be linked
    for (const Order& o : links) {
      orders[row_of(o)] = &o;
      then[row_of(o)] = o.value;
      frames[frame].timed = true;
      add(frames[frame], frame, row(*by_id(o.instance)->type, o.row), o);
    }
    std::map<uint64_t, std::pair<const Instance*, int>> members;  // by row
    for (const auto& [key, order] : orders) {
      const Instance* const instance = by_id(order->instance);
      if (!instance || told_row(*instance->type, order->row).group == GroupPart::none) continue;
      if (order->row >= row_count(*instance->type)) members[key] = {instance, order->row};
      for (const Followers::Row& follower : followers_.of(instance->path, order->row))
        if (const Instance* member = find(follower.path)) members[row_key(member->id, follower.row)] = {member, follower.row};
    }
    for (const auto& [key, member] : members) {
      if (told_row(*member.first->type, member.second).group == GroupPart::silenced) continue;
      Said& said = frames[frame];
      said.timed = true;
      said.orders.push_back(following(*member.first, member.second, orders, then));
    }
  }
}

void OrderBook::settle_followers() {
  SaidFrames frames;
  if (follows_ && !pending_.empty()) follow_pending(frames);
  bool solo = !solos_.empty();
  for (const InstancePtr& i : known_) {
    for (size_t r = 0; r < i->type->parameters.size(); r++)
      solo |= i->type->parameters[r].group == GroupPart::solo && i->values[r] == Value(1.0);
    for (size_t f = 0; f < i->type->followers.size(); f++) {
      const Parameter& p = i->type->followers[f];
      const int row = row_count(*i->type) + int(f);
      if (p.group == GroupPart::silenced) {
        solo |= i->values[size_t(row)] == Value(1.0);
        continue;
      }
      const Order order = following(*i, row, {}, {});
      if (i->values[size_t(row)] != Value(order.value)) frames[now_].orders.push_back(order);
    }
  }
  if (solo) {
    const std::vector<Order> silenced = silenced_at(now_);
    frames[now_].orders.insert(frames[now_].orders.end(), silenced.begin(), silenced.end());
    frames[now_].solo = true;
    add_silenced(frames);
  }
  send_said(frames);
}

// The value that counts is that of the latest frame, and of those the one that was said last.
bool OrderBook::tell(Instance& instance, const Order& order, const Key& key) {
  const auto row = size_t(order.row);
  if (key.first < instance.told[row]) return false;
  const double before = std::exchange(std::get<double>(instance.values[row]), order.value);
  instance.told[row] = key.first;
  if (automation_.is_playing()) automation_.said(instance.id, order.row, key.first);
  if (instance.hears()) return true;
  if (order.length > 0)
    instance.held.push_back({order, key.first, key.second, before});
  else
    std::erase_if(instance.held, [&](const Held& h) { return h.order.row == order.row; });
  return true;
}

void OrderBook::tell_at_once(const Key& key, std::vector<Order> orders, bool timed, bool late) {
  std::erase_if(orders, [&](const Order& o) { return !tell(*by_id(o.instance), o, key) || !by_id(o.instance)->hears(); });
  if (!orders.empty()) send(batch_of(key, std::move(orders), timed, late));
}

void OrderBook::tell_later(const Key& key, std::vector<Order> orders) {
  Pending& pending = pending_[key] = {std::move(orders)};
  unsent_++;
  send_pending(key, pending);
}

// As one batch, of all whose instances sound.
void OrderBook::send_pending(const Key& key, Pending& pending) {
  const auto first = pending.orders.begin() + std::ptrdiff_t(pending.sent);
  const auto last = std::stable_partition(first, pending.orders.end(), [this](const Order& o) {
    const Instance* instance = by_id(o.instance);
    return instance && instance->hears();
  });
  if (first == last) return;
  auto batch = batch_of(key, {first, last}, true);
  if (!try_send(batch)) return;
  pending.sent += size_t(last - first);
  unsent_ -= pending.sent == pending.orders.size();
}

void OrderBook::send_all_pending() {
  if (unsent_ == 0) return;
  for (auto& [key, pending] : pending_) send_pending(key, pending);
}

void OrderBook::look_at_clock(bool all) {
  now_ = handover_.frame.load(std::memory_order_relaxed);
  // Of one frame, what was said comes before the automation's.
  while (true) {
    const uint64_t pending = pending_.empty() ? UINT64_MAX : pending_.begin()->first.first, passed = automation_.next_frame();
    if (passed <= now_ && passed < pending) {
      pass_breakpoint();
      continue;
    }
    if (pending_.empty() || (!all && pending > now_)) break;
    come_due(pending_.begin()->first, pending_.begin()->second);
    pending_.erase(pending_.begin());
  }
  for (; !changes_.empty() && (all || changes_.begin()->first.first <= now_); changes_.erase(changes_.begin()))
    transport_.change(changes_.begin()->second, changes_.begin()->first.first);
  std::erase_if(solos_, [&](const auto& item) { return all || item.first.first <= now_; });
}

void OrderBook::come_due(const Key& key, Pending& pending) {
  std::vector<Order> unsent;
  for (size_t i = 0; i < pending.orders.size(); i++) {
    const Order& o = pending.orders[i];
    Instance* const instance = by_id(o.instance);
    if (!instance || !tell(*instance, o, key)) continue;
    due_.push_back(due_move(*instance, o, key.first));
    if (i >= pending.sent && instance->hears()) unsent.push_back(o);
  }
  unsent_ -= pending.sent < pending.orders.size();
  if (!unsent.empty()) send(batch_of(key, std::move(unsent), true));
}

DueMove OrderBook::due_move(const Instance& instance, const Order& o, uint64_t frame) const {
  return {instance.path, o.row, o.value, frame, o.length / rate_, o.course};
}

std::vector<DueMove> OrderBook::due_until(uint64_t frame) const {
  std::vector<DueMove> due;
  for (auto at = pending_.begin(); at != pending_.end() && at->first.first <= frame; ++at)
    for (const Order& o : at->second.orders)
      if (const Instance* instance = by_id(o.instance)) due.push_back(due_move(*instance, o, at->first.first));
  return due;
}

void OrderBook::advance() {
  for (; handover_.done.consumed() < handover_.done.readable(); handover_.done.pop()) {
    delete handover_.done.front();
    out_--;
  }
  while (!full_.empty() && try_send(full_.front())) {
    full_.pop_front();
    newest_.clear();  // what is left is found again when it is replaced, or sent as it is
  }
  send_automation();
  send_all_pending();
}

void OrderBook::send_held() {
  std::map<Key, std::vector<Order>> held;
  for (const InstancePtr& instance : known_) {
    if (instance->held.empty() || !instance->hears()) continue;
    for (const Held& h : std::exchange(instance->held, {})) held[{h.frame, h.number}].push_back(h.order);
  }
  for (auto& [key, orders] : held) send(batch_of(key, std::move(orders), false));
  send_all_pending();
}

void OrderBook::send(std::unique_ptr<Batch> batch) {
  if (full_.empty() && try_send(batch)) return;
  keep_newest(std::move(batch));
}

bool OrderBook::try_send(std::unique_ptr<Batch>& batch) {
  if (out_ == Handover::kMostBatches) return false;
  batch->glides = glides_for(*batch);
  Batch* const sent = batch.release();
  handover_.batches.push({&sent, 1});
  out_++;
  return true;
}

// The performer can't take more, so what nobody has heard yet gives way to what replaces it.
void OrderBook::keep_newest(std::unique_ptr<Batch> batch) {
  for (Order& o : batch->orders) {
    Order*& newest = newest_[row_of(o)];
    if (newest) newest->instance = 0;
    newest = &o;
  }
  full_.push_back(std::move(batch));
  auto is_void = [](const std::unique_ptr<Batch>& b) { return !b->transport && !b->automation && std::all_of(b->orders.begin(), b->orders.end(), [](const Order& o) { return o.instance == 0; }); };
  if (full_.size() % 1024 == 0) std::erase_if(full_, is_void);
}

std::span<Glide> OrderBook::glides_for(const Batch& batch) {
  constexpr double kMargin = 1;  // s: it may be postponed
  const uint64_t now = handover_.frame.load(std::memory_order_relaxed);
  for (const Order& o : batch.orders) {
    const uint64_t end = std::max(batch.frame, now) + uint64_t(std::max(double(o.length), longest_jump_) + kMargin * rate_);
    uint64_t& busy = busy_[row_of(o)];
    busy = std::max(busy, end);
  }
  return glides_for_rows();
}

// As many as there are rows that may move; none goes away again.
std::span<Glide> OrderBook::glides_for_rows() {
  if (busy_.size() <= glide_count_) return {};
  std::erase_if(busy_, [this](const auto& entry) { return entry.second < now_; });
  if (busy_.size() <= glide_count_) return {};
  const size_t more = std::max(kGlidesAtOnce, busy_.size() - glide_count_);
  glides_.push_back(std::make_unique<Glide[]>(more));
  glide_count_ += more;
  const std::span<Glide> glides(glides_.back().get(), more);
  GlidePool::link(glides);
  return glides;
}

std::span<Glide> OrderBook::reserve(const std::vector<InstancePtr>& heirs) {
  std::vector<std::pair<uint64_t, uint64_t>> copies;
  for (const auto& [row, end] : heirs.empty() ? decltype(busy_)() : busy_)
    if (std::any_of(heirs.begin(), heirs.end(), [row = row](const InstancePtr& i) { return row >> 16 == i->id; })) copies.push_back({row | kOfThePast, end});
  for (const auto& [row, end] : copies) busy_[row] = std::max(busy_[row], end);
  return glides_for_rows();
}

}  // namespace mixgraph

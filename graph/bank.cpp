#include "graph/bank.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <new>
#include <numbers>
#include <utility>

#include "graph/deadlines.h"
#include "graph/fold.h"
#include "graph/lane_state.h"

namespace mixgraph {

static_assert(kTick == kMaxBlock);

Floats::Floats(size_t size) : data_(static_cast<float*>(::operator new[](std::max<size_t>(size, 1) * 4, std::align_val_t(64)))), size_(size) {
  std::fill_n(data_.get(), size, 0.f);
}

FadeShape::FadeShape(double rate) : gains_(size_t(std::lround(rate * 0.010)) + 1) {
  for (size_t i = 0; i < gains_.size(); i++)
    gains_[i] = float(0.5 - 0.5 * std::cos(std::numbers::pi * double(i) / double(gains_.size() - 1)));
  gains_.back() = 1;
}

Result<std::unique_ptr<Bank>> Bank::create(const NodeType& type, const Kernel& kernel, const Setup& setup, const FadeShape& shape) {
  Setup single = setup_of_lane(type, setup);
  single.type = &type;
  auto state = kernel.create(single);
  if (!state) return state.problems();
  return std::unique_ptr<Bank>(new Bank(type, kernel, setup, shape, *state));
}

Bank::Bank(const NodeType& type, const Kernel& kernel, const Setup& setup, const FadeShape& shape, void* state)
    : kept_(&type),
      type_(type),
      kernel_(kernel),
      shape_(shape),
      format_(setup.format),
      own_(own_format(type, setup)),
      taken_(lanes_taken(type, setup.format)),
      channels_(taken_ > 1 ? 1 : setup.channels()),
      latency_(kernel.latency ? kernel.latency(state) : type.latency ? type.latency(setup) : 0),
      shortest_move_(shortest_move(setup.rate())),
      state_(state),
      rows_(type.parameters.size() + type.followers.size()),
      ramps_(rows_ * 4 * size_t(kernel.lanes)),
      meters_(type.meters.size() * size_t(kernel.lanes)),
      folded_(type.meters.size() * size_t(kernel.lanes)),
      glides_(rows_ * size_t(kernel.lanes)),
      gliding_(rows_),
      begun_((rows_ + 1) * size_t(kernel.lanes)),
      feeds_(type.feeds.size() * size_t(kernel.lanes)),
      touched_(rows_) {
  // A page that nobody has written yet would be made when the audio thread first does.
  auto* bytes = static_cast<volatile char*>(state_);
  for (size_t i = 0; i < kernel.bytes; i += 1024) bytes[i] = bytes[i];
  wet_.fill(shape.length());
  wet_goal_.fill(shape.length());
  wet_target_.fill(shape.length());
  for (size_t m = 0; m < type.meters.size(); m++) std::fill_n(meters_.data() + m * size_t(lanes()), lanes(), type.meters[m].rest);
  forget_meters();
  for (const Port& port : type.inputs) inputs_ += taken_ > 1 ? 1 : channels_of(port, format_, own_);
  for (const Port& port : type.outputs) outputs_ += taken_ > 1 ? 1 : channels_of(port, format_, own_);
  for (int l = 0; l < lanes(); l++) set_lane_values(l, setup.values);
  if (latency_ > 0 && type.bypassable()) {
    dry_frames_ = size_t(latency_) + kMaxBlock;
    dry_ = Floats(size_t(channels_) * dry_frames_ * size_t(lanes()));
  }
}

Bank::~Bank() { kernel_.destroy(state_); }

void Bank::service() {
  if (!kernel_.service || in_service_.exchange(true, std::memory_order_acquire)) return;
  kernel_.service(state_);
  in_service_.store(false, std::memory_order_release);
}

namespace {

uint64_t with_bit(uint64_t bits, int bit, bool on) { return (bits & ~(1ull << bit)) | uint64_t(on) << bit; }

/// One lane out of `rows` rows.
void copy_column(float* to, int to_lanes, const float* from, int from_lanes, size_t rows) {
  for (size_t i = 0; i < rows; i++) to[i * size_t(to_lanes)] = from[i * size_t(from_lanes)];
}

}  // namespace

void Bank::start_lane(int lane, const Setup& setup, bool odd) {
  Setup one = setup_of_lane(type_, setup);
  one.type = &type_;
  if (lanes() > 1)
    for (int l = lane; l < lane + taken_; l++) make_lane(single(), state_, lanes(), l, one);
  odd_ = with_bit(odd_, lane, odd);
  set_values(lane, setup.values);
}

void Bank::begin(const Setup& setup) {
  if (kernel_.begin) kernel_.begin(state_, setup);
  set_values(0, setup.values);
}

void Bank::set_values(int lane, std::span<const Value> values) {
  for (int l = lane; l < lane + taken_; l++) set_lane_values(l, values);
}
void Bank::set_lane_values(int lane, std::span<const Value> values) {
  for (int told = 0; told < told_row_count(type_); told++) {
    const Parameter& p = told_row(type_, told);
    const size_t row = place_of(told);
    if (row == rows_ || is_text(p)) continue;
    const double point = to_domain(p, size_t(told) < values.size() ? std::get<double>(values[size_t(told)]) : p.initial);
    write_lane_ramp(int(row), lane, {{point, 0, 0, 0}});
  }
  restless_now_ |= 1ull << lane;
  hurried_ |= 1ull << lane;
  set_fault(lane, Fault::none);
  if (!type_.bypassable()) return;
  bool bypassed = std::get<double>(values[type_.parameters.size()]) > 0.5;
  wet_[size_t(lane)] = wet_goal_[size_t(lane)] = wet_target_[size_t(lane)] = bypassed ? 0 : shape_.length();
  dry_lanes_ = with_bit(dry_lanes_, lane, bypassed);
}

void Bank::take_lane(int lane, Bank& from, int from_lane, GlidePool& pool) {
  auto copy = [&](float* to, const float* source, size_t rows) { copy_column(to + lane, lanes(), source + from_lane, from.lanes(), rows); };
  // What was in the lane goes where this came from: a lane's memory has one owner.
  swap_lanes(single(), state_, lanes(), lane, from.state_, from.lanes(), from_lane);
  copy(meters_.data(), from.meters_.data(), type_.meters.size());
  copy(folded_.data(), from.folded_.data(), type_.meters.size());
  set_fault(lane, from.fault(from_lane));
  odd_ = with_bit(odd_, lane, from.odd_ >> from_lane & 1);
  stop_glides(lane, pool);
  copy_courses(lane, from, from_lane);
  for (size_t r = 0; r < gliding_.size(); r++) {
    std::swap(glide(r, lane), from.glide(r, from_lane));
    from.gliding_[r] = with_bit(from.gliding_[r], from_lane, false);
  }
}

void Bank::inherit_lane(int lane, const Bank& from, int from_lane, GlidePool& pool) {
  stop_glides(lane, pool);
  for (int l = lane; l < lane + taken_; l++) copy_courses(l, from, from_lane);
  for (size_t r = 0; r < gliding_.size(); r++) {
    gliding_[r] &= ~bits_of(lane) | 1ull << lane;  // the first lane's course is that of all
    const Glide* const course = from.glides_[r * size_t(from.lanes()) + size_t(from_lane)];
    if (!course || (glide(r, lane) = pool.copy(*course))) continue;
    gliding_[r] = with_bit(gliding_[r], lane, false);
    hold(int(r), lane, course->goal());
  }
  restless_now_ |= bits_of(lane);  // coefficients are made of the ramps as they are now
  hurried_ |= bits_of(lane);
}

// All that carries parameters on, but the glides themselves.
void Bank::copy_courses(int lane, const Bank& from, int from_lane) {
  wake();
  copy_column(ramps_.data() + lane, lanes(), from.ramps_.data() + from_lane, from.lanes(), rows_ * 4);
  for (size_t r = 0; r <= gliding_.size(); r++) begun_[r * size_t(lanes()) + size_t(lane)] = from.begun_[r * size_t(from.lanes()) + size_t(from_lane)];
  auto copy_bit = [&](uint64_t& to, uint64_t source) { to = with_bit(to, lane, source >> from_lane & 1); };
  for (size_t r = 0; r < gliding_.size(); r++) copy_bit(gliding_[r], from.gliding_[r]);
  any_gliding_ |= from.any_gliding_;
  copy_bit(restless_now_, from.restless_now_);
  copy_bit(restless_before_, from.restless_before_);
  copy_bit(hurried_, from.hurried_);
  copy_bit(dry_lanes_, from.dry_lanes_);
  wet_[size_t(lane)] = from.wet_[size_t(from_lane)];
  wet_goal_[size_t(lane)] = from.wet_goal_[size_t(from_lane)];
  wet_target_[size_t(lane)] = from.wet_target_[size_t(from_lane)];
}

void Bank::stop_glides(int lane, GlidePool& pool) {
  for (size_t r = 0; r < gliding_.size(); r++) {
    if (Glide*& course = glide(r, lane)) pool.give_back(std::exchange(course, nullptr));
    gliding_[r] = with_bit(gliding_[r], lane, false);
  }
}

void Bank::set_members(uint64_t members, GlidePool& pool) {
  for (uint64_t gone = members_ & ~members; gone; gone &= gone - 1) stop_glides(std::countr_zero(gone), pool);
  members_ = members;
}

void Bank::give_back_glides(GlidePool& pool) {
  for (int l = 0; l < lanes(); l++) stop_glides(l, pool);
}

void Bank::write_ramp(int row, int lane, const Glide::Cubic& cubic) {
  for (int l = lane; l < lane + taken_; l++) write_lane_ramp(row, l, cubic);
}
void Bank::write_lane_ramp(int row, int lane, const Glide::Cubic& cubic) {
  for (int i = 0; i < 4; i++) ramp(row)[i * lanes() + lane] = float(cubic.c[i]);
}
void Bank::hold(int row, int lane, double point) { write_ramp(row, lane, {{point, 0, 0, 0}}); }

void Bank::begin_move(const Order& order, int lane, uint64_t frame, uint64_t now, GlidePool& pool) {
  const size_t row = place_of(order.row);
  uint64_t& begun = begun_[row * size_t(lanes()) + size_t(lane)];
  if (frame < begun) return;
  begun = frame;
  if (row == rows_) return begin_bypass(order.value > 0.5, lane);
  const Parameter& p = parameter(row);
  restless_now_ |= bits_of(lane);
  hurried_ |= bits_of(lane);
  touched_[row] = any_touched_ = true;
  if (p.motion == Motion::jump) return hold(int(row), lane, order.goal);
  Glide*& course = glide(row, lane);
  if (!course) course = pool.take(ramp(int(row))[lane]);
  if (!course) return hold(int(row), lane, order.goal);  // not reached: the order book sees to it that one is left
  course->begin(p, now, order.goal, order.length, order.course, shortest_move_);
  gliding_[row] |= 1ull << lane;
  any_gliding_ = true;
  write_ramp(int(row), lane, course->cubic());
}

void Bank::end_glide(size_t row, int lane, GlidePool& pool) {
  if (Glide*& course = glide(row, lane)) pool.give_back(std::exchange(course, nullptr));
  gliding_[row] = with_bit(gliding_[row], lane, false);
}

Glide::Cubic Bank::take_course(int told_row, int lane, GlidePool& pool) {
  const size_t row = place_of(told_row);
  const Glide* const course = glide(row, lane);
  const Glide::Cubic here = course ? course->cubic() : Glide::Cubic{{ramp(int(row))[lane], 0, 0, 0}};
  end_glide(row, lane, pool);
  return here;
}

// After start_tick(), which has made the bits of this tick for what glides.
void Bank::drive(int told_row, int lane, const Glide::Cubic& cubic, GlidePool& pool) {
  const size_t row = place_of(told_row);
  const uint64_t bits = bits_of(lane);
  if (glide(row, lane)) end_glide(row, lane, pool);
  if (!(restless_now_ & bits)) hurried_ &= ~bits;
  restless_now_ |= bits;
  if (!Glide::is_slow(parameter(row), cubic)) hurried_ |= bits;
  write_ramp(int(row), lane, cubic);
}

void Bank::come_to_rest(int told_row, int lane, const Glide::Cubic& from, uint64_t now, GlidePool& pool) {
  const size_t row = place_of(told_row);
  Glide*& course = glide(row, lane);
  if (course || !(members_ >> lane & 1)) return;
  course = pool.take(0);
  restless_now_ |= bits_of(lane);
  hurried_ |= bits_of(lane);
  if (!course) return hold(int(row), lane, from.at(double(now % kTick)));  // not reached, as for moves
  course->go_on(parameter(row), now, from, shortest_move_);
  gliding_[row] |= 1ull << lane;
  any_gliding_ = true;
  write_ramp(int(row), lane, course->cubic());
}

void Bank::begin_bypass(bool on, int lane) {
  wake();  // its meters are at rest while it is bypassed
  for (size_t l = size_t(lane); l < size_t(lane + taken_); l++) {
    wet_target_[l] = on ? 0 : shape_.length();
    if (wet_target_[l] != wet_[l]) dry_lanes_ |= 1ull << l;
  }
}

void Bank::start_tick(uint64_t frame, bool sparse, GlidePool& pool) {
  if (!any_gliding_ && !(restless_now_ | restless_before_ | hurried_)) return;
  restless_before_ = restless_now_;
  restless_now_ = 0;
  hurried_ = restless_before_;  // those at rest now: what was derived meanwhile is made exact
  if (!any_gliding_) return;
  uint64_t fast = 0;
  any_gliding_ = false;
  const uint64_t odd_ticks = frame / kTick % 2 ? ~0ull : 0;
  for (size_t r = 0; r < gliding_.size(); r++) {
    const uint64_t two_ticks = !sparse ? 0 : odd_ ^ odd_ticks ^ (r % 2 ? ~0ull : 0);
    for (uint64_t lanes_left = gliding_[r]; lanes_left; lanes_left &= lanes_left - 1) {
      const int lane = std::countr_zero(lanes_left);
      Glide*& course = glide(r, lane);
      restless_now_ |= bits_of(lane);
      const bool moves = course->next_tick(parameter(r), frame, two_ticks >> lane & 1 ? 2 : 1);
      write_ramp(int(r), lane, course->cubic());
      if (!course->is_slow(parameter(r))) fast |= bits_of(lane);
      if (moves) continue;
      gliding_[r] &= ~(1ull << lane);
      pool.give_back(std::exchange(course, nullptr));
    }
    any_gliding_ |= gliding_[r] != 0;
  }
  hurried_ = (hurried_ & ~restless_now_) | fast;
}

void Bank::process(const Chunk& chunk, const float* const* in, float* const* out) noexcept {
  Deadlines deadlines{chunk.board, this, chunk.time};
  RawBlock raw{chunk.frames, chunk.at, chunk.time, channels_, own_.channels, in, out, ramps_.data(), restless_now_ | restless_before_, hurried_,
               touched_.data(), meters_.data(), feeds_.empty() ? nullptr : feeds_.data(), &chunk.device, &chunk.transport, &deadlines};
  if (!rests(chunk, in, out)) {
    kernel_.process(state_, raw);
    if (out) contain(chunk, out);
    if (hears_silence_) find_rest(raw);
  }
  if (any_touched_ && (!type_.breaks_loops || in)) {
    std::fill(touched_.begin(), touched_.end(), uint8_t(0));
    any_touched_ = false;
  }
  if (!type_.meters.empty()) fold_meters();
  if (dry_frames_) feed_dry(chunk, in);
  if (!all_wet()) mix_dry(chunk, in, out);
  if (dry_frames_) dry_at_ = (dry_at_ + size_t(chunk.frames)) % dry_frames_;
}

bool Bank::is_silent(const float* const* buffers, int count, int frames) const {
  for (int c = 0; c < count; c++)
    if (!kernel_.mixing->is_silent(buffers[c], size_t(frames) * size_t(lanes()))) return false;
  return true;
}

// A state that silence doesn't change any more, and out of which comes silence, needs no running until there is sound or a
// parameter moves: the result is the same to the bit.
bool Bank::rests(const Chunk& chunk, const float* const* in, float* const* out) {
  hears_silence_ = type_.runs_in_lanes() && inputs_ > 0 && outputs_ > 0 && !type_.breaks_loops && !(restless_now_ | restless_before_) && is_silent(in, inputs_, chunk.frames);
  if (!hears_silence_) wake();
  if (resting_)
    for (int c = 0; c < outputs_; c++) std::fill_n(out[c], chunk.frames * lanes(), 0.f);
  return resting_;
}

void Bank::find_rest(const RawBlock& block) {
  constexpr int kLookEvery = 64;
  if (kernel_.left_silence) silent_frames_ = kernel_.left_silence(state_, block, members_) ? silent_frames_ + uint64_t(block.frames) : 0;
  if (++silent_blocks_ % kLookEvery != 0 && silent_blocks_ % kLookEvery != 1) return;
  uint64_t hash = 0xcbf29ce484222325;
  const auto* words = static_cast<const uint32_t*>(state_);
  for (size_t i = 0; i < kernel_.bytes / 4; i++) hash = (hash ^ words[i]) * 0x100000001b3;
  resting_ = silent_blocks_ % kLookEvery == 1 && silent_blocks_ > 1 && hash == rest_hash_ && is_silent(block.out, outputs_, block.frames) &&
             (!kernel_.memory_frames || silent_frames_ >= kernel_.memory_frames(state_));
  rest_hash_ = hash;
}

void Bank::contain(const Chunk& chunk, float* const* out) {
  uint64_t bad = faulted_.load(std::memory_order_relaxed);
  if (type_.role == DeviceRole::device_input || (type_.never_louder && !is_wide(format_, own_))) return;  // they let nothing else through
  for (int c = 0; c < outputs_; c++) bad |= kernel_.mixing->unsound_lanes(out[c], lanes(), chunk.frames) & members_;
  if (bad && taken_ > 1) bad = members_;
  if (bad) silence(bad, chunk, out);
}

void Bank::silence(uint64_t bad, const Chunk& chunk, float* const* out) {
  for (uint64_t left = bad; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    bool finite = true;
    for (int c = 0; c < outputs_; c++)
      for (int i = 0; i < chunk.frames; i++) {
        float& x = out[c][i * lanes() + lane];
        finite = finite && is_finite(x);
        x = 0;
      }
    for (size_t m = 0; m < type_.meters.size(); m++) meters_.data()[m * size_t(lanes()) + size_t(lane)] = type_.meters[m].rest;
    if (fault(lane) != Fault::none) continue;
    set_fault(lane, finite ? Fault::runaway : Fault::not_finite);
    chunk.faults.fetch_add(1, std::memory_order_release);
  }
}

void Bank::set_fault(int lane, Fault fault) {
  uint64_t bit = 1ull << lane;
  auto set = [bit](std::atomic<uint64_t>& lanes, bool on) {
    uint64_t now = lanes.load(std::memory_order_relaxed);
    lanes.store(on ? now | bit : now & ~bit, std::memory_order_release);
  };
  set(not_finite_, fault == Fault::not_finite);
  set(faulted_, fault != Fault::none);
}

// What a bypassed node would do is heard by nobody.
void Bank::rest_meters() {
  for (uint64_t left = dry_lanes_; left; left &= left - 1) {
    const auto lane = size_t(std::countr_zero(left));
    if (wet_[lane] > 0 || wet_target_[lane] > 0) continue;
    for (size_t m = 0; m < type_.meters.size(); m++) meters_.data()[m * size_t(lanes()) + lane] = type_.meters[m].rest;
  }
}

void Bank::fold_meters() {
  if (!all_wet()) rest_meters();
  for (size_t m = 0; m < type_.meters.size(); m++) {
    const float* now = meters_.data() + m * size_t(lanes());
    float* sum = folded_.data() + m * size_t(lanes());
    const Fold fold = type_.meters[m].fold;
    for (int l = 0; l < lanes(); l++) sum[l] = folded(fold, sum[l], now[l]);
  }
}

void Bank::read_meters(int lane, float* to) const {
  for (size_t m = 0; m < type_.meters.size(); m++) {
    const float* sums = folded_.data() + m * size_t(lanes()) + lane;
    to[m] = sums[0];
    for (int l = 1; l < taken_; l++) to[m] = folded(type_.meters[m].fold, to[m], sums[l]);
  }
}

void Bank::forget_meters() {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (size_t m = 0; m < type_.meters.size(); m++)
    std::fill_n(folded_.data() + m * size_t(lanes()), lanes(), type_.meters[m].fold == Fold::min ? kInfinity : -kInfinity);
}

void Bank::feed_dry(const Chunk& chunk, const float* const* in) {
  size_t width = size_t(lanes()), frames = size_t(chunk.frames), first = std::min(frames, dry_frames_ - dry_at_);
  for (size_t c = 0; c < size_t(channels_); c++) {
    float* ring = dry_.data() + c * dry_frames_ * width;
    std::copy_n(in[c], first * width, ring + dry_at_ * width);
    std::copy_n(in[c] + first * width, (frames - first) * width, ring);
  }
}

// A fade that has begun is completed before it turns back: a turn half-way would be a corner.
void Bank::step_wet(size_t lane, float* gains, int frames) {
  int at = wet_[lane], goal = wet_goal_[lane];
  for (int i = 0; i < frames; i++) {
    gains[i] = shape_.gain(at);
    if (at == goal) goal = wet_target_[lane];
    at += goal > at ? 1 : goal < at ? -1 : 0;
  }
  wet_[lane] = at, wet_goal_[lane] = goal;
  if (at == shape_.length() && goal == at && wet_target_[lane] == at) dry_lanes_ &= ~(1ull << lane);
}

void Bank::mix_dry(const Chunk& chunk, const float* const* in, float* const* out) {
  size_t width = size_t(lanes());
  for (uint64_t left = dry_lanes_; left; left &= left - 1) {
    size_t lane = size_t(std::countr_zero(left));
    float wet[kMaxBlock];
    step_wet(lane, wet, chunk.frames);
    for (size_t c = 0; c < size_t(channels_); c++)
      for (int i = 0; i < chunk.frames; i++) {
        size_t frame = (dry_at_ + dry_frames_ + size_t(i) - size_t(latency_)) % std::max<size_t>(dry_frames_, 1);
        float dry = dry_frames_ ? dry_.data()[(c * dry_frames_ + frame) * width + lane] : in[c][size_t(i) * width + lane];
        float& y = out[c][size_t(i) * width + lane];
        y = wet[i] == 0 ? dry : wet[i] == 1 ? y : dry + (y - dry) * wet[i];
      }
  }
}

}  // namespace mixgraph

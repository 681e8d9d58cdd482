#include "graph/deadlines.h"

#include <algorithm>

#include "graph/costs.h"
#include "graph/deadline_board.h"
#include "graph/glide.h"

namespace mixgraph {
namespace {

constexpr size_t kLineFloats = 16;
size_t lines_of(size_t floats) { return (floats + kLineFloats - 1) / kLineFloats; }

}  // namespace

DeadlineJob::DeadlineJob(const Size& size, Compute compute, const void* fixed)
    : size_(size),
      compute_(compute),
      fixed_(fixed),
      input_lines_(lines_of(size.input)),
      slice_lines_(lines_of(size.floats)),
      lines_(2 * input_lines_ + 2 * slice_lines_ * size_t(size.slices)),
      states_(std::make_unique<std::atomic<State>[]>(size_t(size.slices))),
      own_done_(size_t(size.slices)) {}

// No helper is in it: programs are kept until none is (DeadlineBoard), and a program keeps its banks.
DeadlineJob::~DeadlineJob() = default;

float* DeadlineJob::input(Room room) noexcept { return reinterpret_cast<float*>(lines_.data() + (room == Room::spare ? input_lines_ : 0)); }

float* DeadlineJob::floats(int slice, bool own) noexcept {
  return reinterpret_cast<float*>(lines_.data() + 2 * input_lines_ + slice_lines_ * (2 * size_t(slice) + (own ? 1 : 0)));
}

// Who is still within a slice reads the shared room; whose slice is seen to be helped has read it before.
DeadlineJob::Room DeadlineJob::free_room() noexcept {
  is_posted_ = false;
  Room free = Room::shared;
  for (int s = 0; s < size_.slices; s++) {
    close(s);
    if (states_[size_t(s)].load(std::memory_order_acquire) == State::begun) free = Room::spare;
  }
  return free;
}

void DeadlineJob::post(const Deadlines& to, Room room, uint64_t due) noexcept {
  room_ = room;
  is_posted_ = true;
  posted_ = to.time;
  due_ = due;
  bank_ = to.bank;
  std::fill(own_done_.begin(), own_done_.end(), uint8_t(0));
  if (room == Room::shared)
    for (int s = 0; s < size_.slices; s++) states_[size_t(s)].store(State::open, std::memory_order_release);
  if (to.board) to.board->add(*this);
}

bool DeadlineJob::take() noexcept {
  if (!is_posted_) return false;
  is_posted_ = false;
  for (int s = 0; s < size_.slices; s++)
    if (!own_done_[size_t(s)] && (close(s) || !is_helped(s))) do_own(s);
  return true;
}

const float* DeadlineJob::slice(int number) const noexcept {
  return const_cast<DeadlineJob*>(this)->floats(number, own_done_[size_t(number)]);
}

// Whether nobody had begun it, and nobody will.
bool DeadlineJob::close(int slice) noexcept {
  State open = State::open;
  return states_[size_t(slice)].compare_exchange_strong(open, State::closed, std::memory_order_relaxed);
}

bool DeadlineJob::is_helped(int slice) const noexcept {
  return room_ == Room::shared && states_[size_t(slice)].load(std::memory_order_acquire) == State::helped;
}

void DeadlineJob::do_own(int slice) noexcept {
  compute_(fixed_, input(room_), slice, floats(slice, true));
  own_done_[size_t(slice)] = 1;
}

DeadlineJob::Left DeadlineJob::left() const noexcept {
  Left left;
  if (!is_posted_) return left;
  for (int s = 0; s < size_.slices; s++) {
    if (own_done_[size_t(s)]) continue;
    const State state = room_ == Room::spare ? State::open : states_[size_t(s)].load(std::memory_order_relaxed);
    left.open += state == State::open;
    left.begun += state == State::begun;
  }
  return left;
}

int DeadlineJob::do_open(int most) noexcept {
  if (!is_posted_) return 0;
  int done = 0;
  for (int s = 0; s < size_.slices && done < most; s++) {
    if (own_done_[size_t(s)] || (room_ == Room::shared && !close(s))) continue;
    const uint64_t begun = CostMeter::clock();
    do_own(s);
    // The thread may have been interrupted.
    constexpr double kMost = 4, kWeight = 1. / 32;
    const auto ticks = double(CostMeter::clock() - begun);
    slice_ticks_ = slice_ticks_ == 0 ? ticks : slice_ticks_ + kWeight * (std::min(ticks, kMost * slice_ticks_) - slice_ticks_);
    done++;
  }
  return done;
}

int DeadlineJob::do_begun(int most) noexcept {
  if (!is_posted_ || room_ == Room::spare) return 0;
  int done = 0;
  for (int s = 0; s < size_.slices && done < most; s++)
    if (!own_done_[size_t(s)] && states_[size_t(s)].load(std::memory_order_relaxed) == State::begun) do_own(s), done++;
  return done;
}

bool DeadlineJob::help() noexcept {
  for (int s = 0; s < size_.slices; s++) {
    State open = states_[size_t(s)].load(std::memory_order_relaxed);
    if (open != State::open || !states_[size_t(s)].compare_exchange_strong(open, State::begun, std::memory_order_acquire)) continue;
    compute_(fixed_, input(Room::shared), s, floats(s, false));
    states_[size_t(s)].store(State::helped, std::memory_order_release);
    return true;
  }
  return false;
}

uint64_t DeadlineJob::usual_ticks(int frames) const noexcept {
  const uint64_t ticks_of_grid = std::max(due_ / kTick, posted_ / kTick + 1) - posted_ / kTick;
  return uint64_t(slice_ticks_ * size_.slices * frames / double(ticks_of_grid * kTick));
}

}  // namespace mixgraph

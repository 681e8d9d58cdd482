#include "graph/crew.h"

#include <algorithm>
#include <chrono>

#include "graph/deadline_board.h"
#include "graph/denormals.h"

namespace mixgraph {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kWatchBefore = 150us;  // a block is due; more than a sleeping thread is late by, as a rule
constexpr auto kWatchAfter = 1ms;     // and it may be late itself
constexpr auto kWatchOn = 100us;      // after a block: another may follow at once
constexpr auto kNap = 500us;          // while no blocks come
constexpr auto kLongestPeriod = 200ms;

void relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

/// The clock that costs next to nothing, in the time that threads sleep by.
class Crew::Ticks {
 public:
  Ticks() : ticks_(CostMeter::clock()), time_(Clock::now()) {}
  /// What `ticks` are, by all that was seen of both clocks until now.
  Clock::duration time(int64_t ticks) const {
    const auto passed = double((Clock::now() - time_).count());
    const double ns_per_tick = passed / std::max(1., double(CostMeter::clock() - ticks_));
    return Clock::duration(int64_t(std::clamp(double(ticks) * ns_per_tick, -1e12, 1e12)));
  }

 private:
  uint64_t ticks_;
  Clock::time_point time_;
};

Crew::Crew(int threads, DeadlineBoard& board, const std::function<void()>& on_start) : board_(board) {
  for (int i = 0; i < threads; i++) {
    Seat& seat = *seats_.emplace_back(std::make_unique<Seat>());
    seat.number = uint32_t(i + 1);
    seat.thread = std::thread([this, &seat, on_start] {
      if (on_start) on_start();
      live(seat);
    });
  }
}

Crew::~Crew() {
  leaving_ = true;
  for (auto& seat : seats_) seat->thread.join();
}

void Crew::live(Seat& seat) noexcept {
  NoDenormals no_denormals;
  uint64_t seen = 0;
  const Ticks ticks;
  while (!leaving_.load(std::memory_order_relaxed)) {
    const uint64_t turn = turn_.load(std::memory_order_acquire);
    if (turn != seen) {
      help(seat, turn);
      seen = turn;
    } else if (is_in_block_.load(std::memory_order_relaxed)) {
      relax();
    } else if (const int64_t ns = time_to_watch(ticks); ns == 0) {
      relax();
    } else if (!do_slice(seat, turn)) {
      std::this_thread::sleep_for(std::chrono::nanoseconds(ns));
    }
  }
}

int64_t Crew::time_to_watch(const Ticks& ticks) const noexcept {
  const uint64_t begun = block_begun_.load(std::memory_order_relaxed), now = CostMeter::clock();
  const auto since_begin = ticks.time(int64_t(now - begun)), since_end = ticks.time(int64_t(now - block_ended_.load(std::memory_order_relaxed)));
  const auto until_due = ticks.time(int64_t(period_.load(std::memory_order_relaxed))) - since_begin;
  if (since_end < kWatchOn || (until_due < kWatchBefore && until_due > -kWatchAfter)) return 0;
  return std::chrono::nanoseconds(until_due > kWatchBefore ? std::min<Clock::duration>(until_due - kWatchBefore, kLongestPeriod) : kNap).count();
}

void Crew::help(Seat& seat, uint64_t turn) noexcept {
  // First it says that it looks, then it looks again whether there still is something: so dismiss() either is seen here,
  // or is_clear_of() sees that somebody looks. A program tells which turn it is in last of all, so that the piece of the
  // next turn is never taken for this one's.
  seat.busy.store(turn, std::memory_order_seq_cst);
  const Chunk* chunk = chunk_.load(std::memory_order_acquire);
  Program* program = program_.load(std::memory_order_acquire);
  if (turn_.load(std::memory_order_seq_cst) == turn && program && program->turn.load(std::memory_order_acquire) == turn)
    work(*program, *chunk, turn, seat.number);
  seat.busy.store(0, std::memory_order_release);
}

// As in help(): who looks at what was posted says so first, so that nothing of it ends meanwhile. Before the first turn nothing is
// posted. When a helper comes here the tasks of its turn are all done, so that is_there() isn't asked about it any more.
bool Crew::do_slice(Seat& seat, uint64_t turn) noexcept {
  seat.busy.store(turn, std::memory_order_seq_cst);
  const bool found = turn != 0 && turn_.load(std::memory_order_seq_cst) == turn && board_.help();
  seat.busy.store(0, std::memory_order_release);
  return found;
}

void Crew::run(Program& program, const Chunk& chunk) noexcept {
  uint64_t turn = turn_.load(std::memory_order_relaxed) + 1;
  program.turn.store(turn, std::memory_order_release);
  chunk_.store(&chunk, std::memory_order_release);
  program_.store(&program, std::memory_order_release);
  turn_.store(turn, std::memory_order_seq_cst);
  work(program, chunk, turn, 0);
}

void Crew::begin_block() noexcept {
  const uint64_t now = CostMeter::clock();
  const uint64_t begun = block_begun_.load(std::memory_order_relaxed), ended = block_ended_.load(std::memory_order_relaxed);
  // Several blocks may come one upon the other, at each of the device's periods. Who has hardly rested has no rhythm.
  if (now - ended > (ended - begun_last_) / 4) {
    const uint64_t period = period_.load(std::memory_order_relaxed), gap = now - begun;
    const bool much_the_same = gap < period * 5 / 4 && gap > period * 3 / 4;
    period_.store(much_the_same ? (period * 7 + gap) / 8 : gap, std::memory_order_relaxed);
    block_begun_.store(now, std::memory_order_relaxed);
  }
  begun_last_ = now;
  is_in_block_.store(true, std::memory_order_relaxed);
}

void Crew::end_block() noexcept {
  block_ended_.store(CostMeter::clock(), std::memory_order_relaxed);
  is_in_block_.store(false, std::memory_order_relaxed);
}

uint64_t Crew::dismiss() noexcept {
  uint64_t turn = turn_.load(std::memory_order_relaxed) + 1;
  program_.store(nullptr, std::memory_order_release);
  turn_.store(turn, std::memory_order_seq_cst);
  return turn;
}

bool Crew::is_clear_of(uint64_t turn) const {
  for (auto& seat : seats_) {
    uint64_t busy = seat->busy.load(std::memory_order_seq_cst);
    if (busy != 0 && busy < turn) return false;
  }
  return true;
}

// A task's state stays in the cache of the processor that ran it last: to fetch it from there may take longer than to run
// it. So a thread does its own tasks, and those of another only if that one isn't there, or seems to be kept from its work.
void Crew::work(Program& program, const Chunk& chunk, uint64_t turn, uint32_t seat) noexcept {
  uint64_t worked = 0, last = CostMeter::clock();  // time; when it last did something
  while (turn_.load(std::memory_order_relaxed) == turn && !is_done(program, turn)) {
    const uint64_t idle = CostMeter::clock() - last;
    bool found = false;
    for (size_t t = 0; t < program.tasks.size(); t++) {
      const uint32_t home = program.tasks[t].home;
      const bool may = home == seat || (!found && (!is_there(home, turn) || idle > worked));
      found = (may && run_if_ready(program, t, chunk, turn)) || found;
    }
    const uint64_t now = CostMeter::clock();
    if (found) worked += now - last - idle, last = now;
    else relax();
  }
}

bool Crew::is_there(uint32_t home, uint64_t turn) const noexcept {
  return home == 0 || seats_[home - 1]->busy.load(std::memory_order_relaxed) == turn;
}

bool Crew::is_done(const Program& program, uint64_t turn) noexcept {
  for (size_t t = program.tasks.size(); t-- > 0;)
    if (program.task_states[t].done.load(std::memory_order_acquire) < turn) return false;
  return true;
}

bool Crew::run_if_ready(Program& program, size_t t, const Chunk& chunk, uint64_t turn) noexcept {
  TaskState* states = program.task_states.get();
  const Task& task = program.tasks[t];
  uint64_t claimed = states[t].claimed.load(std::memory_order_relaxed);
  if (claimed >= turn) return false;
  for (uint32_t need : task.needs)
    if (states[need].done.load(std::memory_order_acquire) < turn) return false;
  if (!states[t].claimed.compare_exchange_strong(claimed, turn, std::memory_order_acq_rel)) return false;
  program.run_task(task, chunk);
  states[t].done.store(turn, std::memory_order_release);
  return true;
}

}  // namespace mixgraph

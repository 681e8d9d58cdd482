#include "graph/crew.h"

#include <algorithm>
#include <chrono>

#include "graph/denormals.h"

namespace mixgraph {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kWatchBefore = 150us;  // a block is due; more than a sleeping thread is late by, as a rule
constexpr auto kWatchAfter = 1ms;     // and it may be late itself
constexpr auto kNap = 500us;          // while no blocks come
constexpr auto kOneBurst = 100us;     // or less from piece to piece: they belong to one block of the device
constexpr auto kLongestPeriod = 200ms;
constexpr auto kSameBlock = 20us;     // less from one time of its begin to another
constexpr int kSlower = 8;

void relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// The clock that costs next to nothing, beside the one that threads sleep by.
class Ticks {
 public:
  Ticks() : ticks_(CostMeter::clock()), time_(Clock::now()) {}
  /// When it was so many ticks, not long before `now`.
  Clock::time_point time_of(uint64_t ticks, Clock::time_point now) const {
    const double age = double(int64_t(CostMeter::clock() - ticks)) / rate(now);
    return now - Clock::duration(int64_t(std::clamp(age, 0., double(Clock::duration(kLongestPeriod).count()))));
  }
  /// Ticks in a unit of Clock; better the longer it runs.
  double rate(Clock::time_point now) const {
    const auto passed = (now - time_).count();
    return passed > 0 ? std::max(1e-6, double(CostMeter::clock() - ticks_) / double(passed)) : 1;
  }

 private:
  uint64_t ticks_;
  Clock::time_point time_;
};

/// When the next block of the device is due, by those before it. Some were run by one thread alone, or overslept.
class Pace {
 public:
  void block(Clock::time_point begun) {
    const auto gap = begun - begun_;
    if (gap < kSameBlock) return;
    begun_ = begun;
    if (gap > kLongestPeriod) return;
    const auto blocks = period_.count() > 0 ? std::max<int64_t>(1, (gap + period_ / 2) / period_) : 1;
    const auto period = gap / blocks;
    // A rhythm that is another one altogether is taken up at once.
    slower_ = blocks > 1 ? slower_ + 1 : 0;
    const bool known = period_.count() > 0 && period < period_ * 5 / 4 && period > period_ * 3 / 4 && slower_ < kSlower;
    period_ = known ? (period_ * 7 + period) / 8 : slower_ < kSlower ? period : gap;
  }
  void piece(Clock::time_point ended) { ended_ = ended; }
  /// Whether there may be another piece at once.
  bool in_burst(Clock::time_point now) const { return now - ended_ < kOneBurst; }
  Clock::time_point due() const { return begun_ + period_; }

 private:
  Clock::time_point begun_{}, ended_{};
  Clock::duration period_{};
  int slower_ = 0;  // times in a row that a block seemed to be missing
};

}  // namespace

Crew::Crew(int threads, const std::function<void()>& on_start) : one_burst_(UINT64_MAX) {
  for (int i = 0; i < threads; i++) {
    Seat& seat = *seats_.emplace_back(std::make_unique<Seat>());
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
  Pace pace;
  while (!leaving_.load(std::memory_order_relaxed)) {
    uint64_t turn = turn_.load(std::memory_order_acquire);
    auto now = Clock::now();
    if (turn != seen) {
      help(seat, turn);
      seen = turn;
      now = Clock::now();
      pace.block(ticks.time_of(block_begun_.load(std::memory_order_relaxed), now));
      pace.piece(now);
      one_burst_.store(uint64_t(double(Clock::duration(kOneBurst).count()) * ticks.rate(now)), std::memory_order_relaxed);
      continue;
    }
    if (pace.in_burst(now))
      relax();
    else if (now < pace.due() - kWatchBefore)
      std::this_thread::sleep_until(pace.due() - kWatchBefore);
    else if (now > pace.due() + kWatchAfter)
      std::this_thread::sleep_for(kNap);
    else
      relax();
  }
}

void Crew::help(Seat& seat, uint64_t turn) noexcept {
  // First it says that it looks, then it looks again whether there still is something: so dismiss() either is seen here,
  // or is_clear_of() sees that somebody looks. A program tells which turn it is in last of all, so that the piece of the
  // next turn is never taken for this one's.
  seat.busy.store(turn, std::memory_order_seq_cst);
  const Chunk* chunk = chunk_.load(std::memory_order_acquire);
  Program* program = program_.load(std::memory_order_acquire);
  if (turn_.load(std::memory_order_seq_cst) == turn && program && program->turn.load(std::memory_order_acquire) == turn)
    while (!work(*program, *chunk, turn) && turn_.load(std::memory_order_relaxed) == turn) relax();
  seat.busy.store(0, std::memory_order_release);
}

void Crew::run(Program& program, const Chunk& chunk) noexcept {
  uint64_t turn = turn_.load(std::memory_order_relaxed) + 1;
  tell_pace();
  program.turn.store(turn, std::memory_order_release);
  chunk_.store(&chunk, std::memory_order_release);
  program_.store(&program, std::memory_order_release);
  turn_.store(turn, std::memory_order_seq_cst);
  while (!work(program, chunk, turn)) relax();
  piece_ended_ = CostMeter::clock();
}

// The pieces of a device's block come one upon the other.
void Crew::tell_pace() noexcept {
  const uint64_t now = CostMeter::clock();
  const uint64_t one_burst = one_burst_.load(std::memory_order_relaxed);
  if (one_burst == UINT64_MAX || now - piece_ended_ > one_burst) block_begun_.store(now, std::memory_order_relaxed);
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

bool Crew::work(Program& program, const Chunk& chunk, uint64_t turn) noexcept {
  bool all_done = true;
  TaskState* states = program.task_states.get();
  for (size_t t = 0; t < program.tasks.size(); t++) {
    TaskState& state = states[t];
    if (state.done.load(std::memory_order_acquire) >= turn) continue;
    all_done = false;
    uint64_t claimed = state.claimed.load(std::memory_order_relaxed);
    if (claimed >= turn) continue;
    const Task& task = program.tasks[t];
    bool ready = true;
    for (uint32_t need : task.needs) ready = ready && states[need].done.load(std::memory_order_acquire) >= turn;
    if (!ready || !state.claimed.compare_exchange_strong(claimed, turn, std::memory_order_acq_rel)) continue;
    program.run_task(task, chunk);
    state.done.store(turn, std::memory_order_release);
  }
  return all_done;
}

}  // namespace mixgraph

#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "graph/program.h"

namespace mixgraph {

class DeadlineBoard;

/// Threads that help the audio thread run a program. They watch for its blocks and take tasks that nobody has taken yet;
/// what they don't take, the audio thread does itself, and it waits for nothing but a task that one of them has begun. It
/// never wakes them: they sleep until shortly before the next block is due, and watch from there. When they wake and no block is
/// about to come, they do slices of what is due later, one by one.
class Crew {
 public:
  /// `on_start` runs first in each thread, to give it the audio thread's priority. [control]
  Crew(int threads, DeadlineBoard& board, const std::function<void()>& on_start);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// Around each block of the device whose program has more than one task, whoever runs it: so that helpers know the
  /// rhythm. [audio]
  void begin_block() noexcept;
  void end_block() noexcept;
  /// Runs all tasks of the program. [audio]
  void run(Program& program, const Chunk& chunk) noexcept;
  /// Lets go of the program: nobody begins to look at it after this. Returns the turn from which on that holds. [audio]
  uint64_t dismiss() noexcept;
  /// Whether all that looked at a program dismissed at that turn have looked away. [control]
  bool is_clear_of(uint64_t turn) const;

 private:
  class Ticks;
  struct alignas(64) Seat {
    std::atomic<uint64_t> busy{0};  ///< the turn it works in; 0: none
    std::thread thread;
    uint32_t number = 0;
  };
  void live(Seat& seat) noexcept;
  void help(Seat& seat, uint64_t turn) noexcept;
  /// Does a slice of what is due later; false: there is none.
  bool do_slice(Seat& seat, uint64_t turn) noexcept;
  /// ns until it is time to watch for the next block; 0: it is.
  int64_t time_to_watch(const Ticks& ticks) const noexcept;
  /// Does tasks of the turn until all are done.
  void work(Program& program, const Chunk& chunk, uint64_t turn, uint32_t seat) noexcept;
  bool is_there(uint32_t home, uint64_t turn) const noexcept;
  static bool is_done(const Program& program, uint64_t turn) noexcept;
  /// Does that task, unless it is done, or taken, or waits for others; whether it did.
  static bool run_if_ready(Program& program, size_t task, const Chunk& chunk, uint64_t turn) noexcept;

  DeadlineBoard& board_;
  alignas(64) std::atomic<uint64_t> turn_{0};  ///< goes up with every piece of a block
  std::atomic<Program*> program_{nullptr};
  std::atomic<const Chunk*> chunk_{nullptr};
  std::atomic<bool> leaving_{false};
  alignas(64) std::atomic<bool> is_in_block_{false};
  std::atomic<uint64_t> block_begun_{0};  ///< the first after a rest, by CostMeter::clock()
  std::atomic<uint64_t> block_ended_{0};  ///< the latest
  std::atomic<uint64_t> period_{0};       ///< from one rest to the next, by that clock
  uint64_t begun_last_ = 0;               // [audio]
  std::vector<std::unique_ptr<Seat>> seats_;
};

}  // namespace mixgraph

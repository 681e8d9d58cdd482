#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "graph/program.h"

namespace mixgraph {

/// Threads that help the audio thread run a program. They watch for its blocks and take tasks that nobody has taken yet;
/// what they don't take, the audio thread does itself, and it waits for nothing but a task that one of them has begun. It
/// never wakes them: they sleep until shortly before the next block is due, and watch from there.
class Crew {
 public:
  /// `on_start` runs first in each thread, to give it the audio thread's priority. [control]
  Crew(int threads, const std::function<void()>& on_start);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// Runs all tasks of the program. [audio]
  void run(Program& program, const Chunk& chunk) noexcept;
  /// Lets go of the program: nobody begins to look at it after this. Returns the turn from which on that holds. [audio]
  uint64_t dismiss() noexcept;
  /// Whether all that looked at a program dismissed at that turn have looked away. [control]
  bool is_clear_of(uint64_t turn) const;

 private:
  struct alignas(64) Seat {
    std::atomic<uint64_t> busy{0};  ///< the turn it works in; 0: none
    std::thread thread;
  };
  void live(Seat& seat) noexcept;
  void help(Seat& seat, uint64_t turn) noexcept;
  void tell_pace() noexcept;
  /// Does what can be done of the turn; true when there is nothing left.
  static bool work(Program& program, const Chunk& chunk, uint64_t turn) noexcept;

  alignas(64) std::atomic<uint64_t> turn_{0};  ///< goes up with every piece of a block
  std::atomic<uint64_t> block_begun_{0};       ///< the device's latest, by CostMeter::clock()
  std::atomic<uint64_t> one_burst_;            ///< less between pieces, by that clock: they belong to one block
  std::atomic<Program*> program_{nullptr};
  std::atomic<const Chunk*> chunk_{nullptr};
  std::atomic<bool> leaving_{false};
  uint64_t piece_ended_ = 0;  // [audio]
  std::vector<std::unique_ptr<Seat>> seats_;
};

}  // namespace mixgraph

#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace mixgraph {

class Bank;
class DeadlineBoard;

/// Where the block of a node leaves work that is due later: Block::deadlines(). [audio]
class Deadlines {
 public:
  DeadlineBoard* board = nullptr;  ///< of the engine; nullptr: nobody does anything of it before it is taken
  const Bank* bank = nullptr;      ///< whose work it is
  uint64_t time = 0;               ///< the block's first frame
};

/// Work of a node that is due some blocks after its input is there, such as a convolver's tail. It is cut into slices of about
/// a tenth of a block (of 64 frames), each a pure function of the input into floats of its own. Threads that help do slices
/// while they have nothing else to do, and the audio thread does what is left, as evenly as the deadlines of all nodes allow
/// (graph/deadline_board.h). Whoever does them, the bytes are the same.
///
/// Each slice has floats for a helper and others for the audio thread, which waits for no helper: a slice that one has begun and
/// hasn't finished when it is needed is computed again. There are two rooms for the input. Helpers read the shared one, which
/// isn't written while one of them is still within a slice, however long ago that was posted; what is posted meanwhile
/// goes into the spare room, which no helper reads, and is left to the audio thread alone. So a helper can be kept from its work for as
/// long as may be: what it reads stays as it is, what it writes nobody else does, and what it says when it is done counts only
/// if the posting that it worked for is still the latest.
///
/// A member of a node that runs alone, made with it. All memory is taken then.
class DeadlineJob {
 public:
  struct Size {
    int slices;
    size_t floats;  ///< that each slice makes
    size_t input;   ///< floats of the input
  };
  /// Computes a slice. It writes nothing but `to`, and `fixed` is what doesn't change while the instance lives. [audio or helper]
  using Compute = void (*)(const void* fixed, const float* input, int slice, float* to);
  enum class Room : uint8_t { shared, spare };

  DeadlineJob(const Size& size, Compute compute, const void* fixed);  ///< [control]; if the type is slow, [worker]
  ~DeadlineJob();
  DeadlineJob(const DeadlineJob&) = delete;
  DeadlineJob& operator=(const DeadlineJob&) = delete;

  /// Completes what was posted last, and ends it; false: nothing was. [audio]
  bool take() noexcept;
  /// What a slice has made, once it is taken, until something is posted again. [audio]
  const float* slice(int number) const noexcept;

  /// The room for the next input: it may be written until it is posted. What was posted before and hasn't been taken is void.
  /// [audio]
  Room free_room() noexcept;
  /// Both keep what was written into them. The spare one may be written whenever nothing is posted, the shared one only if
  /// it is the free one. [audio]
  float* input(Room room) noexcept;
  /// Has the slices computed until the tick of the frame at which take() follows. [audio]
  void post(const Deadlines& to, Room room, uint64_t due) noexcept;

 private:
  friend class DeadlineBoard;
  /// Of a slice in the shared room. Helpers lead it from open to begun to helped; the audio thread closes what is open, and
  /// opens it again for the next posting.
  enum class State : uint8_t { closed, open, begun, helped };
  struct alignas(64) Line {
    float at[16];
  };
  struct Left {
    int open = 0, begun = 0;  ///< slices that nobody has begun, and that helpers are at
  };
  float* floats(int slice, bool own) noexcept;
  bool close(int slice) noexcept;
  bool is_helped(int slice) const noexcept;
  void do_own(int slice) noexcept;
  Left left() const noexcept;
  int do_open(int most) noexcept;
  int do_begun(int most) noexcept;
  bool help() noexcept;
  uint64_t usual_ticks(int frames) const noexcept;

  const Size size_;
  const Compute compute_;
  const void* const fixed_;
  const size_t input_lines_, slice_lines_;
  std::vector<Line> lines_;  // the rooms, then two for each slice
  std::unique_ptr<std::atomic<State>[]> states_;
  std::vector<uint8_t> own_done_;  // by slice: the audio thread has done it
  Room room_ = Room::shared;
  bool is_posted_ = false;
  uint64_t posted_ = 0, due_ = 0;  // frames
  const Bank* bank_ = nullptr;
  double slice_ticks_ = 0;         // what one takes, as a rule, by CostMeter::clock()
  bool is_fresh_ = false;          // not in the board's order yet
  DeadlineJob* next_fresh_ = nullptr;
  std::atomic<DeadlineJob*> next_{nullptr};
};

}  // namespace mixgraph

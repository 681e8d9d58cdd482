#pragma once
#include <atomic>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "graph/bank.h"
#include "graph/costs.h"
#include "graph/mixing.h"

namespace mixgraph {

/// Delays a cable's channel by whole frames, to align parallel paths. It lives as long as its cable. [audio]
class CableDelay {
 public:
  explicit CableDelay(int frames) : length_(size_t(frames)), data_(size_t(frames) + kMaxBlock) {}
  int frames() const { return int(length_); }
  /// Takes a block in and gives the delayed one out.
  void process(Column from, float* out, int frames);

 private:
  size_t length_, at_ = 0;
  Floats data_;
};

/// Runs a bank's kernel. For a node that breaks loops, `in` or `out` is empty (graph/node.h).
struct RunBank {
  Bank* bank;
  std::vector<const float*> in;
  std::vector<float*> out;
};
struct CopyLanes {
  float* to;
  const float* from;
  int lanes;
  std::vector<int32_t> mask;
  Into into;
};
struct GatherLanes {
  float* to;
  std::vector<Column> columns;
  Into into;
};
struct SumSources {
  float* to;
  int to_stride;
  std::vector<Summand> from;
};
/// Lane by lane, of all lanes.
struct SumBuffers {
  float* to;
  int lanes;
  std::vector<const float*> from;
};
/// A cable with a fade, a delay, a gain or all of them.
enum class Fading : uint8_t { none, in, out };
struct MixCable {
  float* to;
  int to_stride;
  Column from;
  Fading fading;
  CableDelay* delay;
};
/// The lanes of a buffer one after the other, for those who read single ones of them.
struct MakePlanar {
  float* to;
  const float* from;
  int lanes;
};
using Step = std::variant<RunBank, CopyLanes, GatherLanes, SumSources, SumBuffers, MixCable, MakePlanar>;

/// A lane that goes on from one of another bank when the program is taken over.
struct LaneTransfer {
  Bank* to;
  int lane;
  Bank* from;
  int from_lane;
};

/// Where an instance runs.
struct LanePlace {
  uint32_t id = 0;
  int lane = 0;
  Bank* bank = nullptr;
};
/// Where the instances of a program run, by id. Instances have ids one after the other, so their last bits tell them apart.
class Places {
 public:
  explicit Places(size_t most = 0);
  /// Unless there is one with this id. [control]
  void add(const LanePlace& place);
  /// nullptr: it isn't in the program. [any]
  const LanePlace* find(uint32_t id) const {
    for (size_t at = id;; at++) {
      const LanePlace& place = slots_[at & (slots_.size() - 1)];
      if (place.id == 0) return nullptr;
      if (place.id == id) return &place;
    }
  }

 private:
  std::vector<LanePlace> slots_;  // a power of two
};

/// Readings of all meters, passed from the audio thread to the control thread and back.
struct MeterBoard {
  static constexpr uint32_t kNowhere = UINT32_MAX;
  std::vector<LanePlace> nodes;       ///< whose meters, in order
  std::vector<float> values;
  std::atomic<bool> filled{false};
  std::vector<uint32_t> places;       ///< where Readings keeps those of each node, in the plan of this number [control]
  uint64_t plan = 0;                  ///< [control]
};

/// Sound that other threads read, apart from where it is made: to write over a line of memory that another processor has read takes
/// as long as to ask it for leave.
struct Publish {
  float* to;
  const float* from;
  int lanes;
};

/// Steps that one thread runs in a row, once the tasks that they need are done.
struct Task {
  size_t first = 0, last = 0;   ///< steps; the last is not one of them
  std::vector<uint32_t> needs;  ///< tasks before this one
  uint32_t home = 0;            ///< thread that does it as a rule; 0: the audio thread
  std::vector<Publish> published = {};     ///< of what its steps made
  std::vector<const float*> fetched = {};  ///< lines of memory from other threads that its own will soon read
};
/// Which turn (graph/crew.h) a task was last claimed in and done in. Others look at `done` time and again, and who claims needs not
/// fetch that from them.
struct TaskState {
  alignas(64) std::atomic<uint64_t> claimed{0};
  alignas(64) std::atomic<uint64_t> done{0};
};

/// A compiled graph: what the audio thread runs. Everything it needs is in it or kept alive by it.
struct Program {
  uint64_t serial = 0;
  uint64_t mark = 0;                ///< batches sent before it was
  std::vector<Step> steps;
  std::vector<Task> tasks;          ///< all steps, in their order
  std::unique_ptr<TaskState[]> task_states;
  std::atomic<uint64_t> turn{0};    ///< of the crew, in which it runs
  double speed_up = 1;              ///< what its threads could make of it at best
  const Mixing* mixing = nullptr;   ///< of the widest instruction set among its banks
  std::vector<Bank*> banks;
  std::vector<LaneTransfer> transfers;  ///< of lanes with all they hold
  std::vector<LaneTransfer> heirs;      ///< of parameters' courses alone, after those
  std::vector<uint64_t> members;        ///< lanes that have instances, by number of bank
  Places places;
  std::span<Glide> glides;              ///< for the heirs' courses
  MeterBoard meters;
  struct FeedPlace {
    Bank* bank;
    int lane;
    std::shared_ptr<const FeedBuffers> feeds;
  };
  std::vector<FeedPlace> feeds;     ///< of the instances that have any
  int fade_at = 0;                  ///< position of its fades; negative while new paths fill; [audio]
  bool fades = false;               ///< whether anything comes or goes in it
  std::vector<std::shared_ptr<Bank>> kept_banks;
  std::vector<std::shared_ptr<CableDelay>> kept_delays;
  std::vector<Floats> buffers;

  CostEntry* mixing_cost = nullptr;
  std::vector<CostEntry*> costs;  ///< of all types in it, and that of mixing

  /// Says where the time of its steps is counted: before it is run with a meter. [control]
  void count_costs(CostMeter& meter);
  /// Runs a block's piece. [audio]
  void run(const Chunk& chunk) noexcept;
  /// Runs it and measures it. [audio]
  void run(const Chunk& chunk, CostMeter& meter) noexcept;
  /// Runs one task of it. [audio, or one of its crew]
  void run_task(const Task& task, const Chunk& chunk) noexcept;
  /// Lets other threads read what a task made. [as run_task()]
  void publish(const Task& task, const Chunk& chunk) noexcept;
};

}  // namespace mixgraph

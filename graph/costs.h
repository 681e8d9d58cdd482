#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mixgraph {

/// What nodes of one type took, all of them together, in the blocks that were measured since the engine's start.
struct TypeCost {
  std::string type;       ///< id of the node type; "mixing": sums, copies and fades between nodes
  double ns = 0;          ///< time that they took
  uint64_t frames = 0;    ///< sound that was made in that time
  double later_ns = 0;    ///< of that time, what was due later (graph/deadlines.h), and so no part of what nodes do in their turn
};

/// Where the time of one type's nodes is counted.
class CostEntry {
 private:
  friend class CostMeter;
  std::atomic<uint64_t> ticks_{0}, later_{0};
  uint64_t now_ = 0, later_now_ = 0;  // of the block at hand
};

/// Measures what each node type costs, in one block of many, with the processor's cycle counter: no system call, and far
/// less than a thousandth of the time. Blocks in which the thread was interrupted are left out.
class CostMeter {
 public:
  CostMeter();

  /// Whether the block that begins now is measured; if so, add() follows for each part of it and end() for the whole. [audio]
  bool begin() noexcept { return --until_next_ <= 0; }
  /// Where the time of a type's nodes is counted; of none: mixing. It stays. [control]
  CostEntry& entry(std::string_view type);
  /// Time in ticks of `clock()`. [audio]
  static void add(CostEntry& entry, uint64_t ticks) noexcept { entry.now_ += ticks; }
  /// The block's part of what is due later: it has no say in whether the thread was interrupted. [audio]
  static void add_later(CostEntry& entry, uint64_t ticks) noexcept { entry.later_now_ += ticks; }
  /// All that was counted went to these. [audio]
  void end(int frames, std::span<CostEntry* const> entries) noexcept;
  /// What a block took, from its begin to its end, that several threads shared. [audio]
  void add_shared(uint64_t ticks, int frames) noexcept;

  std::vector<TypeCost> read() const;  ///< [control]
  TypeCost all() const;                ///< of all types together, without what was due later [control]
  TypeCost shared() const;             ///< of all shared blocks, without a type [control]

  /// The processor's cycle counter.
  static uint64_t clock() noexcept;

 private:
  static constexpr int kEvery = 61;       // blocks; prime, so as not to fall in step with anything
  static constexpr int kMostSkipped = 3;  // in a row; then it is the load that grew
  double ns_per_tick() const;

  std::map<std::string, std::unique_ptr<CostEntry>, std::less<>> entries_;  // by id of the type; [control]
  std::atomic<uint64_t> frames_{0}, shared_frames_{0}, shared_ticks_{0};
  /// Tells blocks in which the thread was interrupted from others.
  struct Usual {
    bool takes(double per_frame);
    double ticks = 0;  // per frame
    int skipped = 0;
  };
  int until_next_ = kEvery;
  Usual alone_, together_;
  uint64_t start_ticks_;
  int64_t start_ns_;
};

}  // namespace mixgraph

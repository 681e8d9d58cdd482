#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "graph/costs.h"

namespace mixgraph {

/// Decides whether several threads run a program. They do if a block takes so long that waiting for one another is nothing
/// beside it, for as long as they are seen to be done sooner: two processors may be threads of one core. Where they were
/// seen not to be, several times in a row, they are tried again after a while, which doubles each time, or when there is
/// another graph, or another load. [control]
class Sharing {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// `above_us`: time of kMaxBlock frames from which on they are shared; 0: always, even if it doesn't pay.
  Sharing(double above_us, double rate) : threshold_(1000 * above_us), rate_(rate) {}

  bool is_on() const { return on_; }
  /// Whether threads publish what others read (graph/far_reads.h). That pays where memory takes long from one processor to the
  /// other, which shows when a program that is shared without it isn't done much sooner; where they are near it costs something.
  bool publishes() const { return threshold_ <= 0 || publishes_; }
  /// Whether there is enough since the last verdict for another. `frame`: of the engine.
  bool is_due(uint64_t frame, Time now) const;
  /// Looks at what blocks have taken since the start, those that one thread ran and those that were shared; true if sharing
  /// is to begin, to end or to go on in the other way. `speed_up`: what the threads could make of the program at best.
  bool judge(uint64_t frame, Time now, const TypeCost& alone, const TypeCost& shared, double speed_up);
  /// There is another graph.
  void forget();
  /// Whether a block of a shared program may be run by one thread now and then, to measure it: not if it would come late.
  /// [any]
  bool may_run_alone() const { return may_run_alone_.load(std::memory_order_relaxed); }

 private:
  /// What blocks took since it was last asked.
  class Measured {
   public:
    /// ns of kMaxBlock frames; nothing if no block was measured.
    std::optional<double> since_last(const TypeCost& all);

   private:
    TypeCost last_;
  };
  bool pays_to_begin(std::optional<double> alone, Time now);
  bool pays_no_more(std::optional<double> alone, std::optional<double> shared, double speed_up);
  bool seems_far(std::optional<double> alone, std::optional<double> shared, double speed_up);
  bool is_sooner(double shared, double alone, double least) const;
  void refuse(Time now);
  void allow_alone(double ns);

  const double threshold_, rate_;  // ns of a block; Hz
  bool on_ = false;
  uint64_t judged_at_ = 0;  // frame
  Time judged_{};
  Measured alone_, shared_, later_;
  double later_ns_ = 0;      // of a block, what is due later: it is done whoever runs the rest
  double alone_before_ = 0;  // ns of a block, before it was shared; 0: of another graph
  int bad_ = 0, far_ = 0;    // verdicts in a row
  bool publishes_ = false;
  bool refused_ = false;     // it was seen not to pay
  Time refused_until_{};
  std::chrono::seconds patience_{0};  // after the next refusal
  double refused_at_ = 0;    // ns of a block by one thread then; 0: not measured yet
  std::atomic<bool> may_run_alone_{true};
};

}  // namespace mixgraph

#pragma once
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "graph/automation_table.h"
#include "graph/engine.h"
#include "graph/followers.h"
#include "graph/plan.h"

namespace mixgraph {

/// The control side of automation: which rows of which instances it has, and what it has set by now. [control]
class AutomationBook {
 public:
  explicit AutomationBook(double rate) : rate_(rate) {}

  /// From a frame of the engine on, with this frame of the automation. nullptr: nothing is automated any more.
  void play(std::shared_ptr<const Automation> automation, uint64_t frame, uint64_t from);
  /// Whether the audio thread has to be told.
  bool is_stale() const { return stale_; }
  bool is_playing() const { return automation_ != nullptr; }
  /// The instances may be others, or follow others.
  void renew() { stale_ = stale_ || automation_; }
  using Find = std::function<const Instance*(std::string_view path)>;
  /// The rows that it has now: those that it had are the same, whose course goes on.
  std::shared_ptr<AutomationTable> make_table(const Find& find, const Followers& followers, uint64_t now);
  /// The frame at which it sets the next row; UINT64_MAX: none.
  uint64_t next_frame() const { return due_.empty() ? UINT64_MAX : due_.front().first; }
  /// What it sets then: a row has a value, and goes to another perhaps. Of a row that was taken away: nothing.
  struct Passed {
    const Track* track;
    DueMove value;
    std::optional<DueMove> way;
  };
  std::optional<Passed> pass();
  /// A row was set: it is taken away if it had begun.
  void said(uint32_t instance, int row, uint64_t frame);
  std::vector<AutomationState> states() const;

 private:
  struct Played {
    const Track* track;
    size_t first = 0, next = 0;  // points
    bool is_taken = false;
  };
  uint64_t frame_of(const Played& p, size_t point) const { return uint64_t(std::max<int64_t>(0, int64_t(p.track->points[point].frame) + start_)); }
  void wait_for_next(size_t number);
  void add_row(AutomationTable& table, const Instance* instance, const Track& track, int row, size_t number, uint64_t now);

  const double rate_;
  std::shared_ptr<const Automation> automation_;
  int64_t start_ = 0;    // the engine's frame of the automation's frame 0
  uint64_t begins_ = 0;  // the engine's
  std::vector<Played> played_;
  std::vector<std::pair<uint64_t, size_t>> due_;  // a heap: frame and number of what is passed next
  struct Attached {
    std::shared_ptr<AutomatedRow> row;
    size_t number;
  };
  std::unordered_map<uint64_t, Attached> attached_;  // by instance and row
  uint64_t tables_ = 0;
  bool stale_ = false;
};

}  // namespace mixgraph

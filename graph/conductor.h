#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/engine.h"
#include "graph/order_book.h"
#include "graph/plan.h"
#include "graph/readings.h"
#include "graph/slow_work.h"

namespace mixgraph {

class Crew;
class Sharing;

/// The control side of an engine. From a document to sound: update() makes a plan of it (graph/plan.h), whose instances
/// are those that sound, as far as they fit. A transition (graph/transition.h) leads from the plan that sounds to it: one
/// program in which cables fade, then one without what has gone. compile() (graph/compile.h) makes a program of a plan:
/// a schedule says which instances run together in which lanes and when, strands say what several threads may do at a time,
/// and then come the steps. A program is handed over by a pointer, and the one before comes back. [control]
class Conductor {
 public:
  Conductor(const EngineSettings& settings, const Workshop& workshop, SlowWork& work, Handover& handover, CostMeter& costs, Sharing& sharing, Crew* crew);

  Problems too_large(const Graph& next) const { return mixgraph::too_large(next, workshop_, settings_.memory); }
  std::vector<Preparation> needs(const Graph& next, std::span<const Prepared> have) const { return needs_of(next, target_, workshop_, have); }
  Problems update(const Graph& next, std::span<const Prepared> prepared);
  std::vector<Preparation> lacking_files() const;
  void advance();
  bool settled() const;
  OrderBook& orders() { return orders_; }
  std::span<const float> read_meters();
  std::vector<NodeFault> take_faults() { return std::exchange(faults_, {}); }
  size_t nodes_sounding() const { return sounding_.nodes.size(); }
  int latency() const { return target_.latency; }

 private:
  void follow_values(const Graph& next);
  void list_services();
  bool performer_has_current() const;
  bool fading() const;
  bool tails_ended() const;
  bool note_fault(Instance& instance, Fault fault);
  bool find_spoilt();
  void replace_spoilt();
  bool judge_sharing();
  void begin_transition();
  void send(const Plan& plan, bool fades, int lead_in);

  const EngineSettings& settings_;
  const Workshop& workshop_;
  SlowWork& work_;
  Handover& handover_;
  CostMeter& costs_;
  Sharing& sharing_;
  Crew* const crew_;
  OrderBook orders_;
  Plan target_, sounding_;
  bool arrived_ = true;   // what sounds is the target
  bool between_ = false;  // a program with fades is under way; one without them follows
  uint32_t next_id_ = 1;
  uint64_t serial_ = 0, faults_seen_ = 0;
  uint64_t tail_ends_ = UINT64_MAX;  // frame at which the first of what has gone has rung out
  Readings readings_;
  std::vector<NodeFault> faults_;
  std::unordered_map<std::string, std::vector<uint64_t>> fault_times_;  // frames, by path
  std::unique_ptr<Program> current_, previous_;
  std::vector<std::unique_ptr<Program>> retired_;  // that one of the crew may still look at
};

}  // namespace mixgraph

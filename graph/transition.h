#pragma once
#include "graph/plan.h"

namespace mixgraph {

/// The way from what sounds to what should sound: one program in which cables fade, then one without what has gone.
struct Transition {
  Plan during;        ///< both, with the cables that fade marked
  Plan after;         ///< the new plan, and nodes that still ring out
  bool complete = true;  ///< false: another one has to follow
  int lead_in = 0;    ///< frames that new paths run silently before the fades begin, so that their delays are full
};

/// `now` in frames. Nodes of `before` that `target` lacks ring out if they have a tail, else fade. If going straight would
/// close a loop for the time of the fades, the transition only takes away; calling again then adds. [control]
Transition make_transition(const Plan& before, const Plan& target, uint64_t now, double rate);

}  // namespace mixgraph

#pragma once
#include <memory>

#include "graph/bank.h"
#include "graph/prepared.h"

namespace mixgraph {

/// Makes instances that run alone. Those of slow types come back to it: whoever lets go of one last only puts it here, and
/// a worker ends it.
class Workshop {
 public:
  /// Both must outlive it.
  Workshop(const Environment& environment, const FadeShape& shape);

  /// As long as it takes. [any]
  Prepared make(Preparation preparation) const;
  /// Ends one that is done with, as long as it takes; false: there is none. What is left ends with the last that knows of
  /// the workshop. [worker]
  bool end_one() const;

  const Environment& environment() const { return environment_; }
  const FadeShape& shape() const { return shape_; }

 private:
  struct Ended;
  const Environment& environment_;
  const FadeShape& shape_;
  std::shared_ptr<Ended> ended_;
};

}  // namespace mixgraph

#pragma once
#include "graph/automation_table.h"
#include "graph/order.h"
#include "graph/program.h"

namespace mixgraph {

/// Has the rows of a table follow their breakpoints, tick by tick: those that move cost a point of their course each, the others
/// nothing, and no block is cut. [audio]
class AutomationReader {
 public:
  ~AutomationReader();
  /// Goes on with this batch's table, and gives back the batch with the one before. What isn't in it any more comes to rest.
  Batch* exchange(Batch* batch, Program* program, uint64_t now, GlidePool& pool);
  /// Another program takes over: what goes on in another place comes to rest where it was.
  void move_over(const Program& before, const Program& next, uint64_t now, GlidePool& pool);
  void start_tick(uint64_t now, const Program& program, bool sparse, GlidePool& pool);
  /// An order for a row, which had to begin at `frame`: it takes the row. False: the automation has it, and came later.
  bool take_away(const Order& order, uint64_t frame, const LanePlace& place, uint64_t now, GlidePool& pool);
  /// Rows that move.
  size_t moving() const { return table_ ? table_->awake.size() : 0; }

 private:
  void fall_asleep(AutomatedRow* row);
  static void let_go(const AutomatedRow& row, const LanePlace& place, uint64_t now, GlidePool& pool);

  Batch* batch_ = nullptr;
  AutomationTable* table_ = nullptr;  // its
};

}  // namespace mixgraph

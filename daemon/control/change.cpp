#include "daemon/control/change.h"

#include <algorithm>

#include "daemon/control/moves.h"
#include "daemon/control/node_problems.h"

namespace mixgraph {

bool Change::only_moves() const {
  const auto moves = [](const NewValue& said) { return can_move(said.entry->parameter()); };
  return edits.empty() && !whole && step == 0 && std::all_of(values.begin(), values.end(), moves);
}

Problems Change::failed() const {
  Problems problems;
  for (const Prepared& made : prepared)
    if (!made.bank) problems.insert(problems.end(), made.problems.begin(), made.problems.end());
  return problems;
}

void Change::outlive_names() {
  for (NewValue& said : values) edits.push_back(SetValue{said.entry->path, said.entry->row, std::move(said.value)});
  values.clear();
}

bool Change::leave_out_files(const Problems& problems) {
  if (!whole) return false;
  bool any = false;
  for (const Problem& problem : problems) {
    const Node* node = node_of(*whole, problem);
    for (int i = 0; node && i < row_count(*node->type); i++) {
      const Parameter& p = row(*node->type, i);
      if (!is_text(p) || node->values[size_t(i)] == initial_value(p)) continue;
      any |= whole->set_value(node->path, i, initial_value(p));
      node = whole->find(node->path);
    }
  }
  if (!any) return false;
  told.insert(told.end(), problems.begin(), problems.end());
  std::erase_if(prepared, [](const Prepared& made) { return !made.bank; });
  return true;
}

}  // namespace mixgraph

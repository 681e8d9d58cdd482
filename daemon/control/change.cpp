#include "daemon/control/change.h"

#include <algorithm>

#include "daemon/control/moves.h"
#include "daemon/control/node_problems.h"

namespace mixgraph {

bool Change::only_moves() const {
  const auto moves = [](const NewValue& said) { return can_move(said.entry->parameter()); };
  return edits.empty() && !whole && step == 0 && prepared.empty() && std::all_of(values.begin(), values.end(), moves);
}

Problems Change::failed() const {
  Problems problems;
  for (const Prepared& made : prepared)
    if (!made.bank) problems.insert(problems.end(), made.problems.begin(), made.problems.end());
  return problems;
}

bool Change::do_without_files(const Problems& problems, const Graph& outcome) {
  const size_t before = without_files.size();
  for (const Problem& problem : problems)
    if (const Node* node = node_of(outcome, problem); node && node->type->slow) without_files.insert(node->path);
  if (without_files.size() == before) return false;
  std::erase_if(prepared, [](const Prepared& made) { return !made.bank; });
  told.insert(told.end(), problems.begin(), problems.end());
  return true;
}

}  // namespace mixgraph

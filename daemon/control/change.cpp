#include "daemon/control/change.h"

#include <algorithm>

#include "daemon/control/moves.h"

namespace mixgraph {

std::vector<LastingValue> lasting(const NewValues& values) {
  std::vector<LastingValue> list;
  for (const NewValue& said : values) list.push_back({said.entry->path, said.entry->type, said.entry->row, said.value});
  return list;
}

Result<NewValues> found_again(const std::vector<LastingValue>& values, const Namespace& names) {
  NewValues found;
  for (const LastingValue& said : values) {
    const Entry* entry = names.find(said.path, said.row);
    if (!entry || entry->type != said.type) return Problem{"", "/" + said.path + " has gone meanwhile", "/graph/list lists the nodes"};
    found.push_back({entry, said.value});
  }
  return found;
}

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

}  // namespace mixgraph

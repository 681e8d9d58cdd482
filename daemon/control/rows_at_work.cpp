#include "daemon/control/rows_at_work.h"

namespace mixgraph {

RowsAtWork::Watch::Watch(std::shared_ptr<State> state, const NewValues& values) : state_(std::move(state)) {
  std::lock_guard lock(state_->mutex);
  number_ = ++state_->number;
  state_->watches++;
  for (const NewValue& said : values) {
    values_.push_back({{said.entry->path, said.entry->row}, said.entry->type, said.value, said.said});
    Said& row = state_->rows[values_.back().row];
    row.number = number_;
    row.watches++;
  }
}

RowsAtWork::Watch::~Watch() {
  std::lock_guard lock(state_->mutex);
  state_->watches--;
  for (const Lasting& value : values_) {
    const auto row = state_->rows.find(value.row);
    if (--row->second.watches == 0) state_->rows.erase(row);
  }
}

Result<NewValues> RowsAtWork::Watch::left(const Namespace& names) const {
  NewValues left;
  for (const auto& [row, type, value, said] : values_) {
    const Entry* entry = names.find(row.first, row.second);
    if (!entry || entry->type != type) return Problem{"", "/" + row.first + " has gone meanwhile", "/graph/list lists the nodes"};
    if (is_latest(row)) left.push_back({entry, value, said});
  }
  if (left.empty() && !values_.empty()) return Problem{"", "another value was set meanwhile", ""};
  return left;
}

bool RowsAtWork::Watch::is_latest(const Row& row) const {
  std::lock_guard lock(state_->mutex);
  return state_->rows.at(row).number == number_;
}

void RowsAtWork::said(const std::string& path, int row) {
  if (state_->watches == 0) return;
  std::lock_guard lock(state_->mutex);
  const auto found = state_->rows.find({path, row});
  if (found != state_->rows.end()) found->second.number = ++state_->number;
}

}  // namespace mixgraph

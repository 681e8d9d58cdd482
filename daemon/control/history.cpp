#include "daemon/control/history.h"

#include <algorithm>

namespace mixgraph {
namespace {

size_t values_in(const Change& change) {
  size_t count = change.edits.size() + change.session.values();
  for (const Edit& edit : change.edits)
    if (const auto* added = std::get_if<AddNode>(&edit)) count += added->node.values.size();
  return count;
}

}  // namespace

void History::add(Change back, Change forward) {
  undone_.clear();
  if (forward.edits.empty() && forward.session.empty()) return;
  const size_t values = values_in(back) + values_in(forward);
  size_t kept = 0, sum = 0;
  while (kept < std::min(done_.size(), kDepth - 1) && sum + done_[done_.size() - 1 - kept].values <= kValues)
    sum += done_[done_.size() - 1 - kept++].values;
  done_.erase(done_.begin(), done_.end() - std::ptrdiff_t(kept));
  back.step = forward.step = ++steps_;
  done_.push_back({std::move(back), std::move(forward), values});
}

void History::know_values(Change::Why way, const Graph& before) {
  for (Edit& edit : way == Change::Why::undo ? done_.back().forward.edits : undone_.back().back.edits) {
    auto* const add = std::get_if<AddNode>(&edit);
    const Node* const node = add ? before.find(add->node.path) : nullptr;
    if (node && node->type == add->node.type) add->node = *node;
  }
}

void History::stepped(Change::Why way) {
  std::vector<Step>& from = way == Change::Why::undo ? done_ : undone_;
  std::vector<Step>& to = way == Change::Why::undo ? undone_ : done_;
  to.push_back(std::move(from.back()));
  from.pop_back();
}

}  // namespace mixgraph

#include "graph/automation_reader.h"

#include <algorithm>
#include <utility>

namespace mixgraph {
namespace {

bool wakes_later(const AutomatedRow* a, const AutomatedRow* b) { return a->wakes() > b->wakes(); }

uint64_t key_of(const AutomatedRow& row) { return row_key(row.instance, row.row); }

}  // namespace

AutomatedRow* AutomationTable::find(uint32_t instance, int row) const {
  const uint64_t key = row_key(instance, row);
  const auto found = std::partition_point(rows.begin(), rows.end(), [&](const auto& r) { return key_of(*r) < key; });
  return found != rows.end() && key_of(**found) == key ? found->get() : nullptr;
}

AutomationReader::~AutomationReader() { delete batch_; }

Batch* AutomationReader::exchange(Batch* batch, Program* program, uint64_t now, GlidePool& pool) {
  Batch* const before = std::exchange(batch_, batch);
  const AutomationTable* const old = std::exchange(table_, batch->automation.get());
  for (const auto& row : table_->rows) {
    row->table = table_->serial;
    if (row->has_left()) continue;
    if (row->wakes() <= now)
      table_->awake.push_back(row.get());
    else
      fall_asleep(row.get());
  }
  if (!old) return before;
  for (const auto& row : old->rows) {
    if (row->table == table_->serial || !row->is_at_work()) continue;
    if (const LanePlace* place = program ? program->places.find(row->instance) : nullptr) let_go(*row, *place, now, pool);
    row->leave(false);
  }
  return before;
}

void AutomationReader::fall_asleep(AutomatedRow* row) {
  if (row->wakes() == UINT64_MAX) return;
  table_->asleep.push_back(row);
  std::push_heap(table_->asleep.begin(), table_->asleep.end(), wakes_later);
}

void AutomationReader::let_go(const AutomatedRow& row, const LanePlace& place, uint64_t now, GlidePool& pool) {
  place.bank->come_to_rest(row.row, place.lane, row.cubic(), now, pool);
}

void AutomationReader::move_over(const Program& before, const Program& next, uint64_t now, GlidePool& pool) {
  if (!table_) return;
  for (const AutomatedRow* row : table_->awake) {
    const LanePlace* const old = row->is_at_work() ? before.places.find(row->instance) : nullptr;
    if (!old || old->bank->program_serial != next.serial) continue;
    const LanePlace* const place = next.places.find(row->instance);
    if (!place || place->bank != old->bank || place->lane != old->lane) let_go(*row, *old, now, pool);
  }
}

void AutomationReader::start_tick(uint64_t now, const Program& program, bool sparse, GlidePool& pool) {
  if (!table_) return;
  auto &awake = table_->awake, &asleep = table_->asleep;
  while (!asleep.empty() && asleep.front()->wakes() < now + kTick) {
    std::pop_heap(asleep.begin(), asleep.end(), wakes_later);
    awake.push_back(asleep.back());
    asleep.pop_back();
  }
  for (size_t i = 0; i < awake.size();) {
    AutomatedRow* const row = awake[i];
    const LanePlace* const place = row->has_left() ? nullptr : program.places.find(row->instance);
    if (place) {
      if (!row->is_at_work()) row->take_over(now, place->bank->take_course(row->row, place->lane, pool));
      const bool is_odd = (now / kTick + row->instance + uint64_t(row->row)) % 2;
      row->next_tick(now, sparse && is_odd ? 2 : 1);
      place->bank->drive(row->row, place->lane, row->cubic(), pool);
    }
    if (!row->has_left() && row->wakes() <= now) {
      i++;
      continue;
    }
    awake[i] = awake.back();
    awake.pop_back();
    if (!row->has_left()) fall_asleep(row);
  }
}

bool AutomationReader::take_away(const Order& order, uint64_t frame, const LanePlace& place, uint64_t now, GlidePool& pool) {
  AutomatedRow* const row = table_ ? table_->find(order.instance, order.row) : nullptr;
  if (!row || row->has_left()) return true;
  if (frame <= row->begins()) return !row->is_at_work();
  if (row->is_at_work()) let_go(*row, place, now, pool);
  row->leave(true);
  return true;
}

}  // namespace mixgraph

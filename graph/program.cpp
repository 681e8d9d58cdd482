#include "graph/program.h"

#include <set>

#include "graph/planar.h"

namespace mixgraph {

Places::Places(size_t most) {
  size_t slots = 2;
  while (slots < 2 * most) slots *= 2;
  slots_.resize(slots);
}

void Places::add(const LanePlace& place) {
  size_t at = place.id;
  const auto slot = [&]() -> LanePlace& { return slots_[at & (slots_.size() - 1)]; };
  while (slot().id != 0 && slot().id != place.id) at++;
  if (slot().id == 0) slot() = place;
}

void CableDelay::process(Column from, float* out, int frames) {
  size_t size = data_.size();
  for (int i = 0; i < frames; i++) {
    data_.data()[at_] = from.data[i * from.stride];
    out[i] = data_.data()[(at_ + size - length_) % size];
    at_ = at_ + 1 == size ? 0 : at_ + 1;
  }
}

namespace {

struct Run {
  const Chunk& chunk;
  const Mixing& mixing;

  void operator()(const RunBank& s) const {
    s.bank->process(chunk, s.in.empty() ? nullptr : s.in.data(), s.out.empty() ? nullptr : s.out.data());
  }
  void operator()(const CopyLanes& s) const { mixing.copy_lanes(s.to, s.from, s.lanes, s.mask.data(), s.into, chunk.frames); }
  void operator()(const GatherLanes& s) const { mixing.gather_lanes(s.to, int(s.columns.size()), s.columns.data(), s.into, chunk.frames); }
  void operator()(const SumSources& s) const { mixing.sum(s.to, s.to_stride, s.from.data(), s.from.size(), chunk.frames); }
  void operator()(const SumBuffers& s) const { mixing.sum_buffers(s.to, s.from.data(), s.from.size(), size_t(s.lanes) * size_t(chunk.frames)); }
  void operator()(const MakePlanar& s) const { make_planar(s.to, s.from, s.lanes, chunk.frames); }
  void operator()(const MixCable& s) const {
    const float* gains = s.fading == Fading::in ? chunk.fade_in : s.fading == Fading::out ? chunk.fade_out : nullptr;
    if (!s.delay) return mix_column(s.to, s.to_stride, s.from, gains, chunk.frames);
    float delayed[kMaxBlock];
    s.delay->process(s.from, delayed, chunk.frames);
    mix_column(s.to, s.to_stride, {delayed, 1, s.from.gain}, gains, chunk.frames);
  }
};

}  // namespace

void Program::run_task(const Task& task, const Chunk& chunk) noexcept {
  for (const float* line : task.fetched) __builtin_prefetch(line);
  for (size_t s = task.first; s < task.last; s++) std::visit(Run{chunk, *mixing}, steps[s]);
  publish(task, chunk);
}

void Program::publish(const Task& task, const Chunk& chunk) noexcept {
  for (const Publish& p : task.published) copy_far(p.to, p.from, size_t(p.lanes) * size_t(chunk.frames));
  if (!task.published.empty()) end_copies();
}

void Program::run(const Chunk& chunk) noexcept {
  for (const Task& task : tasks) run_task(task, chunk);
}

void Program::count_costs(CostMeter& meter) {
  mixing_cost = &meter.entry({});
  std::set<CostEntry*> all{mixing_cost};
  for (Bank* bank : banks) all.insert(bank->cost = &meter.entry(bank->type().id));
  costs.assign(all.begin(), all.end());
}

void Program::run(const Chunk& chunk, CostMeter& meter) noexcept {
  uint64_t before = CostMeter::clock();
  const auto add = [&before](CostEntry& entry) {
    const uint64_t now = CostMeter::clock();
    CostMeter::add(entry, now - before);
    before = now;
  };
  for (const Task& task : tasks) {
    for (size_t s = task.first; s < task.last; s++) {
      std::visit(Run{chunk, *mixing}, steps[s]);
      const RunBank* node = std::get_if<RunBank>(&steps[s]);
      add(node ? *node->bank->cost : *mixing_cost);
    }
    publish(task, chunk);
    add(*mixing_cost);
  }
  meter.end(chunk.frames, costs);
}

}  // namespace mixgraph

#include "graph/program.h"

namespace mixgraph {

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
  void operator()(const CopyLanes& s) const { mixing.copy_lanes(s.to, s.from, s.lanes, s.mask.data(), s.add, chunk.frames); }
  void operator()(const SumLanes& s) const {
    mixing.sum_lanes(s.to, s.from.data(), s.from.size(), s.lanes, s.gain, s.add, chunk.frames);
  }
  void operator()(const GatherLanes& s) const {
    mixing.gather_lanes(s.to, int(s.columns.size()), s.columns.data(), s.add, chunk.frames);
  }
  void operator()(const MixCable& s) const {
    const float* gains = s.fading == Fading::in ? chunk.fade_in : s.fading == Fading::out ? chunk.fade_out : nullptr;
    if (!s.delay) return mix_column(s.to, s.to_stride, s.from, gains, s.add, chunk.frames);
    float delayed[kMaxBlock];
    s.delay->process(s.from, delayed, chunk.frames);
    mix_column(s.to, s.to_stride, {delayed, 1, s.from.gain}, gains, s.add, chunk.frames);
  }
};

}  // namespace

void Program::run_task(const Task& task, const Chunk& chunk) noexcept {
  for (size_t s = task.first; s < task.last; s++) std::visit(Run{chunk, *mixing}, steps[s]);
}

void Program::run(const Chunk& chunk) noexcept {
  for (const Step& step : steps) std::visit(Run{chunk, *mixing}, step);
}

void Program::run(const Chunk& chunk, CostMeter& costs) noexcept {
  uint64_t before = CostMeter::clock();
  for (const Step& step : steps) {
    std::visit(Run{chunk, *mixing}, step);
    const RunBank* node = std::get_if<RunBank>(&step);
    const uint64_t now = CostMeter::clock();
    costs.add(node ? &node->bank->type().id : nullptr, now - before);
    before = now;
  }
  costs.end(chunk.frames);
}

}  // namespace mixgraph

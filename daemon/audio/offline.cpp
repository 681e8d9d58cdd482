#include "daemon/audio/offline.h"

#include <algorithm>
#include <cassert>

#include "graph/denormals.h"

namespace mixgraph {

Offline::Offline(AudioCallback engine, int inputs, int outputs, int period)
    : engine_(engine),
      period_(period),
      silence_(period),
      unheard_(static_cast<size_t>(period) * outputs),
      in_(inputs),
      out_(outputs) {
  assert(period >= 1 && period <= kMaxPeriod);
}

void Offline::run(int64_t frames, const float* const* in, float* const* out) {
  const NoDenormals no_denormals;
  for (int64_t at = 0; at < frames; at += period_) {
    const int count = static_cast<int>(std::min<int64_t>(period_, frames - at));
    for (size_t i = 0; i < in_.size(); ++i) in_[i] = in ? in[i] + at : silence_.data();
    for (size_t i = 0; i < out_.size(); ++i) out_[i] = out ? out[i] + at : unheard_.data() + i * period_;
    engine_.process(engine_.context, in_.data(), out_.data(), count);
    frames_ += count;
  }
}

}  // namespace mixgraph

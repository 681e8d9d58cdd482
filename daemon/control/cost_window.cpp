#include "daemon/control/cost_window.h"

#include <algorithm>

namespace mixgraph {

void CostWindow::follow(const Engine& engine, const Now& now) {
  constexpr int64_t kWindow = 2 * kSecond;
  if (now.monotonic_ns < rotate_ns_) return;
  rotate_ns_ = now.monotonic_ns + kWindow;
  older_ = std::exchange(newer_, std::move(latest_));
  latest_ = engine.costs();
}

std::vector<std::pair<std::string_view, double>> CostWindow::shares(double rate) const {
  std::vector<std::pair<std::string_view, double>> shares;
  for (const TypeCost& now : latest_) {
    const auto before = std::find_if(older_.begin(), older_.end(), [&](const TypeCost& c) { return c.type == now.type; });
    const uint64_t frames = now.frames - (older_.empty() ? 0 : older_.front().frames);
    const double ns = now.ns - (before == older_.end() ? 0 : before->ns);
    if (frames > 0 && ns > 0) shares.push_back({now.type, ns * rate * 1e-9 / double(frames)});
  }
  std::sort(shares.begin(), shares.end(), [](auto& a, auto& b) { return a.second > b.second; });
  return shares;
}

}  // namespace mixgraph

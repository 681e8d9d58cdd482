#include "graph/sharing.h"

#include <algorithm>
#include <utility>

#include "graph/node.h"

namespace mixgraph {
namespace {

constexpr double kJudgeSeconds = 0.5, kLeastSpeedUp = 1.25, kLeastGain = 1.05;
constexpr double kOtherSound = 2;   // times as long, or more
constexpr double kMostAlone = 0.7;  // of the time that there is for a block

}  // namespace

std::optional<double> Sharing::Measured::since_last(const TypeCost& all) {
  const TypeCost before = std::exchange(last_, all);
  if (all.frames <= before.frames || all.ns < before.ns) return {};
  return (all.ns - before.ns) / double(all.frames - before.frames) * kMaxBlock;
}

bool Sharing::judge(uint64_t frame, const CostMeter& costs, double speed_up) {
  if (frame < judged_at_ + uint64_t(kJudgeSeconds * rate_)) return false;
  judged_at_ = frame;
  const std::optional<double> alone = alone_.since_last(costs.all());
  if (on_ ? !pays_no_more(alone, costs, speed_up) : !alone || !pays_to_begin(*alone)) return false;
  on_ = !on_;
  if (!on_) return true;
  alone_before_ = *alone;
  first_verdict_ = true;
  shared_.since_last(costs.shared());
  allow_alone(*alone);
  judged_shared_ = std::chrono::steady_clock::now();
  return true;
}

void Sharing::forget() {
  alone_before_ = 0;
  first_verdict_ = false;
  refused_ = false;
}

bool Sharing::pays_to_begin(double alone) {
  if (refused_ && refused_at_ == 0) refused_at_ = alone;
  if (refused_ && (alone > kOtherSound * refused_at_ || alone < refused_at_ / kOtherSound)) refused_ = false;
  return !refused_ && alone > threshold_;
}

bool Sharing::pays_no_more(std::optional<double> alone, const CostMeter& costs, double speed_up) {
  const auto now = std::chrono::steady_clock::now();  // helpers need time, not sound, to find the rhythm of the blocks
  if (now < judged_shared_ + std::chrono::duration<double>(kJudgeSeconds)) return false;
  judged_shared_ = now;
  const std::optional<double> shared = shared_.since_last(costs.shared());
  if (shared) allow_alone(*shared * speed_up);
  // One thread may not have been measured meanwhile, as it would be late.
  if (std::exchange(first_verdict_, false) && !alone) alone = alone_before_;
  const bool large = !alone || *alone > threshold_ / 2;
  if (speed_up > kLeastSpeedUp && large && (!alone || !shared || is_sooner(*shared, *alone))) return false;
  refused_ = large;
  refused_at_ = 0;
  return true;
}

// `alone` is measured while helpers watch, who may slow it down; so what it took before they did counts as well, as long
// as the sound is much the same.
bool Sharing::is_sooner(double shared, double alone) const {
  if (threshold_ <= 0) return true;
  const bool much_the_same = alone_before_ > 0 && alone < kOtherSound * alone_before_;
  return (much_the_same ? std::min(alone_before_, alone) : alone) > kLeastGain * shared;
}

void Sharing::allow_alone(double ns) { may_run_alone_ = ns < kMostAlone * 1e9 * kMaxBlock / rate_; }

}  // namespace mixgraph

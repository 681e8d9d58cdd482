#include "graph/sharing.h"

#include <algorithm>
#include <utility>

#include "graph/node.h"

namespace mixgraph {
namespace {

using namespace std::chrono_literals;

constexpr double kJudgeSeconds = 0.5, kLeastSpeedUp = 1.25, kLeastGain = 1.05;
constexpr double kOtherSound = 2;   // times as long, or more
constexpr double kMostAlone = 0.7;  // of the time that there is for a block
constexpr int kBadVerdicts = 3;     // in a row; a neighbour on the machine spoils one or two
constexpr int kFarVerdicts = 2;
constexpr auto kFirstPatience = 10s, kMostPatience = 320s;

}  // namespace

std::optional<double> Sharing::Measured::since_last(const TypeCost& all) {
  const TypeCost before = std::exchange(last_, all);
  if (all.frames <= before.frames || all.ns < before.ns) return {};
  return (all.ns - before.ns) / double(all.frames - before.frames) * kMaxBlock;
}

// Helpers need time, not sound, to find the rhythm of the blocks.
bool Sharing::is_due(uint64_t frame, Time now) const {
  return frame >= judged_at_ + uint64_t(kJudgeSeconds * rate_) && (!on_ || now >= judged_ + std::chrono::duration<double>(kJudgeSeconds));
}

bool Sharing::judge(uint64_t frame, Time now, const TypeCost& alone, const TypeCost& shared, double speed_up) {
  judged_at_ = frame;
  judged_ = now;
  std::optional<double> alone_ns = alone_.since_last(alone);
  const std::optional<double> shared_ns = shared_.since_last(shared);
  later_ns_ = later_.since_last({{}, alone.later_ns, alone.frames}).value_or(later_ns_);
  if (!on_) {
    if (!pays_to_begin(alone_ns, now)) return false;
    on_ = true;
    bad_ = far_ = 0;
    alone_before_ = *alone_ns;
    allow_alone(*alone_ns);
    return true;
  }
  if (shared_ns) allow_alone(*shared_ns * speed_up);
  // One thread may not have been measured meanwhile, as it would be late.
  if (!alone_ns && alone_before_ > 0) alone_ns = alone_before_;
  if (seems_far(alone_ns, shared_ns, speed_up)) {
    publishes_ = true;
    bad_ = 0;
    return true;
  }
  if (!pays_no_more(alone_ns, shared_ns, speed_up)) return false;
  on_ = false;
  const bool large = !alone_ns || *alone_ns > threshold_ / 2;
  if (large) refuse(now);
  return true;
}

void Sharing::forget() {
  alone_before_ = later_ns_ = 0;
  refused_ = false;
  patience_ = {};
  bad_ = far_ = 0;
  publishes_ = false;
}

void Sharing::refuse(Time now) {
  refused_ = true;
  refused_at_ = 0;
  patience_ = std::clamp<std::chrono::seconds>(2 * patience_, kFirstPatience, kMostPatience);
  refused_until_ = now + patience_;
}

bool Sharing::pays_to_begin(std::optional<double> alone, Time now) {
  if (!alone) return false;
  if (refused_ && refused_at_ == 0) refused_at_ = *alone;
  if (refused_ && (*alone > kOtherSound * refused_at_ || *alone < refused_at_ / kOtherSound)) refused_ = false;
  if (refused_ && now >= refused_until_) refused_ = false;
  return !refused_ && *alone > threshold_;
}

bool Sharing::pays_no_more(std::optional<double> alone, std::optional<double> shared, double speed_up) {
  if (alone && *alone <= threshold_ / 2) return true;
  if (speed_up <= kLeastSpeedUp) return true;
  const bool good = !alone || !shared || is_sooner(*shared, *alone, kLeastGain);
  bad_ = good ? 0 : bad_ + 1;
  return bad_ == kBadVerdicts;
}

bool Sharing::seems_far(std::optional<double> alone, std::optional<double> shared, double speed_up) {
  if (publishes() || !alone || !shared) return false;
  far_ = is_sooner(*shared, *alone, 1 + (speed_up - 1) / 2) ? 0 : far_ + 1;
  return far_ == kFarVerdicts;
}

// `alone` is measured while helpers watch, who may slow it down; so what it took before they did counts as well, as long
// as the sound is much the same.
bool Sharing::is_sooner(double shared, double alone, double least) const {
  if (threshold_ <= 0) return true;
  const bool much_the_same = alone_before_ > 0 && alone < kOtherSound * alone_before_;
  return (much_the_same ? std::min(alone_before_, alone) : alone) > least * shared;
}

void Sharing::allow_alone(double ns) { may_run_alone_ = ns + later_ns_ < kMostAlone * 1e9 * kMaxBlock / rate_; }

}  // namespace mixgraph

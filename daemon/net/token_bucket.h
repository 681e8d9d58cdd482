#pragma once
#include <algorithm>
#include <cstdint>

namespace mixgraph {

/// So many per second in the long run, and twice as many at once. [control]
class TokenBucket {
 public:
  /// `rate` per second; 0: no limit.
  explicit TokenBucket(double rate = 0) : rate_(rate), left_(kSeconds * rate) {}

  /// Takes `count`, if anything is left; what is too much is owed. `now_ns`: monotonic.
  bool take(double count, int64_t now_ns) {
    if (rate_ <= 0) return true;
    left_ = std::min(kSeconds * rate_, left_ + double(now_ns - last_ns_) * 1e-9 * rate_);
    last_ns_ = now_ns;
    if (left_ <= 0) return false;
    left_ -= count;
    return true;
  }

 private:
  static constexpr double kSeconds = 2;  // of the rate that may come at once
  double rate_, left_;
  int64_t last_ns_ = 0;
};

}  // namespace mixgraph

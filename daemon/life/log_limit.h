#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace mixgraph {

/// Keeps a cause that comes again and again from filling the log: five lines of it per second. [control]
class LogLimit {
 public:
  /// How many lines of this cause were left out since the last one, if one may be written now. `cause` is a
  /// literal: what causes there are is not up to the network.
  std::optional<uint64_t> admits(std::string_view cause, int64_t monotonic_ns) {
    Cause& known = causes_[cause];
    if (monotonic_ns >= known.refill_ns) known = {monotonic_ns + kSecond, kPerSecond, known.left_out};
    if (known.left == 0) {
      ++known.left_out;
      return {};
    }
    --known.left;
    return std::exchange(known.left_out, 0);
  }

 private:
  static constexpr int kPerSecond = 5;
  static constexpr int64_t kSecond = 1'000'000'000;
  struct Cause {
    int64_t refill_ns = 0;
    int left = 0;
    uint64_t left_out = 0;
  };
  std::map<std::string_view, Cause> causes_;
};

}  // namespace mixgraph

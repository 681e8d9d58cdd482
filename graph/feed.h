#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "graph/parameter.h"

namespace mixgraph {

/// Along what the values of a feed lie.
struct Axis {
  std::string_view label;       ///< "Frequency"
  Unit unit = Unit::none;
  Curve curve = Curve::linear;  ///< even steps in the unit, or, if it is log, even ratios
  double first = 0, last = 1;   ///< of the first and of the last value
};

/// Values that a node reports together, such as a spectrum: computed only while somebody reads them.
struct Feed {
  std::string_view id, label, doc;
  int size = 0;  ///< so many, at most kMostOfAFeed
  Axis along;
  Unit unit = Unit::decibel;  ///< of each value
  float rest = -150;          ///< what they read before anything was measured
};
inline constexpr int kMostOfAFeed = 512;

/// The latest values of one feed on their way from the audio thread to control: three buffers, so that neither waits.
class FeedBuffer {
 public:
  explicit FeedBuffer(const Feed& feed);

  /// Whether anybody reads it. [control]
  void want(bool on) { wanted_.store(on, std::memory_order_relaxed); }
  /// The latest values, if they came since the last call; else nothing. Valid until the next call. [control]
  std::span<const float> take();

  /// Room for the next values; nullptr: nobody reads them. [audio]
  float* next() { return wanted_.load(std::memory_order_relaxed) ? buffers_[writing_].data() : nullptr; }
  /// What is in that room are the latest values. [audio]
  void publish() { writing_ = latest_.exchange(uint8_t(writing_ | kFresh), std::memory_order_acq_rel) & kNumber; }

 private:
  static constexpr uint8_t kNumber = 3, kFresh = 4;
  std::vector<float> buffers_[3];
  std::atomic<bool> wanted_{false};
  std::atomic<uint8_t> latest_{1};  // number of the one that is neither written nor read, and whether it is fresh
  uint8_t writing_ = 0, reading_ = 2;
};

/// The feeds of an instance, by their number in the type's list.
using FeedBuffers = std::vector<std::unique_ptr<FeedBuffer>>;

}  // namespace mixgraph

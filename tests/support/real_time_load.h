#pragma once
#include <functional>

#include "tests/support/random_edits.h"
#include "tests/support/sound_files.h"

namespace mixgraph {

/// All that an audio thread may meet: every node type, storms of moves, programs that are swapped, a recorder that records
/// and a player that plays from the disk, with a control thread and a worker at work beside it.
class RealTimeLoad {
 public:
  RealTimeLoad();
  RealTimeLoad(const RealTimeLoad&) = delete;
  RealTimeLoad& operator=(const RealTimeLoad&) = delete;

  /// Runs `audio` on a thread of its own while this one edits and a third serves the nodes' files.
  void run(const std::function<void()>& audio);
  /// The device's next block: for `audio` to call. [audio]
  void play_block() noexcept { runner_.engine.process(in_, out_, kFrames); }

  Engine& engine() { return runner_.engine; }

 private:
  static constexpr int kFrames = 64;
  TemporaryFolder folder_;
  EngineRunner runner_;
  float sound_[kFrames], left_[kFrames], right_[kFrames];
  const float* in_[4] = {sound_, sound_, sound_, sound_};
  float* out_[2] = {left_, right_};
};

}  // namespace mixgraph

#pragma once
#include <cstdint>
#include <span>

#include "daemon/audio/sound.h"

namespace mixgraph {

/// Faults on purpose, for tests of what the daemon does about them. Only a daemon that was started with
/// MIXGRAPH_TEST_FAULTS=1 in its environment takes these messages; any other answers that there is no such
/// address:
///   /test/stall_audio ms        the next period takes so long: the audio thread spins inside the engine's callback
///   /test/stall_control ms      the control thread sleeps
///   /test/crash thread signal   this signal (a number) is raised on the `control` or the `audio` thread
/// [control]
class TestFaults {
 public:
  /// Reads the environment.
  explicit TestFaults(Sound& sound);

  /// Carries out one packet. False: it is none of these messages, or faults are off.
  bool take(std::span<const uint8_t> packet);

 private:
  Sound& sound_;
  const bool on_;
};

}  // namespace mixgraph

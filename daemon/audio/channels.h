#pragma once
#include <string>
#include <vector>

#include "daemon/audio/driver.h"

namespace mixgraph {

/// How the engine's channels lie on the device's, for one direction.
struct ChannelMap {
  std::vector<int> device_channel;  ///< of every engine channel, from 0; -1 = not connected
  int device_channels = 0;          ///< to open on the device
  std::string note;                 ///< which channels could not be connected; empty = all are
};

/// Lays `wanted` engine channels on a device that has `available`. An explicit `map` (device channels from 1)
/// must fit; without one, channels beyond the device's stay unconnected and are noted. `kind` is "input" or
/// "output".
Result<ChannelMap> map_channels(const std::vector<int>& map, int wanted, int available,
                                const std::string& kind);

/// Takes a device's planar buffers to the engine's and back. Unconnected inputs are silence; device outputs
/// that no channel goes to are silenced.
class ChannelRouter {
 public:
  ChannelRouter(ChannelMap inputs, ChannelMap outputs);

  /// Calls the engine for one device period of any length, in pieces of at most kMaxPeriod. Either side may
  /// be null, as PortAudio's is when the direction is not open. [audio]
  void run(const AudioCallback& engine, const float* const* device_in, float* const* device_out,
           int frames) noexcept;

 private:
  ChannelMap input_map_, output_map_;
  std::vector<int> unused_outputs_;
  std::vector<float> silence_, unheard_;
  std::vector<const float*> in_;
  std::vector<float*> out_;
};

}  // namespace mixgraph

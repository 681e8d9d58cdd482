#pragma once
#include <string>
#include <vector>

#include "graph/problem.h"

namespace mixgraph {

/// One sound device, as PortAudio sees it.
struct DeviceInfo {
  int index = 0;     ///< PortAudio's number, valid until the next initialisation
  std::string name;  ///< as its host API names it
  std::string api;   ///< "JACK" or "ALSA"
  int inputs = 0, outputs = 0;
  double rate = 0;                                     ///< default rate, Hz
  double input_latency_ms = 0, output_latency_ms = 0;  ///< the lowest that the device advises
  bool default_input = false, default_output = false;  ///< of its host API

  std::string full_name() const { return api + ": " + name; }
};

enum class Direction { input, output };

/// The device that `wanted` names: the same name (in any case), else the same but for ALSA's card number,
/// which changes when a device is plugged in again, else the only one that contains it. An "ALSA: " or "JACK:
/// " before it restricts the choice; with nothing after that it means this host API's default. Only devices
/// that have channels in this direction count. A problem lists what there is.
Result<DeviceInfo> find_device(const std::vector<DeviceInfo>& devices, const std::string& wanted,
                               Direction direction);

/// The default devices in the order in which they are tried: JACK's, then ALSA's.
std::vector<DeviceInfo> default_devices(const std::vector<DeviceInfo>& devices, Direction direction);

/// All devices of JACK (when a server answers) and ALSA. Waits at most 5 s. [control]
Result<std::vector<DeviceInfo>> list_devices();

}  // namespace mixgraph

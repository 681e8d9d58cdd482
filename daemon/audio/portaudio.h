#pragma once
#include "daemon/audio/device.h"
#include "daemon/audio/driver.h"

namespace mixgraph {

/// Opens a device through PortAudio (ALSA, JACK). Without a device name: JACK's default, else ALSA's.
///
/// PortAudio may block for minutes, or for ever, once a sound server has died. Every call to it therefore has
/// a deadline (DeadlineCalls); one that misses it makes PortAudio unusable in this process until it returns,
/// and a process that has such a call should end with `_exit`. The first call sets JACK_NO_START_SERVER and
/// silences the messages of ALSA and JACK on stderr, so it should come before other threads read the
/// environment. [control]
Result<std::unique_ptr<Driver>> open_portaudio(const DriverSettings& settings);

/// The PortAudio call that was given up and has not returned; empty if there is none. [control]
std::string stuck_portaudio_call();

}  // namespace mixgraph

#pragma once
#include <sndfile.h>

#include <memory>
#include <string>

#include "graph/open_beneath.h"
#include "graph/problem.h"
#include "nodes/io/file_format.h"

namespace mixgraph {

/// What a sound file's header says.
struct SoundInfo {
  int channels = 0;
  Format format;        ///< of so many channels
  ChannelOrder order{}; ///< where they are in the file
  double rate = 0;      ///< Hz
  uint64_t frames = 0;  ///< at that rate
};

struct CloseSound {
  void operator()(SNDFILE* sound) const { sf_close(sound); }
};

/// A sound file, open for reading at its first frame.
struct OpenSound {
  OpenFile file;  ///< closed after the sound, which reads from it
  std::unique_ptr<SNDFILE, CloseSound> sound;
  SoundInfo info;
};

/// Opens a file beneath a folder; refuses what a player can't play: more than 16 channels, no frames,
/// unknown length, more than kMaxSoundHours, anything but a regular file, links. The problem's `where` is the
/// name. [worker]
Result<OpenSound> open_sound(const std::string& root, const std::string& name);
inline constexpr int kMaxSoundHours = 100;

/// What open_sound() finds out. [worker]
Result<SoundInfo> read_sound_info(const std::string& root, const std::string& name);

}  // namespace mixgraph

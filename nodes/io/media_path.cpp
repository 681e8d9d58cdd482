#include "nodes/io/media_path.h"

#include <optional>

namespace mixgraph {
namespace {

constexpr char kFormats[] = "a WAV, FLAC, AIFF, CAF, Ogg or MP3 file of 1 to 16 channels";

std::optional<Problem> refusal(const SF_INFO& info, const std::string& name) {
  if (info.channels < 1 || info.channels > kMostChannels)
    return Problem{name, "has " + std::to_string(info.channels) + " channels", kFormats};
  if (info.frames == SF_COUNT_MAX) return Problem{name, "doesn't say how long it is", kFormats};
  if (info.samplerate < 1000 || info.samplerate > 1000000)
    return Problem{name, "has a sample rate of " + std::to_string(info.samplerate) + " Hz",
                   "1000 to 1000000 Hz"};
  if (info.frames <= 0) return Problem{name, "holds no sound", kFormats};
  if (info.frames / info.samplerate >= kMaxSoundHours * 3600)
    return Problem{name, "is too long", "at most " + std::to_string(kMaxSoundHours) + " hours"};
  return {};
}

}  // namespace

Result<OpenSound> open_sound(const std::string& root, const std::string& name) {
  auto file = open_file_beneath(root, name);
  if (!file) return file.problems();
  SF_INFO info{};
  SNDFILE* sound = sf_open_fd(file->fd(), SFM_READ, &info, SF_FALSE);
  if (!sound) return Problem{name, std::string("can't be read: ") + sf_strerror(nullptr), kFormats};
  OpenSound open{std::move(*file), std::unique_ptr<SNDFILE, CloseSound>(sound), {}};
  if (auto problem = refusal(info, name)) return *problem;
  open.info.channels = info.channels, open.info.rate = double(info.samplerate), open.info.frames = uint64_t(info.frames);
  open.info.format = format_in_file(sound, info.channels, open.info.order);
  return open;
}

Result<SoundInfo> read_sound_info(const std::string& root, const std::string& name) {
  const auto sound = open_sound(root, name);
  if (!sound) return sound.problems();
  return sound->info;
}

}  // namespace mixgraph

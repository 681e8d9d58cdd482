#pragma once
#include <sndfile.h>

#include <cstdint>
#include <memory>
#include <string>

#include "graph/open_beneath.h"
#include "graph/problem.h"
#include "nodes/io/file_format.h"

namespace mixgraph {

enum class SampleFormat : uint8_t { float32, pcm24, pcm16 };

/// What takes are called and what they hold. `name` "vox" or "vox.wav" makes vox-001.wav, vox-002.wav and so
/// on; "" is "take". Relative to `root`.
struct TakeSettings {
  std::string root, name;
  Format format = 2;
  double rate = 48000;  ///< Hz
  SampleFormat samples = SampleFormat::float32;
};

/// A sound file that is being recorded: RF64, which stays a plain WAV up to 4 GiB. Until it is finished it is
/// called NAME.wav.part, is locked, and its header says how much there is after each write, so that it can be
/// read after a crash. [worker]
class Take {
 public:
  /// Begins a file under a number that no file has, or tells why it can't. Refuses to begin with less space
  /// on the disk than for two minutes.
  static Result<std::unique_ptr<Take>> start(const TakeSettings& settings);
  /// Finishes it.
  ~Take();
  Take(const Take&) = delete;
  Take& operator=(const Take&) = delete;

  /// Writes interleaved frames, in the order of files (nodes/io/file_format.h); false: they could not all be written, or the disk is all but full, and trouble() says so.
  bool write(const float* samples, size_t frames);
  /// Writes silence.
  bool write_silence(uint64_t frames);
  /// Brings everything to the disk, checks it by reading the header again, and gives the file its name.
  /// False: something failed, and what there is may still be called .part.
  bool finish();

  uint64_t frames() const { return frames_; }        ///< written so far
  const std::string& name() const { return name_; }  ///< in its folder, when finished
  Problem trouble() const;                           ///< why the last call returned false

 private:
  Take(const TakeSettings& settings, OpenFile folder, std::string name, int file);
  bool open();
  bool keep_safe(size_t frames);

  TakeSettings settings_;
  OpenFile folder_;
  std::string name_;
  int file_;
  SNDFILE* sound_ = nullptr;
  uint64_t frames_ = 0, since_check_ = 0;
  std::string why_;
};

/// What a take is called, beneath the root: NAME-007.wav. [any]
Result<std::string> take_name(const TakeSettings& settings, int number);
/// Whether recordings can be made; the problem says why not. [worker]
Problems check_takes(const TakeSettings& settings);
/// Takes of that name that a crash left unfinished: rewrites their headers and gives them their names.
/// Returns how many. Leaves alone those that are being recorded. [worker]
int repair_takes(const TakeSettings& settings);

}  // namespace mixgraph

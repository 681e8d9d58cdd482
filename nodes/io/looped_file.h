#pragma once
#include <sndfile.h>
#include <soxr.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/problem.h"
#include "nodes/io/mailbox.h"
#include "nodes/io/media_path.h"

namespace mixgraph {

/// A sound file as an endless loop at another sample rate: after its last frame comes its first one. At the
/// file's own rate the frames are exactly the file's. A pass through the file is length() frames, always.
/// [worker]
class LoopedFile {
 public:
  /// Opens what open_sound() accepts. `rate` in Hz.
  static Result<std::unique_ptr<LoopedFile>> open(const std::string& root, const std::string& name,
                                                  double rate);

  int channels() const { return info_.channels; }
  const SoundInfo& info() const { return info_; }
  /// Frames of one pass, at the rate asked for: the file's, converted and rounded.
  uint64_t length() const { return length_; }

  /// Whether the ends of the file are neighbours, from the next pass on. If so the rate conversion filters
  /// across them, and there is no seam; if not, it takes what is outside of the file for silence.
  void join_ends(bool on) { join_next_ = on; }
  /// Makes `frame` of a pass the next one to be read: 0..length()-1.
  void seek(uint64_t frame);
  /// Reads the next frames, interleaved. Where the file can't be read there is silence.
  void read(float* to, size_t frames);
  /// Passes over so many frames, without reading them.
  void skip(uint64_t frames) { seek((frame_ + frames) % length_); }
  /// Why there is silence, the first time that there is. [any]
  std::optional<Problem> take_trouble() { return trouble_.take(); }

 private:
  struct Close {
    void operator()(soxr* converter) const { soxr_delete(converter); }
  };
  LoopedFile(OpenSound file, std::string name, double rate);
  void note_gap(uint64_t frame);
  void start_pass(uint64_t frame);
  size_t read_source(float* to, size_t frames);
  size_t convert(float* to, size_t frames);
  void skip_converted(uint64_t frames);
  void feed();

  OpenSound file_;
  std::unique_ptr<soxr, Close> converter_;
  const SoundInfo& info_;  // of file_
  double rate_;
  uint64_t length_;
  uint64_t frame_ = 0;         // of the pass, next to be read
  uint64_t source_frame_ = 0;  // of the file, next to be read from it
  bool joined_ = false, join_next_ = false;
  std::vector<float> source_;  // frames on their way into the converter
  size_t source_at_ = 0, source_count_ = 0;
  bool drained_ = false;
  std::vector<float> short_pass_;  // the whole of a short file, converted once
  bool from_short_pass_ = false;
  std::string name_;
  Mailbox<Problem> trouble_;
  bool told_ = false;
};

}  // namespace mixgraph

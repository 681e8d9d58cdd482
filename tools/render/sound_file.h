#pragma once
#include <sndfile.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "graph/problem.h"
#include "nodes/io/file_format.h"

namespace mixgraph {

/// How samples are stored.
enum class FileFormat : uint8_t {
  floating,  ///< 32-bit float, as it was computed
  pcm24,     ///< dithered
  pcm16,     ///< dithered
};

/// Triangular dither of +-1 step, without memory between samples, so that the same samples in the same order
/// always give the same bytes. A multiplicative generator modulo 2^64; two uniform numbers per sample
/// (Lipshitz, Wannamaker and Vanderkooy, "Quantization and Dither", 1992, section 4). [any]
class Dither {
 public:
  /// In steps, -1..1.
  double next() { return uniform() - uniform(); }

 private:
  double uniform() {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return double(state_ >> 11) * 0x1p-53;
  }
  uint64_t state_ = 0x6d6978677261ull;
};

/// Writes a sound file: WAV (RF64 beyond 4 GB) or FLAC, by its name's ending. Samples beyond full scale are
/// held at it in the two integer formats. Until it is closed the file is called PATH.part; one that isn't
/// closed is removed. [any]
class SoundWriter {
 public:
  /// Problems: an ending that isn't .wav or .flac, a format or channel count that the file can't have, no
  /// permission.
  static Result<std::unique_ptr<SoundWriter>> open(const std::string& path, int rate, Format channels, FileFormat format);
  SoundWriter(const SoundWriter&) = delete;
  SoundWriter& operator=(const SoundWriter&) = delete;
  ~SoundWriter();

  /// Appends planar frames; they are put into the order that files have.
  void write(const float* const* channels, int frames);
  /// Writes the rest and closes the file; a problem if anything since open() could not be written.
  Problems close();

 private:
  struct Close {
    void operator()(SNDFILE* file) const { sf_close(file); }
  };
  SoundWriter(const std::string& path, Format channels, FileFormat format)
      : path_(path), part_(path + ".part"), channels_(channels.channels), order_(order_in_files(channels)), format_(format) {}
  void flush();
  int32_t quantised(float x);
  int bits() const { return format_ == FileFormat::pcm16 ? 16 : 24; }

  std::string path_, part_;
  int channels_;
  ChannelOrder order_;
  FileFormat format_;
  std::unique_ptr<SNDFILE, Close> file_;
  std::vector<float> pending_;  // interleaved
  std::vector<int32_t> whole_;
  Dither dither_;
  std::string failure_;
};

/// Reads a sound file of any format that libsndfile knows. [any]
class SoundReader {
 public:
  static Result<std::unique_ptr<SoundReader>> open(const std::string& path);
  int rate() const { return info_.samplerate; }
  int channels() const { return info_.channels; }
  /// Of up to 16 channels, where they belong; channel c of it is number order()[c] of the file's.
  Format format() const { return format_; }
  const ChannelOrder& order() const { return order_; }
  int64_t frames() const { return info_.frames; }
  double seconds() const { return double(info_.frames) / info_.samplerate; }
  /// The next frames, interleaved; fewer than asked for at the end. Returns how many.
  int read(float* to, int frames) { return int(sf_readf_float(file_.get(), to, frames)); }

 private:
  struct Close {
    void operator()(SNDFILE* file) const { sf_close(file); }
  };
  SoundReader() = default;
  std::unique_ptr<SNDFILE, Close> file_;
  SF_INFO info_{};
  Format format_;
  ChannelOrder order_{};
};

}  // namespace mixgraph
